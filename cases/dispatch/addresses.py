"""Where the program may connect to when others say the address: never into the machine's own networks."""

import ipaddress
import socket
from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

Resolve = Callable[[str, int], list[str]]
HTTP: Mapping[str, int] = {"http": 80, "https": 443}


class NotAllowedAddress(ValueError):
    """An address that is not connected to; the message says why."""


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name. Raises ``OSError``."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def checked(
    url: str, allowed: Collection[str] = (), resolve: Resolve = resolved, schemes: Mapping[str, int] = HTTP
) -> tuple[str, str, int]:
    """Host, the address to connect to, and port. allowed: hosts, hosts with ports, and networks (CIDR) that may be
    private. schemes: that are known, with their ports.

    Connect to the address that is returned, not to the name again: it may be another one by then. Raises
    ``NotAllowedAddress``.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or schemes.get(parts.scheme, 0)
    except ValueError as error:
        raise NotAllowedAddress(f"no URL that can be read: {error}") from None
    if parts.scheme not in schemes or not parts.hostname:
        raise NotAllowedAddress(f"a URL with a host is needed, {' or '.join(schemes)}")
    if parts.username or parts.password:
        raise NotAllowedAddress("a URL must not hold a user or a password")
    host = parts.hostname
    try:
        addresses = resolve(host, port)
    except OSError as error:
        raise NotAllowedAddress(f"{host}: {error}") from None
    if not addresses:
        raise NotAllowedAddress(f"{host}: has no address")
    for address in addresses:
        named = host in allowed or f"{host}:{port}" in allowed
        if not named and not _public(address) and not _within(address, allowed):
            raise NotAllowedAddress(f"{host} is at {address}, which is in a private network")
    return host, addresses[0], port


def _public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast


def _within(address: str, allowed: Collection[str]) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    for entry in allowed:
        try:
            if ip in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:
            continue  # a host's name
    return False

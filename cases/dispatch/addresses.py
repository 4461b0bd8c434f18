"""Where the program may connect to when others say the address: never into the machine's own networks."""

import ipaddress
import socket
from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

Resolve = Callable[[str, int], list[str]]
HTTP: Mapping[str, int] = {"http": 80, "https": 443}
_V4_BEHIND = ipaddress.ip_network("64:ff9b::/96")
"""NAT64: where a network speaks IPv6 only, every IPv4 host has such an address, public ones too."""
_LEADS_ELSEWHERE = [
    ipaddress.ip_network(network)
    for network in (
        "::/96",  # IPv4 in IPv6, as it was written once
        "::ffff:0:0:0/96",  # IPv4, translated
        "64:ff9b:1::/48",  # NAT64 of a network's own
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "fec0::/10",  # what was private before fc00::/7
    )
]
"""Each may end at an IPv4 address in a private network, and no host that means to be found is only there."""


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
    except ValueError:  # what it says may quote a password
        raise NotAllowedAddress("no URL that can be read: look at its host and port") from None
    if parts.scheme not in schemes or not parts.hostname:
        raise NotAllowedAddress(f"a URL with a host is needed, {' or '.join(schemes)}")
    if parts.username or parts.password:
        raise NotAllowedAddress("a URL must not hold a user or a password")
    host = parts.hostname
    try:
        addresses = resolve(host, port)
    except (OSError, ValueError) as error:  # ValueError: no name that there can be
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
    if isinstance(ip, ipaddress.IPv6Address):
        if any(ip in network for network in _LEADS_ELSEWHERE):
            return False
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _V4_BEHIND else ip.ipv4_mapped or ip
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

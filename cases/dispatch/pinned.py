"""Asking other systems by HTTP: at the address that was checked, without proxies, and never where they lead."""

from collections.abc import Collection
from typing import Any

import httpx

from cases.dispatch.addresses import NotAllowedAddress, Resolve, checked, resolved
from cases.dispatch.sender import NotDelivered, Refused, after_s

TIMEOUT_S = 10.0
KEPT_CHARS = 2000
"""Of an answer."""
_LATER = frozenset({408, 409, 423, 425, 429})
"""Refusals of 4xx that may pass."""


class Pinned:
    """allowed: hosts and networks that may be private."""

    def __init__(self, allowed: Collection[str] = (), resolve: Resolve = resolved):
        self._allowed = allowed
        self._resolve = resolve
        self._client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)

    def ask(self, method: str, url: str, headers: dict[str, str] | None = None, **what: Any) -> httpx.Response:
        """A success. Raises ``NotDelivered`` and ``Refused``."""
        try:
            host, address, port = checked(url, self._allowed, self._resolve)
        except NotAllowedAddress as problem:
            raise NotDelivered(str(problem)) from None
        there = httpx.URL(url)
        named = (headers or {}) | {"Host": there.netloc.decode()}
        pinned = there.copy_with(host=address, port=port)
        try:
            answer = self._client.request(method, pinned, headers=named, extensions={"sni_hostname": host}, **what)
        except httpx.HTTPError as error:
            raise NotDelivered(f"{host}: {type(error).__name__}: {error}") from None
        if answer.is_success:
            return answer
        said = f"{host}: {answer.status_code} {answer.reason_phrase}"
        if answer.is_client_error and answer.status_code not in _LATER:
            raise Refused(f"{said}: {answer.text[:KEPT_CHARS]}")
        raise NotDelivered(said, after_s(answer.headers.get("Retry-After", "")))

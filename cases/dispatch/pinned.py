"""Asking other systems by HTTP: at the address that was checked, without proxies, and never where they lead."""

import asyncio
import threading
from collections.abc import Collection
from typing import Any

import httpx

from cases.dispatch.addresses import NotAllowedAddress, Resolve, checked, resolved
from cases.dispatch.sender import NotDelivered, Refused, after_s

TIMEOUT_S, WHOLE_S = 10.0, 20.0
"""Of silence, and for all of an answer: whoever sends one byte now and then is not waited for."""
LARGEST = 8 << 20
"""Bytes of an answer; what is beyond is not read."""
_LATER = frozenset({408, 409, 423, 425, 429})
"""Refusals of 4xx that may pass."""


class Pinned:
    """allowed: hosts and networks that may be private.

    A loop of its own, since only so can an answer be left in its middle, wherever that is.
    """

    def __init__(self, allowed: Collection[str] = (), resolve: Resolve = resolved):
        self._allowed = allowed
        self._resolve = resolve
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="asking", daemon=True).start()

    def ask(self, method: str, url: str, headers: dict[str, str] | None = None, **what: Any) -> httpx.Response:
        """A success, of which ``LARGEST`` bytes at most are there. Raises ``NotDelivered`` and ``Refused``."""
        try:
            host, address, port = checked(url, self._allowed, self._resolve)
            there = httpx.URL(url)
        except (NotAllowedAddress, httpx.InvalidURL) as problem:
            raise NotDelivered(str(problem)) from None
        # Not packed: a small answer could become a large one here.
        named = (headers or {}) | {"Host": there.netloc.decode(), "Accept-Encoding": "identity"}
        how = what | {"headers": named, "extensions": {"sni_hostname": host}}
        asking = self._answer(method, there.copy_with(host=address, port=port), how)
        try:
            answer = asyncio.run_coroutine_threadsafe(asking, self._loop).result()
        except TimeoutError:
            raise NotDelivered(f"{host}: not done with its answer within {WHOLE_S:g} s") from None
        except httpx.HTTPError as error:
            raise NotDelivered(f"{host}: {type(error).__name__}: {error}") from None
        if answer.is_success:
            return answer
        said = f"{host}: {answer.status_code} {answer.reason_phrase}"
        if answer.is_client_error and answer.status_code not in _LATER:
            raise Refused(f"{said}: {answer.text}", answer.status_code)
        raise NotDelivered(said, after_s(answer.headers.get("Retry-After", "")))

    async def _answer(self, method: str, url: httpx.URL, how: dict[str, Any]) -> httpx.Response:
        body = bytearray()
        async with asyncio.timeout(WHOLE_S), self._client.stream(method, url, **how) as got:
            async for data in got.aiter_raw():
                body += data
                if len(body) >= LARGEST:
                    break
        headers = [(name, value) for name, value in got.headers.multi_items() if name != "content-encoding"]
        return httpx.Response(got.status_code, headers=headers, content=bytes(body[:LARGEST]), request=got.request)

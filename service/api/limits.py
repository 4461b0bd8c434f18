"""How much of a request is read: too much is refused before it fills memory or disk."""

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from starlette.concurrency import run_in_threadpool

from service.api.access import Access, key_of
from service.api.problems import Problem, answer

Message = MutableMapping[str, Any]
JSON_BYTES = 4 << 20
FILE_BYTES = 256 << 20
_EVIDENCE = re.compile(r"/(evidence|still-there)$")


class BodyLimit:
    """ASGI middleware: 413 for a body that says, or turns out, to be too long."""

    def __init__(self, app: Callable[..., Awaitable[None]]):
        self._app = app

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        most = FILE_BYTES if await _may_be_large(scope, headers) else JSON_BYTES
        problem = Problem(413, "Too large", f"at most {most >> 20} MB are taken")
        said = headers.get(b"content-length", b"")
        if said.isdigit() and int(said) > most:
            await answer(problem, scope)(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return {"type": "http.disconnect"} if taken > most else message

        async def unless_too_long(message: Message) -> None:
            if taken <= most:
                await send(message)

        await self._app(scope, counted, unless_too_long)
        if taken > most:
            await answer(problem, scope)(scope, receive, send)


async def _may_be_large(scope: Message, headers: Mapping[bytes, bytes]) -> bool:
    """Files of evidence, of whoever has a key: a body lies on the disk before anybody is asked who sent it."""
    if not headers.get(b"content-type", b"").startswith(b"multipart/form-data") or not _EVIDENCE.search(scope["path"]):
        return False
    access: Access = scope["app"].state.access
    return await run_in_threadpool(access.knows, key_of(headers.get(b"authorization", b"").decode("latin-1")))

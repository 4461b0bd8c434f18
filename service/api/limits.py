"""How much of a request is read: too much is refused before it fills memory or disk."""

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from starlette.concurrency import run_in_threadpool

from service.api.access import Access, key_of, who_are_you
from service.api.problems import DATABASE_AWAY, Problem, answer, database_away

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
        try:
            most, problem = await _allowed(scope, headers)
        except DATABASE_AWAY:
            await answer(database_away(), scope)(scope, receive, send)
            return
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


async def _allowed(scope: Message, headers: Mapping[bytes, bytes]) -> tuple[int, Problem]:
    """How many bytes, and what is said to more. Files of evidence may be large, of whoever has a key: a body lies on
    the disk before anybody is asked who sent it.
    """
    if not headers.get(b"content-type", b"").startswith(b"multipart/form-data") or not _EVIDENCE.search(scope["path"]):
        return JSON_BYTES, _too_large(JSON_BYTES)
    access: Access = scope["app"].state.access
    key = key_of(headers.get(b"authorization", b"").decode("latin-1"))
    if await run_in_threadpool(access.knows, key):
        return FILE_BYTES, _too_large(FILE_BYTES)
    return JSON_BYTES, who_are_you()


def _too_large(most: int) -> Problem:
    return Problem(413, "Too large", f"at most {most >> 20} MB are taken")

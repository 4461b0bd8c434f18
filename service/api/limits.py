"""How much of a request is read: too much is refused before it fills memory or disk."""

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from starlette.concurrency import run_in_threadpool

from service.api.access import Access, key_of, not_in_scope, who_are_you
from service.api.problems import DATABASE_AWAY, Problem, answer, database_away

Message = MutableMapping[str, Any]
JSON_BYTES = 4 << 20
FILE_BYTES = 256 << 20
STAGED_BYTES = 4 * FILE_BYTES
"""Of all files that are just coming, together."""
UPLOADS = (
    (re.compile(r"/api/v1/violations/[^/]+/(evidence|still-there)"), "push"),
    (re.compile(r"/api/v1/cases/[^/]+/evidence"), "act"),
)
"""Where files may come, and the scope that may send them."""


class BodyLimit:
    """ASGI middleware: 413 for a body that says, or turns out, to be too long; 503 for more files than fit at once."""

    def __init__(self, app: Callable[..., Awaitable[None]]):
        self._app = app
        self._staged = 0

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
        taken, refused = 0, None

        async def counted() -> Message:
            nonlocal taken, refused
            message = await receive()
            taken += len(message.get("body", b""))
            self._staged += len(message.get("body", b""))
            if taken > most:
                refused = problem
            elif taken > JSON_BYTES and self._staged > STAGED_BYTES:
                refused = _too_many()
            return {"type": "http.disconnect"} if refused else message

        async def unless_refused(message: Message) -> None:
            if refused is None:
                await send(message)

        try:
            await self._app(scope, counted, unless_refused)
        finally:
            self._staged -= taken
        if refused is not None:
            await answer(refused, scope)(scope, receive, send)


async def _allowed(scope: Message, headers: Mapping[bytes, bytes]) -> tuple[int, Problem]:
    """How many bytes, and what is said to more. Files of evidence may be large, of whoever may send them: a body lies
    on the disk before the operation asks who sent it.
    """
    needed = next((scope_ for path, scope_ in UPLOADS if path.fullmatch(scope["path"])), None)
    if needed is None or not headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data"):
        return JSON_BYTES, _too_large(JSON_BYTES)
    access: Access = scope["app"].state.access
    caller = await run_in_threadpool(access.whose, key_of(headers.get(b"authorization", b"").decode("latin-1")))
    if caller is None:
        return JSON_BYTES, who_are_you()
    if needed not in caller.scopes:
        return JSON_BYTES, not_in_scope(needed)
    return FILE_BYTES, _too_large(FILE_BYTES)


def _too_large(most: int) -> Problem:
    return Problem(413, "Too large", f"at most {most >> 20} MB are taken")


def _too_many() -> Problem:
    why = f"more than {STAGED_BYTES >> 20} MB are just coming from others; try again"
    return Problem(503, "Too many files at once", why, {"Retry-After": "10"})

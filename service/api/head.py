"""HEAD: what GET says, without its body."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

Message = MutableMapping[str, Any]


class _Enough(Exception):
    """The head has been sent, and nobody wants the rest: of a stream it would not end."""


class Head:
    """ASGI middleware: asks for GET, and sends what comes before the body."""

    def __init__(self, app: Callable[..., Awaitable[None]]):
        self._app = app

    async def __call__(self, scope: Message, receive: Any, send: Callable[[Message], Awaitable[None]]) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def head_only(message: Message) -> None:
            await send(message)
            await send({"type": "http.response.body", "body": b""})
            raise _Enough

        with suppress(_Enough):
            await self._app({**scope, "method": "GET"}, receive, head_only)

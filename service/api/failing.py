"""What nobody foresaw: it is answered like every other problem, and told to the log alone."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from service.api.problems import answer, asked, failed

Message = MutableMapping[str, Any]
_log = structlog.get_logger("access")


class Failing:
    """ASGI middleware, the outermost: 500 with no word of what it was. The log has the traceback."""

    def __init__(self, app: Callable[..., Awaitable[None]]):
        self._app = app

    async def __call__(self, scope: Message, receive: Any, send: Callable[[Message], Awaitable[None]]) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            if begun or scope["type"] != "http":
                raise  # the server ends the connection, and logs it
            _log.exception("failed", **asked(scope))
            await answer(failed(), scope)(scope, receive, send)

"""A port on which cameras are reached, or refuse."""

import asyncio
import socket
from collections.abc import Callable

_BACKLOG = 1024


class Listener:
    """Binds at once, so that whoever starts it learns of a port that is taken. Raises ``OSError``."""

    def __init__(self, host: str, port: int):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._address = (family, host)
        self._socket = self._bound(port)
        self.port: int = self._socket.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        """Let clients in."""
        self._loop, self._protocol = loop, protocol
        self.let_in(True)

    def let_in(self, reachable: bool) -> None:
        """Or refuse them. The port stays ours: a socket that is bound and does not listen makes the system refuse."""
        if not reachable:
            self._close()
            self._socket = self._bound(self.port)
        else:
            task = self._loop.create_task(self._serve())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        self._close()

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._socket.close()

    async def _serve(self) -> None:
        if self._socket.fileno() >= 0:
            self._server = await self._loop.create_server(self._protocol, sock=self._socket, backlog=_BACKLOG)

    def _bound(self, port: int) -> socket.socket:
        family, host = self._address
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, port))
        except OSError:
            bound.close()
            raise
        return bound

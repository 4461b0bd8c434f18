"""What one client is sent: at once, or in a trickle."""

import asyncio

MOST_WAITING = 1 << 20
"""A client with more bytes than this waiting for it is too slow, and gets no further picture until it has caught up."""
KERNEL_BYTES = 1 << 18
"""Asked of the system as the socket's send buffer; what waits there cannot be seen from here."""
_TRICKLE_S = 0.05


class Outlet:
    """The sending side of a connection. Pictures and responses pass here in one order, for they share the bytes."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop):
        self.transport = transport
        self._loop = loop
        self._rate: float | None = None
        self._held = bytearray()
        self._trickled_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Bytes that the network has not taken yet."""
        return self.transport.get_write_buffer_size() + len(self._held)

    def write(self, data: bytes | bytearray) -> None:
        if self._rate is None:
            self.transport.write(data)
        else:
            self._held += data

    def limit(self, rate: float | None) -> None:
        """Let through ``rate`` bytes a second, None for all."""
        self._rate, self._trickled_s = rate, self._loop.time()
        if rate is None:
            self.stop()
            if self._held:
                self.transport.write(bytes(self._held))
                self._held.clear()
        elif self._timer is None:
            self._timer = self._loop.call_later(_TRICKLE_S, self._trickle)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _trickle(self) -> None:
        assert self._rate is not None
        self._timer = self._loop.call_later(_TRICKLE_S, self._trickle)
        now_s = self._loop.time()
        allowed = int((now_s - self._trickled_s) * self._rate)
        if allowed:
            self._trickled_s += allowed / self._rate
            self.transport.write(bytes(self._held[:allowed]))
            del self._held[:allowed]

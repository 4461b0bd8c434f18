"""A camera under patrol being read: one visit at a time, each a connection of its own for a few seconds."""

import threading
from collections.abc import Callable

from streams.link import LinkState, Trouble
from streams.live_reader import Ended, LiveReader
from streams.source import redact


class PatrolReader(LiveReader):
    """``visit`` in place of ``start``. Whoever visits waits no longer than the watchdog allows: a thread that hangs in
    FFmpeg is left behind, and the visit has failed.
    """

    _enough: Callable[[], bool] = staticmethod(lambda: True)
    _ended = threading.Event()

    def visit(self, enough: Callable[[], bool]) -> bool:
        """Read until ``enough``, which is asked at each packet. Whether it came to that; else ``link`` says why not."""
        if self._stopping:
            return False
        self._enough, self._ended = enough, threading.Event()
        self._thread = threading.Thread(target=self._visit, name=f"visit {self.camera_id}", daemon=True)
        ended = self._ended
        self._thread.start()
        ended.wait()
        return self.link.state is LinkState.RESTING

    def stop(self) -> None:
        super().stop()
        if self.link.state in (LinkState.RESTING, LinkState.BACKING_OFF):
            self.link.go(LinkState.DISABLED)

    def _over(self) -> bool:
        return super()._over() or self._enough()

    def _visit(self) -> None:
        ended, mine = self._ended, threading.current_thread()
        self.link.go(LinkState.CONNECTING)
        try:
            self._connection()
        except Ended as end:
            if mine is self._thread:
                if self._over():
                    self.link.go(LinkState.DISABLED if self._stopping else LinkState.RESTING)
                else:
                    self.link.go(LinkState.BACKING_OFF, end.trouble, redact(str(end)))
        ended.set()

    def _leave(self, trouble: Trouble, message: str) -> None:
        assert self._thread is not None
        self._left_behind.append(self._thread)
        self._thread = None
        self.link.go(LinkState.BACKING_OFF, trouble, message)
        self._ended.set()

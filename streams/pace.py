"""Packets that come in heaps, a segment at a time, let through at the speed of the video as a player would."""

from collections.abc import Callable

LONGEST_WAIT_S = 10.0
"""A larger step of the time stamps is a clock that was set, not a picture to wait for."""


class Pace:
    """When each packet of one connection is due. The first is due at once; after one that came too late the others
    are as late as that: the wait for it was the network's, and it may take as long again.
    """

    def __init__(self, clock: Callable[[], float]):
        self._clock = clock
        self._due_s: float | None = None
        self._dts_s = 0.0

    def wait_s(self, dts_s: float) -> float:
        """Seconds until a packet, the next in decoding order, is due."""
        now_s = self._clock()
        step_s, self._dts_s = dts_s - self._dts_s, dts_s
        if self._due_s is None or not 0.0 <= step_s <= LONGEST_WAIT_S:
            self._due_s = now_s
            return 0.0
        self._due_s = max(now_s, self._due_s + step_s)
        return self._due_s - now_s

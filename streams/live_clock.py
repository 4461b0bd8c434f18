"""A live camera's time: elapsed seconds that follow our monotonic clock, and UTC, by the camera's clock if it says."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from streams.frame import Clock

STEP_S = 2.0
"""A step of the camera's time that differs from that of ours by more is a clock that was set, not the network."""
BACK_S = 0.5
EARLY_S = 0.2
"""A picture cannot arrive before it is taken: what seems to comes from a clock that runs fast, and moves the anchor."""
LEAST_OVER_S = 60.0
DRIFT_S = 1.0
"""Clocks drift by seconds a day: where even the quickest packet of a minute is later than this, the anchor moves."""
BELIEVED_S = 3600.0
"""A camera whose clock is wrong by more (1970 after a power cut) is not asked the time; the offset is still shown."""


@dataclass(slots=True)
class Least:
    """The smallest of the newest values, over the last ``over_s``."""

    over_s: float = LEAST_OVER_S
    _kept: deque[tuple[float, float]] = field(default_factory=deque)

    def add(self, at_s: float, value: float) -> float:
        while self._kept and self._kept[-1][1] >= value:
            self._kept.pop()
        self._kept.append((at_s, value))
        while at_s - self._kept[0][0] > self.over_s:
            self._kept.popleft()
        return self._kept[0][1]

    def whole(self, at_s: float, since_s: float) -> bool:
        return at_s - since_s >= self.over_s

    def clear(self) -> None:
        self._kept.clear()


class LiveClock:
    """Places the packets of one camera, connection after connection.

    ``elapsed_s`` is 0 when the camera was first asked for, ever; ``elapsed_s`` given here continues an earlier process.
    clock: ours, monotonic seconds. utc: ours.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        utc: Callable[[], datetime] = lambda: datetime.now(UTC),
        elapsed_s: float = 0.0,
    ):
        self.clock = clock
        self.utc = utc
        self.jumps = 0
        self.offset_s: float | None = None
        self.lag_s = 0.0
        self._zero_s = clock() - elapsed_s
        self._base_s: float | None = None
        self._origin_s = 0.0
        self._dts_s = self._arrived_s = self._anchored_s = 0.0
        self._camera_zero: datetime | None = None
        self._least = Least()
        self._latency = Least()

    def now_s(self) -> float:
        """Elapsed seconds at this moment."""
        return self.clock() - self._zero_s

    @property
    def source(self) -> Clock:
        """Where ``captured_at`` comes from."""
        believed = self.offset_s is not None and abs(self.offset_s) <= BELIEVED_S
        return Clock.RTCP if believed else Clock.ARRIVAL

    def connect(self) -> None:
        """A new connection: its times have nothing to do with those before."""
        self._base_s, self.offset_s, self._camera_zero = None, None, None
        self._latency.clear()

    def place(self, pts_s: float, dts_s: float) -> tuple[float, float]:
        """Elapsed time of a packet that has just arrived, of its picture and of its decoding."""
        now_s = self.now_s()
        if self._base_s is None:
            self._anchor(dts_s, now_s)
        else:
            step_s, passed_s = dts_s - self._dts_s, now_s - self._arrived_s
            if step_s < -BACK_S or step_s > passed_s + STEP_S:
                self.jumps += 1
                self._anchor(dts_s, now_s)
        assert self._base_s is not None
        self._dts_s, self._arrived_s = dts_s, now_s
        decode_s = self._base_s + dts_s - self._origin_s
        self.lag_s = now_s - decode_s
        least_s = self._least.add(now_s, self.lag_s)
        drifted = least_s > DRIFT_S and self._least.whole(now_s, self._anchored_s)
        if self.lag_s < -EARLY_S or drifted:
            self._base_s += least_s
            decode_s, self.lag_s = decode_s + least_s, self.lag_s - least_s
            self._least.clear()
            self._anchored_s = now_s
        return decode_s + pts_s - dts_s, decode_s

    def told(self, camera_utc: datetime, elapsed_s: float) -> None:
        """The camera's own time of a picture. The packet that was least delayed says how far its clock is off."""
        self._camera_zero = camera_utc - timedelta(seconds=elapsed_s)
        behind_s = (self.utc() - timedelta(seconds=self.now_s() - elapsed_s) - camera_utc).total_seconds()
        self.offset_s = -self._latency.add(self.now_s(), behind_s)

    def at(self, elapsed_s: float) -> datetime | None:
        """UTC at which a picture was taken, by the clock that ``source`` names; never None for a live camera."""
        if self.source is Clock.RTCP and self._camera_zero is not None:
            return self._camera_zero + timedelta(seconds=elapsed_s)
        return self.utc() - timedelta(seconds=self.now_s() - elapsed_s)

    def _anchor(self, dts_s: float, now_s: float) -> None:
        self._base_s, self._origin_s, self._anchored_s = now_s, dts_s, now_s
        self._least.clear()
        self._latency.clear()

"""The time of a camera whose recordings come as files: theirs, not that of reading them."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from av.container import InputContainer

from streams.frame import Clock
from streams.live_clock import LiveClock
from streams.opening import container_start
from streams.source import Segment
from streams.timeline import Timeline

KEPT = 64
"""Files whose places in time are remembered, for whoever asks about a picture that was read a while ago."""


class _Piece(NamedTuple):
    """From ``from_s`` on, elapsed seconds. start: UTC of that moment, None where the file does not state it."""

    from_s: float
    start: datetime | None
    clock: Clock | None


class FolderClock(LiveClock):
    """In the place of a ``LiveClock``: elapsed seconds go on by the files' starts, where those are known.

    elapsed_s: where to begin; it continues an earlier process that left no ``timeline``.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        utc: Callable[[], datetime] = lambda: datetime.now(UTC),
        elapsed_s: float = 0.0,
        timeline: Timeline | None = None,
    ):
        super().__init__(clock, utc, elapsed_s)
        self.timeline = timeline or Timeline(end_s=elapsed_s)
        self._pieces: deque[_Piece] = deque(maxlen=KEPT)

    def now_s(self) -> float:
        """The end of what was read."""
        return self.timeline.end_s

    @property
    def source(self) -> Clock:
        """That of the present file; ``ARRIVAL`` where it states no time, and then ``at`` says nothing."""
        return self.timeline.clock or Clock.ARRIVAL

    def begin(self, segment: Segment, container: InputContainer, origin_s: float) -> float:
        """The next file. origin_s: its earliest own time. Returns the gap before it, seconds."""
        start, clock = segment.start, segment.clock
        if start is None:
            start = container_start(container)
            clock = Clock.CONTAINER if start is not None else None
        gap_s = self.timeline.begin_segment(origin_s, start, clock)
        self._remember()
        return gap_s

    def place_packet(self, pts_s: float, dts_s: float, duration_s: float) -> tuple[float, float]:
        """Elapsed time of a packet's picture and of its decoding, from the file's own times."""
        jumps = self.timeline.jumps
        placed = self.timeline.place(pts_s, dts_s, duration_s)
        if self.timeline.jumps != jumps:
            self.jumps += self.timeline.jumps - jumps
            self._remember()
        return placed

    def at(self, elapsed_s: float) -> datetime | None:
        """UTC of a picture of the newest files, None where its file's start is not known."""
        piece = next((p for p in reversed(self._pieces) if p.from_s <= elapsed_s), None)
        if piece is None or piece.start is None:
            return None
        return piece.start + timedelta(seconds=elapsed_s - piece.from_s)

    def _remember(self) -> None:
        at = self.timeline
        self._pieces.append(_Piece(at.base_s, at.segment_start, at.clock))

"""A camera's time: pts of many files or connections laid on one line that never runs backwards.

``elapsed_s`` starts at 0 with the first picture of the first segment. Inside a segment it follows the pts. Between
segments it follows their known starts (a gap is an outage), else their running pts, else they are taken as contiguous.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from streams.frame import Clock

CONTIGUOUS_S = 2.0
"""File names and creation times are whole seconds: gaps and overlaps up to this are none."""
LONGEST_GAP_S = 7 * 24 * 3600.0
JUMP_BACK_S = 0.5
JUMP_AHEAD_S = 3600.0
"""Inside one file a larger step of the decoding time is a broken clock, not a pause of the recording."""


@dataclass(slots=True)
class Timeline:
    """Where the present segment lies. Plain values, so that a snapshot can keep it.

    base_s: elapsed time of the segment's origin. origin_s: the segment's own time that maps to it.
    end_s: the latest end of any picture so far.
    segment_start: UTC of the origin, if known. first_start: UTC of elapsed zero as the known starts have it.
    """

    base_s: float = 0.0
    origin_s: float = 0.0
    end_s: float = 0.0
    last_decode_s: float | None = None
    segment_start: datetime | None = None
    clock: Clock | None = None
    first_start: datetime | None = None
    jumps: int = 0

    def begin_segment(self, origin_s: float, start: datetime | None, clock: Clock | None) -> float:
        """Lay a new file or connection on the line. Returns the gap before it in seconds (0: it goes on).

        origin_s: the segment's earliest own time. start: UTC of that moment, if known.
        """
        if clock is Clock.CONTAINER and not self._believable(start):
            start = None
        gap_s = 0.0
        if start is not None and self.first_start is not None:
            gap_s = (start - self.first_start).total_seconds() - self.end_s
            gap_s = gap_s if CONTIGUOUS_S < gap_s <= LONGEST_GAP_S else 0.0
        elif self.end_s > 0 and origin_s > CONTIGUOUS_S:
            gap_s = origin_s - (self.origin_s + self.end_s - self.base_s)
            gap_s = gap_s if 0.0 < gap_s <= LONGEST_GAP_S else 0.0
        if start is None and self.segment_start is not None:
            start, clock = self.at(self.end_s + gap_s), self.clock
        self.base_s, self.origin_s = self.end_s + gap_s, origin_s
        self.segment_start, self.clock = start, clock
        self.last_decode_s = None
        self._anchor(start)
        return gap_s

    def _believable(self, start: datetime | None) -> bool:
        """Pieces cut from one file carry its creation time on, and a person's word stands above the container's."""
        if start is None or self.clock is Clock.OPTION:
            return False
        ended = self.at(self.end_s)
        return ended is None or (start - ended).total_seconds() >= -CONTIGUOUS_S

    def _anchor(self, start: datetime | None) -> None:
        """Keep elapsed zero where the starts have it, unless a clock was set or files overlap: then count from here."""
        if start is None:
            return
        zero = start - timedelta(seconds=self.base_s)
        if self.first_start is None or abs((zero - self.first_start).total_seconds()) > CONTIGUOUS_S:
            self.first_start = zero

    def place(self, pts_s: float, dts_s: float, duration_s: float) -> tuple[float, float]:
        """Elapsed time of a packet's picture and of its decoding, from the segment's own times."""
        if self.last_decode_s is not None:
            step = dts_s - self.last_decode_s
            if step < -JUMP_BACK_S or step > JUMP_AHEAD_S:
                self.jumps += 1
                self.segment_start = self.at(self.end_s)
                self.base_s, self.origin_s = self.end_s, min(pts_s, dts_s)
        self.last_decode_s = dts_s
        elapsed_s = max(self.base_s, self.base_s + pts_s - self.origin_s)
        self.end_s = max(self.end_s, elapsed_s + duration_s)
        return elapsed_s, self.base_s + dts_s - self.origin_s

    def at(self, elapsed_s: float) -> datetime | None:
        """UTC of a moment of the present segment, None where its start is not known."""
        if self.segment_start is None:
            return None
        return self.segment_start + timedelta(seconds=elapsed_s - self.base_s)

    def to_dict(self) -> dict[str, Any]:
        record = asdict(self)
        for name in ("segment_start", "first_start"):
            record[name] = record[name] and record[name].isoformat()
        return record

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "Timeline":
        times = {n: record[n] and datetime.fromisoformat(record[n]) for n in ("segment_start", "first_start")}
        return cls(**{**record, **times, "clock": record["clock"] and Clock(record["clock"])})

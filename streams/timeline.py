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
    end_s: the latest end of any picture so far. started_at: UTC of the first segment's origin, if known.
    """

    base_s: float = 0.0
    origin_s: float = 0.0
    end_s: float = 0.0
    last_own_end_s: float | None = None
    last_decode_s: float | None = None
    segment_start: datetime | None = None
    clock: Clock | None = None
    first_start: datetime | None = None
    jumps: int = 0

    def begin_segment(self, origin_s: float, start: datetime | None, clock: Clock | None) -> float:
        """Lay a new file or connection on the line. Returns the gap before it in seconds (0: it goes on).

        origin_s: the segment's earliest own time. start: UTC of that moment, if known.
        """
        gap_s = 0.0
        if self.last_own_end_s is not None:
            if start is not None and self.first_start is not None:
                gap_s = (start - self.first_start).total_seconds() - self.end_s
            elif origin_s > CONTIGUOUS_S:
                gap_s = origin_s - self.last_own_end_s
            if not CONTIGUOUS_S < gap_s <= LONGEST_GAP_S:
                gap_s = 0.0
        elif start is not None:
            self.first_start = start
        self.base_s, self.origin_s = self.end_s + gap_s, origin_s
        self.segment_start, self.clock = start, clock
        self.last_decode_s = None
        return gap_s

    def place(self, pts_s: float, dts_s: float, duration_s: float) -> tuple[float, float]:
        """Elapsed time of a packet's picture and of its decoding, from the segment's own times."""
        if self.last_decode_s is not None:
            step = dts_s - self.last_decode_s
            if step < -JUMP_BACK_S or step > JUMP_AHEAD_S:
                self.jumps += 1
                self.segment_start = self.at(self.end_s)
                self.base_s, self.origin_s = self.end_s, min(pts_s, dts_s)
        self.last_decode_s = dts_s
        elapsed_s = max(0.0, self.base_s + pts_s - self.origin_s)
        self.end_s = max(self.end_s, elapsed_s + duration_s)
        self.last_own_end_s = pts_s + duration_s
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

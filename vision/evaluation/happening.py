"""What happened, or was said to have happened, at one camera: the plain record that event scoring compares."""

from dataclasses import dataclass

from vision.records import Box

OUTAGE, OBSERVED = "outage", "observed"
"""Rows of a table of truth that are no events: the camera gave no picture; the camera was watched at all."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that stood somewhere for a while.

    Times are seconds, all of one camera from one zero: of its recording, or Unix time. onset_s: since when it stood.
    cleared_s: when it had gone, None while it stands or where nobody knows. reported_s: when somebody was told, None
    for what is true. xyxy: its box relative to the picture, None where nobody drew one. source: file and line.
    """

    camera_id: str
    key: str
    onset_s: float
    cleared_s: float | None = None
    reported_s: float | None = None
    xyxy: Box | None = None
    source: str = ""

    @property
    def told_s(self) -> float:
        return self.onset_s if self.reported_s is None else self.reported_s

    @property
    def end_s(self) -> float:
        return float("inf") if self.cleared_s is None else self.cleared_s


@dataclass(frozen=True, slots=True)
class Account:
    """The happenings of some cameras, and when there was something to see.

    outages: ``(camera, from, to)`` without pictures. observed: ``(camera, from, to)`` that was watched; where none is
    named, nobody knows how long, and nothing can be said by day.
    """

    happenings: tuple[Happening, ...]
    outages: tuple[tuple[str, float, float], ...] = ()
    observed: tuple[tuple[str, float, float], ...] = ()

"""A track: the same thing at the same place over time, and what is known of how steadily it stood there."""

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from streams.frame import Still
from vision import track_rows as rows
from vision.boxes import Boxes
from vision.place_look import Look
from vision.sightings import Sighting, Sightings

T = TypeVar("T")

LEAST_SURE = 0.2
"""So much of the sightings of some five seconds have to be strong: one lucky score among fifty is none."""
KEPT_SIGHTINGS = 600
"""Sightings are thinned to half whenever there are this many, so that a car parked for a week stays small."""
STILL_SHIFT = 0.12
"""A sighting is still when its centre lies within this part of the box's side, plus noise, of the place."""
STILL_SIZE = 1.35
SAME_LOOK = 0.8
"""Correlation of the place's pixels from one sighting to the next from which on the same thing stands there: nineteen
of twenty sightings of the parked vehicles in the clips tried reach 0.9; a lane of a dense motorway, looked at every 0.2
to 4 s, gave no false stop in 105 runs with 0.8, two with 0.7, nine with 0.5."""
UNLIKE = 0.2
"""Cosine of two descriptors below which they show different things."""
ALIKE = 0.6
"""Cosine of two descriptors from which on two pictures may show the same thing. Nine of ten sightings of a parked
vehicle in the clips tried reach 0.9, but half of all pairs of vehicles that pass one spot reach 0.67: below it tells
much, above it little."""


class _Column(Generic[T]):
    """A value that a track keeps in its row. ``read`` makes it of what is there, ``write`` the other way."""

    def __init__(self, where: int | slice, read: Callable[[Any], T], write: Callable[[T], Any] = lambda value: value):
        self._where, self._read, self._write = where, read, write

    def __get__(self, track: Any, owner: type) -> T:
        return self._read(track.row[self._where])

    def __set__(self, track: Any, value: T) -> None:
        track.row[self._where] = self._write(value)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


@dataclass(slots=True)
class Track:
    """State of one thing at one place. Times are elapsed seconds, boxes relative, all values plain: it can be saved.

    row: its numbers (``vision.track_rows``), of which the names below speak.
    qualifying_s: since when its rule has applied without a break (schedules), None while it does not.
    judged: what the zones said of its place. zone_id, kept_from: what came of it.
    """

    key: str
    first_at: datetime | None
    first_box: tuple[float, float, float, float]
    row: NDArray[np.float64] = field(default_factory=rows.unseen_row)
    last_at: datetime | None = None
    gone_at: datetime | None = None
    onset: Still | None = None
    qualifying_s: float | None = None
    zone_id: str | None = None
    kept_from: str = ""
    look: Look | None = None
    descriptor: NDArray[np.float32] | None = None
    sightings: Sightings = field(default_factory=Sightings)
    every: int = 1
    confirmed: Any = None
    judged: Any = None
    next_extension_s: float = 0.0

    first_s = _Column(rows.FIRST, float)
    last_s = _Column(rows.LAST, float)
    looked_s = _Column(rows.LOOKED, float)
    seen = _Column(rows.SEEN, int)
    """How often it was seen, and how often it was missed though its place could be seen."""
    missed = _Column(rows.MISSED, int)
    misses = _Column(rows.MISSES, int)
    """How often since ``gone_s``, when it was first seen to be gone; None while it is there."""
    gone_s = _Column(rows.GONE, _or_none, _or_nan)
    empty_s = _Column(rows.EMPTY, float)
    """For how long its place was seen without it since then."""
    hidden = _Column(rows.HIDDEN, int)
    """Observations in which something was in front."""
    score_sum = _Column(rows.SCORES, float)
    strong = _Column(rows.STRONG, int)
    """Sightings at or above the class's start threshold."""
    steady = _Column(rows.STEADY, float)
    """Running part of the observations in which it stood still there, the newest at ``looked_s``."""
    sure = _Column(rows.SURE, float)
    """Running part of the sightings of the last seconds that were strong; ``surest``: the largest it ever was."""
    surest = _Column(rows.SUREST, float)
    mover = _Column(rows.MOVER, int)
    """Who it is from picture to picture (``vision.motion``), 0 where it is not followed."""
    moved_s = _Column(rows.MOVED, _or_none, _or_nan)
    """When its place last moved with it."""
    due_s = _Column(rows.DUE, float)
    """Before then no sighting makes a difference to its rule."""

    @property
    def violation(self) -> Any:
        """What came of it, a ``vision.records.Violation``; None while it is a candidate."""
        return self.confirmed

    @violation.setter
    def violation(self, violation: Any) -> None:
        self.confirmed = violation
        self.row[rows.CONFIRMED] = violation is not None

    @property
    def box(self) -> Boxes:
        """The place: the median of the sightings, ``(4,)``."""
        return self.row[rows.BOX].copy()

    @box.setter
    def box(self, box: Boxes) -> None:
        self.row[rows.BOX] = box
        self.judged, self.due_s = None, -math.inf

    @property
    def last_box(self) -> tuple[float, ...]:
        """Where it was seen last."""
        return tuple(self.row[rows.LAST_BOX].tolist())

    def keep(self, sighting: Sighting) -> None:
        self.sightings.append(sighting)
        if len(self.sightings) >= KEPT_SIGHTINGS:
            self.sightings.thin()
            self.every *= 2

    def settle(self) -> None:
        """Its place is where it was seen to be."""
        here = self._here()
        if len(here) > 1:
            self.box = np.array([statistics.median(side) for side in here[:, 1:5].T.tolist()])

    def describe(self, descriptor: NDArray[np.float32]) -> None:
        """Take in what it looks like now."""
        weight = 1.0 if self.descriptor is None else max(0.05, 1 / self.seen)
        old = descriptor if self.descriptor is None else self.descriptor
        mixed = (1 - weight) * old + weight * descriptor
        self.descriptor = np.asarray(mixed / (np.linalg.norm(mixed) + 1e-6), np.float32)

    def move(self, now_s: float, box: Boxes) -> None:
        """The thing has crawled on: its place is where it is now, and what was seen elsewhere says nothing of it."""
        self.moved_s, self.box, self.look = now_s, box, None

    @property
    def score(self) -> float:
        return self.score_sum / max(1, self.seen)

    def share(self, noise: tuple[float, float]) -> float:
        """Part of the observations in which the thing stood *still* at its place.

        noise: the detector's jitter, width and height relative to the picture. Different cars that pass one spot
        overlap it, but they scatter and look different; a standing thing does not.
        """
        here = self._here()
        if not len(here):
            return 0.0
        still = stands(self.box, here[:, 1:5], noise) & (here[:, 6] >= SAME_LOOK)
        return float(still.mean()) * self.seen / (self.seen + self.missed)

    def _here(self) -> NDArray[np.float64]:
        """The sightings at its present place, ``(n, 7)``."""
        seen = self.sightings.rows
        return seen if self.moved_s is None else seen[seen[:, 0] >= self.moved_s]

    @property
    def presence(self) -> float:
        """Part of all pictures since the first sighting in which the thing was seen, hidden or not."""
        return self.seen / (self.seen + self.missed + self.hidden)

    def could_be(self, descriptor: NDArray[np.float32] | None) -> bool:
        """Whether a detection at this place may show this thing at all."""
        if self.descriptor is None or descriptor is None:
            return True
        return float(self.descriptor @ descriptor) >= UNLIKE

    def alike(self, other: "Track") -> bool | None:
        """Whether both look like the same thing, None when nobody can tell."""
        if self.descriptor is None or other.descriptor is None:
            return None
        return float(self.descriptor @ other.descriptor) >= ALIKE


def stands(place: Boxes, boxes: Boxes, noise: tuple[float, float]) -> NDArray[np.bool_]:
    """``(n,)`` whether each of the boxes ``(n, 4)`` lies at the place as a standing thing's does.

    place: ``(4,)``, or ``(n, 4)`` for each its own. noise: as of ``Track.share``.
    """
    side = place[..., 2:] - place[..., :2]
    centre = (boxes[:, :2] + boxes[:, 2:] - place[..., :2] - place[..., 2:]) / 2
    sides = boxes[:, 2:] - boxes[:, :2]
    near = np.abs(centre) <= STILL_SHIFT * side + noise
    return np.asarray((near & (sides <= side * STILL_SIZE + noise) & (sides * STILL_SIZE + noise >= side)).all(axis=1))

"""A track: the same thing at the same place over time, and what is known of how steadily it stood there."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.frame import Still
from vision.boxes import Boxes
from vision.place_look import Look

SURE_S = 5.0
"""Time constant of the part of sightings that are strong."""
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
HALF_SURE = 0.5
"""Weight at most of one other look in the same box: something in front that is no detection, or a light, may do it."""
ODD_WEIGHS = 2.0
"""A detector often misses what is there; that it draws another box, or another look, says more."""
UNLIKE = 0.2
"""Cosine of two descriptors below which they show different things."""
ALIKE = 0.6
"""Cosine of two descriptors from which on two pictures may show the same thing. Nine of ten sightings of a parked
vehicle in the clips tried reach 0.9, but half of all pairs of vehicles that pass one spot reach 0.67: below it tells
much, above it little."""


class Sighting(NamedTuple):
    """Once seen: elapsed seconds, the box, its score, and how alike the place looked the last time."""

    elapsed_s: float
    x1: float
    y1: float
    x2: float
    y2: float
    score: float
    likeness: float


@dataclass(slots=True)
class Track:
    """State of one thing at one place. Times are elapsed seconds, boxes relative, all values plain: it can be saved.

    box: the place, the median of the sightings; last_box: the last of them. seen, missed: observations with and without
    the thing in which the place could be seen. strong: sightings at or above the class's start threshold. gone_s: when
    it was first seen to be gone, None while it is there. misses: how often since. hidden: observations in which
    something was in front. qualifying_s: since when its rule has applied without a break (schedules), None while it
    does not.
    empty_s: for how long the place was seen without it since then.
    judged: for which box what the zones said of it.
    steady: running part of the observations in which it stood still there, the newest at looked_s.
    mover: who it is from picture to picture (``vision.motion``), 0 where it is not followed. moved_s: when its place
    last moved with it. home: where it stood quite still. sure: running part of the sightings of the last seconds that
    were strong; surest: the largest it ever was.
    """

    key: str
    first_s: float
    first_at: datetime | None
    first_box: tuple[float, float, float, float]
    box: Boxes
    last_s: float
    last_at: datetime | None
    size: tuple[int, int]
    last_box: tuple[float, ...] = ()
    onset: Still | None = None
    seen: int = 0
    missed: int = 0
    misses: int = 0
    hidden: int = 0
    gone_s: float | None = None
    gone_at: datetime | None = None
    empty_s: float = 0.0
    score_sum: float = 0.0
    strong: int = 0
    qualifying_s: float | None = None
    zone_id: str | None = None
    kept_from: str = ""
    look: Look | None = None
    descriptor: NDArray[np.float32] | None = None
    sightings: list[Sighting] = field(default_factory=list)
    every: int = 1
    steady: float = 1.0
    looked_s: float = 0.0
    mover: int = 0
    moved_s: float | None = None
    home: Boxes | None = None
    sure: float = 0.0
    surest: float = 0.0
    violation: Any = None
    judged: Any = None
    next_extension_s: float = 0.0

    def see(
        self,
        elapsed_s: float,
        captured_at: datetime | None,
        box: Boxes,
        score: float,
        strong: bool,
        likeness: float,
        descriptor: NDArray[np.float32] | None,
        stood: bool,
        still: bool | None,
        memory_s: float,
    ) -> None:
        """Note a sighting.

        stood: whether its box lies as that of a standing thing does. still: whether it stood at its place by all that
        is known, None if that cannot be said. memory_s: time constant of ``steady``.
        """
        self.last_box = x1, y1, x2, y2 = tuple(box.tolist())
        if still is not None:
            odd_look = not still and stood
            self._steady(elapsed_s, still, memory_s if still else memory_s / ODD_WEIGHS, HALF_SURE if odd_look else 1.0)
        if self.seen % self.every == 0:
            self.sightings.append(Sighting(elapsed_s, x1, y1, x2, y2, score, likeness))
            if len(self.sightings) >= KEPT_SIGHTINGS:
                self.sightings = self.sightings[::2]
                self.every *= 2
        fresh = 1 - math.exp((self.last_s - elapsed_s) / SURE_S) if self.seen else 1 / 3
        self.sure += (strong - self.sure) * fresh
        self.surest = max(self.surest, self.sure)
        self.looked_s = elapsed_s
        self.seen += 1
        self.score_sum += score
        self.strong += strong
        self.last_s, self.last_at = elapsed_s, captured_at
        self.gone_s, self.gone_at, self.misses = None, None, 0
        if self.seen < 16 or self.seen & (self.seen - 1) == 0:
            self.box = np.median(self._here()[:, 1:5], axis=0)
        if descriptor is not None:
            weight = 1.0 if self.descriptor is None else max(0.05, 1 / self.seen)
            old = descriptor if self.descriptor is None else self.descriptor
            mixed = (1 - weight) * old + weight * descriptor
            self.descriptor = np.asarray(mixed / (np.linalg.norm(mixed) + 1e-6), np.float32)

    def move(self, elapsed_s: float, box: Boxes) -> None:
        """The thing has crawled on: its place is where it is now, and what was seen elsewhere says nothing of it."""
        self.moved_s, self.box, self.look = elapsed_s, box, None

    def _here(self) -> NDArray[np.float64]:
        """The sightings at the present place, a row each."""
        rows = np.array(self.sightings)
        return rows if self.moved_s is None else rows[rows[:, 0] >= self.moved_s]

    def miss(self, elapsed_s: float, captured_at: datetime | None, memory_s: float, longest_s: float) -> None:
        """Note that the place could be seen and the thing was not there.

        longest_s: as much of the time since the last look counts as absence; nobody saw what was in a longer one.
        """
        if self.gone_s is None:
            self.gone_s, self.gone_at, self.empty_s = elapsed_s, captured_at, 0.0
        else:
            self.empty_s += min(elapsed_s - self.looked_s, longest_s)
        self._steady(elapsed_s, False, memory_s)
        self.looked_s = elapsed_s
        self.missed += 1
        self.misses += 1

    def hide(self, elapsed_s: float) -> None:
        """Note that nobody could see whether the thing was there."""
        self.hidden += 1
        self.looked_s = elapsed_s

    def _steady(self, elapsed_s: float, still: bool, memory_s: float, most: float = 1.0) -> None:
        if self.seen:
            weight = min(1 - math.exp((self.looked_s - elapsed_s) / memory_s), most)
            self.steady += (still - self.steady) * weight

    @property
    def crawls(self) -> bool:
        """Whether its place was moving when it was last seen."""
        return self.moved_s is not None and self.last_s - self.moved_s < SURE_S

    @property
    def score(self) -> float:
        return self.score_sum / max(1, self.seen)

    def share(self, noise: tuple[float, float]) -> float:
        """Part of the observations in which the thing stood *still* at its place.

        noise: the detector's jitter, width and height relative to the picture. Different cars that pass one spot
        overlap it, but they scatter and look different; a standing thing does not.
        """
        rows = self._here()
        if not len(rows):
            return 0.0
        still = stands(self.box, rows[:, 1:5], noise) & (rows[:, 6] >= SAME_LOOK)
        return float(still.mean()) * self.seen / (self.seen + self.missed)

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

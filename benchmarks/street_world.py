"""A street in words, and what a detector would say of it: things that stand, pass, hide one another, come back.

The detector here is as unsteady as real ones are: boxes jitter and drift, scores wander, some sightings are missed,
what is hidden is missed or cut. Where pictures matter they are drawn: each thing has a pattern of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.frame import Clock, Frame, Picture, Region, ViewKey
from vision.boxes import covered
from vision.records import Box, Detections

VIEW = ViewKey("kiosk", "home")
CAR, VENDOR, PERSON = "motor_vehicle_parking", "road_vending", "person"
KEYS = (CAR, VENDOR, PERSON)
SIZE = (1280, 720)
DRAWN = (320, 180)
"""Pixels of a drawn picture."""
START = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
JITTER_PX, DRIFT_PX = 1.5, 2.0
"""Of a detector's box in pixels of ``SIZE``: from picture to picture, and over a quarter of a minute."""
MISSED = 0.05
FAINTEST = 0.05
"""What a detector gives is above this score."""
HIDES, CUTS = 0.6, 0.3
"""Parts of a thing that have to be hidden so that it is missed, and so that only the rest gets a box."""

Light = Callable[[float], float]


@dataclass(frozen=True)
class Thing:
    """Stands at ``box`` (relative) from ``from_s`` on, until ``to_s``; goes ``way`` (relative) every second."""

    key: str
    box: Box
    from_s: float = 0.0
    to_s: float = float("inf")
    way: tuple[float, float] = (0.0, 0.0)
    score: float = 0.75

    def at(self, at_s: float) -> NDArray[np.float64] | None:
        """Its box while it is there, None outside the picture."""
        box = np.array(self.box) + np.array(self.way * 2) * (at_s - self.from_s)
        return box if box[2] > 0.01 and box[0] < 0.99 else None


@dataclass
class Street:
    """What happens in a view, in seconds from its beginning.

    scores: by how much scores fall at a time, [0, 1]. light: of drawn pictures. away: nothing is received. visits: only
    then is anything received. glare: (from, to, box) in which a lamp blinds that part of the picture. sizes: of the
    pictures from a time on. clock_s: by how much the camera's clock is wrong. shift: where the camera looks, relative
    to before. covered: the lens is. restarts: when the program is started anew.
    """

    lasts_s: float
    things: list[Thing] = field(default_factory=list)
    scores: Light = lambda _: 1.0
    light: Light = lambda _: 1.0
    away: tuple[tuple[float, float], ...] = ()
    visits: tuple[float, float] | None = None
    glare: tuple[float, float, Box] | None = None
    sizes: tuple[tuple[float, tuple[int, int]], ...] = ((0.0, SIZE),)
    clock_s: Light = lambda _: 0.0
    shift: Callable[[float], tuple[float, float]] = lambda _: (0.0, 0.0)
    covered: tuple[float, float] | None = None
    restarts: tuple[float, ...] = ()
    drawn: bool = False

    def received(self, at_s: float) -> bool:
        if any(begin <= at_s < end for begin, end in self.away):
            return False
        return self.visits is None or at_s % self.visits[0] < self.visits[1]


class NoStill:
    """Nobody looks at these streets; a restart keeps what there is."""

    def decode(self) -> Picture:
        return np.zeros((2, 2, 3), np.uint8)


class Watching:
    """A camera and its detector before the street, by chance as ``seed`` has it."""

    def __init__(self, street: Street, rate: float, seed: int):
        self.street, self.rate = street, rate
        self.random = np.random.default_rng(seed)
        self._drift = [np.zeros(4) for _ in street.things]
        self._mood = [0.0 for _ in street.things]
        self._ground = _texture(np.random.default_rng(seed), 2 * DRAWN[0], 2 * DRAWN[1], 24, 90.0, 28.0)
        self._patterns = [
            _texture(np.random.default_rng((seed, i)), 96, 64, 9, 120.0, 60.0) for i, _ in enumerate(street.things)
        ]

    def looks(self) -> Iterator[tuple[Frame, Detections]]:
        """What is received, in its order."""
        phase = float(self.random.uniform(0, 1 / self.rate))
        for number in range(round(self.street.lasts_s * self.rate)):
            at_s = round(phase + number / self.rate, 3)
            if self.street.received(at_s):
                yield self._frame(at_s), self._detections(at_s)

    def _frame(self, at_s: float) -> Frame:
        size = [size for begin, size in self.street.sizes if begin <= at_s][-1]
        captured = START + timedelta(seconds=at_s + self.street.clock_s(at_s))
        crops: tuple[Picture, ...] = ()
        regions: tuple[Region, ...] = ()
        if self.street.drawn:
            crops, regions = (self._draw(at_s),), (Region(1 / DRAWN[0], 1 / DRAWN[1], 0.0, 0.0),)
        return Frame(VIEW, at_s, captured, Clock.RTCP, 0.0, size, crops, regions, NoStill())

    def _detections(self, at_s: float) -> Detections:
        there = self._there(at_s)
        shift = np.array(self.street.shift(at_s) * 2)
        rows = []
        for i, box in there:
            nearer = np.array([b for j, b in there if b[3] > box[3] + 0.01 and j != i]).reshape(-1, 4)
            row = self._see(i, box, nearer, at_s)
            if row is not None:
                rows.append((*np.clip(row[:4] + shift, 0, 1), *row[4:]))
        blind = self.street.covered is not None and self.street.covered[0] <= at_s < self.street.covered[1]
        table = np.array([] if blind else rows, float).reshape(-1, 6)
        table = table[(table[:, 2] - table[:, 0] > 0.01) & (table[:, 4] > FAINTEST)]
        table = table[np.argsort(-table[:, 4], kind="stable")]
        return Detections(
            table[:, :4].astype(np.float32), table[:, 4].astype(np.float32), table[:, 5].astype(int), KEYS
        )

    def _there(self, at_s: float) -> list[tuple[int, NDArray[np.float64]]]:
        """What is in the view, by its number."""
        now = [i for i, thing in enumerate(self.street.things) if thing.from_s <= at_s < thing.to_s]
        return [(i, box) for i in now if (box := self.street.things[i].at(at_s)) is not None]

    def _see(
        self, i: int, box: NDArray[np.float64], nearer: NDArray[np.float64], at_s: float
    ) -> NDArray[np.float64] | None:
        thing, random = self.street.things[i], self.random
        scale = np.array(SIZE * 2)
        steady = np.exp(-1 / self.rate / 15)
        fresh = np.sqrt(1 - steady**2)
        self._drift[i] = steady * self._drift[i] + fresh * random.normal(0, DRIFT_PX, 4)
        self._mood[i] = float(steady * self._mood[i] + fresh * random.normal(0, 0.07))
        hidden = covered(box[None], nearer)[0].max(initial=0.0)
        if hidden >= HIDES or random.random() < MISSED or self._blinded(box, at_s):
            return None
        score = (thing.score + self._mood[i] + random.normal(0, 0.04)) * self.street.scores(at_s)
        if hidden >= CUTS:
            box, score = _rest(box, nearer[covered(box[None], nearer)[0].argmax()]), score * 0.7
        noisy = box + (self._drift[i] + random.normal(0, JITTER_PX, 4)) / scale
        return np.array([*noisy, min(score, 0.97), KEYS.index(thing.key)])

    def _blinded(self, box: NDArray[np.float64], at_s: float) -> bool:
        if self.street.glare is None or not self.street.glare[0] <= at_s < self.street.glare[1]:
            return False
        return bool(covered(box[None], np.array([self.street.glare[2]]))[0, 0] > 0.3)

    def _draw(self, at_s: float) -> Picture:
        width, height = DRAWN
        shift = np.array(self.street.shift(at_s))
        x, y = np.round((0.5 - shift) * DRAWN).astype(int).tolist()
        x, y = int(np.clip(x, 0, width)), int(np.clip(y, 0, height))
        picture = self._ground[y : y + height, x : x + width].copy()
        for i, box in sorted(self._there(at_s), key=lambda entry: float(entry[1][3])):
            _paste(picture, self._patterns[i], box + np.tile(shift, 2))
        picture *= self.street.light(at_s)
        if self.street.glare is not None and self.street.glare[0] <= at_s < self.street.glare[1]:
            left, top, right, bottom = np.round(np.array(self.street.glare[2]) * (DRAWN * 2)).astype(int).tolist()
            picture[top:bottom, left:right] += 400.0
        if self.street.covered is not None and self.street.covered[0] <= at_s < self.street.covered[1]:
            picture[:] = 14.0
        noisy = picture + self.random.normal(0, 2.0, picture.shape)
        return np.repeat(np.clip(noisy, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _rest(box: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is seen beside the other one: the widest strip of it."""
    strips = [np.array(box) for _ in range(4)]
    strips[0][2], strips[1][0] = min(box[2], other[0]), max(box[0], other[2])
    strips[2][3], strips[3][1] = min(box[3], other[1]), max(box[1], other[3])
    return max(strips, key=lambda b: max(b[2] - b[0], 0.0) * max(b[3] - b[1], 0.0))


def _texture(
    random: np.random.Generator, width: int, height: int, cell: int, level: float, contrast: float
) -> NDArray[np.float32]:
    coarse = random.normal(level, contrast, (max(2, height // cell), max(2, width // cell))).astype(np.float32)
    fine = random.normal(0, contrast / 6, (height // 2, width // 2)).astype(np.float32)
    large = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(large + cv2.resize(fine, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _paste(picture: NDArray[np.float32], pattern: NDArray[np.float32], box: NDArray[np.float64]) -> None:
    width, height = DRAWN
    x1, y1, x2, y2 = np.round(box * (width, height, width, height)).astype(int).tolist()
    if x2 - x1 < 2 or y2 - y1 < 2:
        return
    drawn = cv2.resize(pattern, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA)
    left, top, right, bottom = max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)
    if right > left and bottom > top:
        picture[top:bottom, left:right] = drawn[top - y1 : bottom - y1, left - x1 : right - x1]

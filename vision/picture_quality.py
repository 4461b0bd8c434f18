"""Whether a picture can be judged, and by how much its camera is out of place.

A picture that is black, covered, defocused, frozen, turned or has lost its colours says nothing of the street. All but
darkness is told against what the view usually shows, which is what was seen there in the last minutes: what comes
slowly (night, fog, dirt) becomes usual, what comes suddenly and stays is a fault.
"""

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.frame import Picture, Region
from vision.boxes import Boxes, covered
from vision.camera_pose import ALIKE, COLUMNS, HEIGHT, ROWS, WIDTH, CameraPose, Cells, Grey, steadied

NOBODY: Boxes = np.zeros((0, 4))
FLAT = 4.0
"""Standard deviation below which, in every colour, a picture shows nothing."""
BLACK, DARK, DIM, GLARING = 10.0, 25.0, 60.0, 240.0
"""Grey levels: a picture without any light; a place without light, which by night, when pictures are dim, may have lost
its lamp; a place that a lamp burns out."""
DETAILED, GONE, FEWEST = 3.0, 0.35, 12
"""Grey levels between neighbours that are detail; the part of it that is left where it is gone; cells that it takes."""
WHOLE, HALF = 0.85, 0.4
"""Parts of the detailed cells that a covered lens loses; a lorry may hide the second, but rarely for long."""
OTHER_LIGHT, MOST, ROUGH, BLURRED = 0.15, 0.7, 8.0, 0.67
"""Part by which the level of most cells stays the same where only what is fine has changed, and how many are most;
coarse contrast, in grey levels, of a cell of which sharpness can be told; part of the usual one that is left in half of
the cells when a picture is blurred. A blur of 6 pixels in 768 leaves 0.4 to 0.6 of it, of 3 pixels 0.6 to 0.8; noise,
rain, fog and infra-red light at least 0.8."""
USUAL_S, SHARP_S = 120.0, 600.0
"""Time constants of what is usual, and of usual sharpness and colours."""
STILL_S, STILL_LOOKS, LIVELY = 30.0, 5, 0.2
"""Frozen are pictures of which, before, this part of the pixels changed from one to the next: sensors have noise."""
VISIBLE, MANY, TINT, TINTED = 40, 0.5, 0.15, 0.85
"""Grey levels of a pixel that has a colour, and in how many pixels they are needed; by which part of its level green
differs from both red and blue in a cast, and in how many of these pixels. No light is green or pink; under lamps and at
dusk it is yellow, red and blue."""
LOST, LEFT = 12, 60
"""Of the brightest pixels: a colour is lost below the first level if the others reach the second."""

COARSE = 4 * COLUMNS, 3 * ROWS
EVERY_S = 1.0
"""More often than this only the shift is measured: what is a fault lasts."""

RICH, SMOOTHED = ROWS * COLUMNS // 2, 0.45
"""A view with detail in so many cells keeps more than this part of it in half of them, however empty its street is."""

Signs = dict[str, bool | None]
"""What a picture shows of each fault, None where it cannot be told."""


class Fault(StrEnum):
    BLACK = "black"
    COVERED = "covered"
    DEFOCUSED = "defocused"
    FROZEN = "frozen"
    TURNED = "turned"
    COLOUR_CAST = "colour_cast"


@dataclass(frozen=True, slots=True)
class Quality:
    """What is said of one picture.

    fault: what is wrong with the view, None while nothing is. judgeable: whether the picture may open or clear
    anything; not while there is a fault, nor while one is suspected that has yet to last. shift: by how much (x, y),
    relative to the picture, things lie further right and down than when the view was learned: to be subtracted from
    boxes; the last known one where it cannot be told.
    """

    fault: Fault | None
    judgeable: bool
    shift: tuple[float, float]


@dataclass(slots=True)
class Lasting:
    """A sign that counts once it was seen in ``looks`` pictures over ``least_s``, until it is missing from two.

    One that a single picture proves is over with the first picture without it.
    """

    least_s: float
    looks: int = 3
    counts: bool = False
    seen: int = 0
    missing: int = 0
    since_s: float = 0.0

    def see(self, elapsed_s: float, sign: bool | None) -> None:
        """Take one look; None changes nothing."""
        if sign is None:
            return
        self.since_s = elapsed_s if sign and not self.seen else self.since_s
        self.seen, self.missing = (self.seen + 1, 0) if sign else (0, self.missing + 1)
        if self.seen >= self.looks and elapsed_s - self.since_s >= self.least_s:
            self.counts = True
        elif self.missing >= min(self.looks, 2):
            self.counts = False


class PictureQuality:
    """Watches the pictures of one view. Costs 1.2 to 1.5 ms each on one core."""

    def __init__(self) -> None:
        self.relearn()

    def relearn(self) -> None:
        """Take what is seen from now on for the view, as after its camera was turned for good."""
        self._pose, self._detail, self._tint, self._stillness = CameraPose(), _Detail(), _Tint(), _Stillness()
        self._told_s = -math.inf
        self._signs = {  # what says more comes first
            "dark": (Fault.BLACK, Lasting(0.0, looks=1)),
            "flat": (Fault.COVERED, Lasting(0.0, looks=1)),
            "still": (Fault.FROZEN, Lasting(0.0, looks=1)),
            "unlit": (Fault.BLACK, Lasting(5.0)),
            "covered": (Fault.COVERED, Lasting(5.0)),
            "blurred": (Fault.DEFOCUSED, Lasting(20.0)),
            "half covered": (Fault.COVERED, Lasting(90.0)),
            "elsewhere": (Fault.TURNED, Lasting(60.0)),
            "tinted": (Fault.COLOUR_CAST, Lasting(30.0)),
        }

    def look(self, elapsed_s: float, crop: Picture, region: Region, others: Boxes = NOBODY) -> Quality:
        """Take one picture, at rising times.

        crop, region: the whole picture as the model gets it; tiles follow it and are not needed. others: ``(n, 4)``
        boxes of what was detected, relative; what it hides is no fault.
        """
        part = _inside(crop, region)
        found = self._signs_of(elapsed_s, part, others)
        for name, (_, lasting) in self._signs.items():
            lasting.see(elapsed_s, found.get(name))
        fault = next((fault for fault, lasting in self._signs.values() if lasting.counts), None)
        judgeable = fault is None and not any(lasting.seen for _, lasting in self._signs.values())
        if judgeable and elapsed_s == self._told_s:
            self._pose.learn(elapsed_s)
            self._detail.learn(elapsed_s)
            self._tint.learn(elapsed_s)
        return Quality(fault, judgeable, self._pose.shift)

    @property
    def known(self) -> bool:
        """Whether it was learned how the view looks."""
        return self._pose.known

    def expect(self, picture: Picture) -> None:
        """Take this whole picture for the view."""
        self._pose.expect(_small(picture))

    def shows(self, crop: Picture, region: Region) -> float | None:
        """How alike a picture of this view is, 0 for another's, None where it cannot be told. Changes nothing."""
        return self._pose.shows(_small(_inside(crop, region)))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The state for a snapshot, 43 kB. What is suspected but not decided is left out, and whether it is frozen."""
        counts = np.array([lasting.counts for _, lasting in self._signs.values()])
        return {**self._pose.to_arrays(), **self._detail.to_arrays(), "tints": self._tint.usual, "counts": counts}

    def from_arrays(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from ``to_arrays``."""
        self.relearn()
        self._pose.from_arrays(state)
        self._detail.from_arrays(state)
        self._tint.usual = state["tints"]
        for (_, lasting), counts in zip(self._signs.values(), state["counts"].tolist(), strict=True):
            lasting.counts = counts

    def _signs_of(self, elapsed_s: float, part: Picture, others: Boxes) -> Signs:
        sample = np.ascontiguousarray(part[::16, ::16])
        if float(cv2.meanStdDev(sample)[1].max()) < FLAT:
            dark = float(sample.mean()) < BLACK
            return {"dark": dark, "flat": not dark}
        half = _scaled(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), 2 * WIDTH, 2 * HEIGHT, cv2.INTER_LINEAR)
        small = _scaled(half, WIDTH, HEIGHT)
        hidden = covered(CELLS, others).max(axis=1, initial=0.0).reshape(ROWS, COLUMNS) >= 0.5
        pose = self._pose.look(elapsed_s, small, hidden)
        signs: Signs = {"dark": False, "flat": False}
        if elapsed_s - self._told_s < EVERY_S:
            return signs
        self._told_s = elapsed_s
        signs["still"] = self._stillness.look(elapsed_s, part, small)
        signs |= self._detail.look(steadied(half, pose.shift), pose.alike, hidden)
        signs["tinted"] = self._tint.look(sample)
        if signs.get("blurred") and pose.here is False:
            signs["blurred"] = None
        nothing_there = any(signs.get(name) for name in ("blurred", "unlit", "covered", "half covered"))
        signs["elsewhere"] = None if pose.here is None or nothing_there else not pose.here
        return signs


class _Detail:
    """Of each cell its level, how much of it is fine detail, and how sharp that is, now and usually.

    Sharpness is what is fine by what is coarse in the same cell, so that light and haze change little of it.
    """

    def __init__(self) -> None:
        self._usual = self._now = np.zeros((3, ROWS, COLUMNS), np.float32)
        self._looks, self._last_s = 0, 0.0

    def look(self, steady: NDArray[np.uint8], alike: Cells, hidden: NDArray[np.bool_]) -> Signs:
        """``steady`` is the picture without its shift, ``alike`` and ``hidden`` are as in ``vision.camera_pose``."""
        coarse = _scaled(steady, *COARSE).astype(np.float32)
        level, fine = _cells(coarse), _cells(_scaled(_contrast(cv2.blur(steady, (3, 3))), *COARSE))
        rough = _cells(_contrast(cv2.subtract(coarse, cv2.blur(coarse, (5, 5)))))
        self._now = np.stack([level, fine, fine / np.maximum(rough, 1) * (rough > ROUGH)])
        detailed = (self._usual[1] > DETAILED) & ~hidden
        return self._judge(detailed, alike) if np.count_nonzero(detailed) >= FEWEST else {}

    def learn(self, elapsed_s: float) -> None:
        """What was last looked at is usual."""
        since_s = elapsed_s - self._last_s
        self._looks, self._last_s = self._looks + 1, elapsed_s
        weights = np.empty_like(self._now)
        weights[:2], weights[2] = 1 - math.exp(-since_s / USUAL_S), 1 - math.exp(-since_s / SHARP_S)
        weights = np.maximum(weights, 1 / self._looks)
        weights[2][self._now[2] == 0] = 0
        weights[2][self._usual[2] == 0] = 1
        self._usual = self._usual + weights * (self._now - self._usual)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        return {"usual": self._usual, "usual_since": np.array([self._looks, self._last_s])}

    def from_arrays(self, state: Mapping[str, NDArray[Any]]) -> None:
        self._usual = state["usual"]
        looks, self._last_s = state["usual_since"].tolist()
        self._looks = int(looks)

    def _judge(self, detailed: NDArray[np.bool_], alike: Cells) -> Signs:
        """Looks at the cells that usually show something: whether it is there, and sharp."""
        (level, fine, sharp), (usual_level, usual_fine, usual_sharp) = self._now, self._usual
        gone = detailed & (fine < GONE * usual_fine) & (alike < ALIKE)
        lost = np.count_nonzero(gone) / np.count_nonzero(detailed)
        # By night a lamp may have gone out, or another one blind the lens.
        other = gone & ((level > DARK) | (usual_level.mean() > DIM)) & (level < GLARING)
        half = bool(np.count_nonzero(other) >= HALF * np.count_nonzero(detailed))
        told = detailed & (sharp > 0) & (usual_sharp > 0)
        dull = np.count_nonzero(told) >= FEWEST and np.median(sharp[told] / usual_sharp[told]) < BLURRED
        rich = np.count_nonzero(detailed) >= RICH
        dull |= rich and np.median(fine[detailed] / usual_fine[detailed]) < SMOOTHED
        change = np.abs(level[detailed] / np.maximum(usual_level[detailed], 1) - 1)
        if (dull or lost >= HALF) and np.quantile(change, MOST) < OTHER_LIGHT:
            return {"blurred": True, "unlit": False, "covered": False, "half covered": False}
        dark = lost >= WHOLE and level.mean() < DARK
        covered = bool(lost >= WHOLE and not dark)
        return {"blurred": None if dull else False, "unlit": bool(dark), "covered": covered, "half covered": half}


class _Tint:
    """Whether the whole picture is green or pink, or has lost one of its colours."""

    def __init__(self) -> None:
        self.usual: NDArray[np.float64] = np.zeros(0)
        self._now = self.usual
        self._last_s = 0.0

    def look(self, sample: Picture) -> bool | None:
        colours = np.ascontiguousarray(sample.reshape(-1, 3).T).astype(np.float32)
        colours = colours[:, colours.max(axis=0) > VISIBLE]
        if colours.size < MANY * sample.size:
            return None
        red, green, blue = colours
        level = (red + green + blue) / 3
        pink, verdant = (np.minimum(red, blue) - green) / level, (green - np.maximum(red, blue)) / level
        brightest = np.sort(colours, axis=1)[:, int(0.99 * len(level))]
        lost = (brightest < LOST) & (np.median(brightest) > LEFT)
        self._now = np.array([(pink > TINT).mean(), (verdant > TINT).mean(), *lost])
        return bool((self._now[self.usual < MANY] > TINTED).any()) if len(self.usual) else None

    def learn(self, elapsed_s: float) -> None:
        """What was last looked at is usual."""
        weight = 1 - math.exp(-(elapsed_s - self._last_s) / SHARP_S) if len(self.usual) else 1.0
        if len(self._now):
            self.usual = self._now if weight == 1.0 else self.usual + weight * (self._now - self.usual)
            self._last_s = elapsed_s


class _Stillness:
    """Whether a picture that used to be alive stays the same, bit by bit.

    Encoders repeat pictures, too, where nothing moves and the night is smoothed away, from one key frame to the next.
    """

    def __init__(self) -> None:
        self._sample: Grey = np.zeros((HEIGHT, WIDTH), np.uint8)
        self._sum: int | None = None
        self._since_s, self._looks = 0.0, 0
        self._lively = 0.0

    def look(self, elapsed_s: float, part: Picture, grey: Grey) -> bool:
        before, self._sample = self._sample, grey
        changed = np.count_nonzero(before != grey) / grey.size
        if changed:
            self._lively += 0.1 * (changed - self._lively)
            self._sum = None
            return False
        now = zlib.crc32(part.tobytes())
        if now != self._sum:
            self._sum, self._since_s, self._looks = now, elapsed_s, 0
        self._looks += 1
        lasts = self._looks >= STILL_LOOKS and elapsed_s - self._since_s >= STILL_S
        return lasts and self._lively >= LIVELY


def _corners() -> Boxes:
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    boxes = np.stack([columns / COLUMNS, rows / ROWS, (columns + 1) / COLUMNS, (rows + 1) / ROWS], axis=-1)
    return boxes.reshape(-1, 4)


CELLS = _corners()


def _inside(crop: Picture, region: Region) -> Picture:
    """The crop without the padding beside the picture."""
    height, width = crop.shape[:2]
    left, top = round(-region.offset_x / region.scale_x), round(-region.offset_y / region.scale_y)
    right, bottom = left + round(1 / region.scale_x), top + round(1 / region.scale_y)
    return crop[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]


def _scaled(grey: NDArray[Any], width: int, height: int, by: int = cv2.INTER_AREA) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(grey, (width, height), interpolation=by), np.uint8)


def _small(picture: Picture) -> Grey:
    """As ``vision.camera_pose`` takes it."""
    half = _scaled(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), 2 * WIDTH, 2 * HEIGHT, cv2.INTER_LINEAR)
    return _scaled(half, WIDTH, HEIGHT)


def _contrast(grey: NDArray[Any]) -> NDArray[Any]:
    """Difference between the lightest and the darkest of a pixel and its neighbours."""
    return np.asarray(cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))


def _cells(coarse: NDArray[Any]) -> Cells:
    """The mean of each cell."""
    return np.asarray(cv2.resize(coarse.astype(np.float32), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA), np.float32)

"""What was put down in a zone and stays: the second cue, for things that a detector does not know.

Each zone keeps a picture of its empty state. What the zone looks like now is the median of its last pictures, so that
whoever walks through leaves no trace; where it differs for long in more than its light, something was put there, or
taken away (``vision.changed_region``). The empty state follows slow change, but never into a thing that stands there.

An empty state is learned from what is seen first. What stands there by then is part of it, until it goes.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.frame import Picture, Region
from vision.boxes import Boxes, covered
from vision.changed_region import Verdict, judge, regions, spread
from vision.view_change import Change, Map, Mask, Structure, change, difference, logarithm

WIDEST, LARGEST = 256, 256 * 144
"""Pixels in width and in all at which a zone is looked at: what is smaller than four of them is not found."""
MARGIN = 0.1
"""Of the picture, kept around the zone: what is around a thing says whether its light has changed."""
EVERY_S, LATEST = 5.0, 5
"""Pictures of which the median is how it looks now."""
LEARN_EVERY_S, LEARNT = 8.0, 9
"""Pictures of which the median is the first empty state: 64 seconds."""
FOLLOW_S, QUICKEST = 150.0, 0.2
"""Time constant with which the empty state follows the light, and the most of it that one look changes."""
SLOWER, SUSPECT = 0.2, 0.3
"""Where the strength of change exceeds the second, it follows by this part of that only: something may stand there."""
USUAL_DIFFERENCE = 0.05
"""Squared difference of gradients above which one picture tells nothing of what is usual."""
BURNT_OUT = 252
KNOWN = 0.3
"""Part of a region that was there at the look before: one look alone is none."""
IN_ZONE = 0.3
SAME = 0.5
COVERED = 0.5


class Standing(NamedTuple):
    """Boxes ``(n, 4)``, relative; likeness ``(n,)``: correlation of each with how it has looked lately, 0.5 to 1."""

    boxes: Boxes
    likeness: NDArray[np.float64]


class StaticChange:
    """Watches one zone of a view. polygon: ``(k, 2)`` relative to the picture.

    A look costs 0.3 ms, and each five seconds some 10 ms more for a zone as large as the picture; 1.2 MB are kept.
    """

    def __init__(self, polygon: NDArray[np.float64]):
        self.polygon = polygon
        low = np.clip(polygon.min(axis=0) - MARGIN, 0, 1)
        high = np.clip(polygon.max(axis=0) + MARGIN, 0, 1)
        self._low, self._sides = low, high - low
        self._size: tuple[int, int] = (0, 0)
        self._learnt: list[Picture] = []
        self._latest: list[Picture] = []
        self._learnt_s = self._sampled_s = -math.inf
        self._now: Picture | None = None
        self._empty: Map | None = None
        self._swing: Map = np.zeros((0, 0), np.float32)
        self._standing: Mask = np.zeros((0, 0), bool)
        self._waiting: Mask = self._standing
        self._boxes: NDArray[np.int64] = np.zeros((0, 4), np.int64)

    def look(self, elapsed_s: float, crop: Picture, region: Region, others: Boxes) -> Standing:
        """Take one picture, at rising times; say what stands there and can be seen in this picture.

        crop, region: the picture as the model gets it. others: ``(m, 4)`` what has a name; it is nobody's change.
        """
        small, hidden = self._small(crop, region), self._hidden(others)
        if self._empty is None:
            self._learn(elapsed_s, small, hidden)
        if elapsed_s - self._sampled_s >= EVERY_S:
            since_s, self._sampled_s = min(elapsed_s - self._sampled_s, 1e6), elapsed_s
            sample = small if self._now is None else np.where(hidden[..., None], self._now, small)
            self._latest = [*self._latest, sample][-LATEST:]
            if len(self._latest) == LATEST:
                low, self._now, high = _second_third_fourth(self._latest)
                if self._empty is not None:
                    self._compare(_log(self._now), _range(low, high), since_s)
        return self._seen(small, others)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The state for a snapshot; the latest pictures are taken anew."""
        times = np.array([self._learnt_s, self._sampled_s])
        if self._empty is None:
            return {"times": times, "learnt": np.array(self._learnt)}
        state = {"empty": self._empty.astype(np.float16), "swing": self._swing.astype(np.float16)}
        return state | {"times": times, "standing": self._standing, "boxes": self._boxes, "now": np.array(self._now)}

    def from_arrays(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from ``to_arrays``."""
        self._learnt_s, self._sampled_s = state["times"].tolist()
        if "empty" not in state:
            self._learnt = list(state["learnt"])
            height, width = state["learnt"].shape[1:3] if self._learnt else (0, 0)
        else:
            self._begin(state["empty"].astype(np.float32), state["swing"].astype(np.float32))
            self._standing, self._boxes, self._now = state["standing"], state["boxes"], state["now"]
            height, width = self._standing.shape
        if width:
            self._set_size((width, height))

    def _small(self, crop: Picture, region: Region) -> Picture:
        """The zone and its surroundings, made small."""
        height, width = crop.shape[:2]
        corners = np.stack([self._low, self._low + self._sides]) - [region.offset_x, region.offset_y]
        (x1, y1), (x2, y2) = np.round(corners / [region.scale_x, region.scale_y]).astype(int).tolist()
        part = crop[max(0, y1) : min(height, y2), max(0, x1) : min(width, x2)]
        beyond = max(0, -y1), max(0, y2 - height), max(0, -x1), max(0, x2 - width)
        if any(beyond):  # the camera was nudged
            part = np.asarray(cv2.copyMakeBorder(part, *beyond, cv2.BORDER_REPLICATE), np.uint8)
        if self._size == (0, 0):
            h, w = part.shape[:2]
            scale = min(1.0, WIDEST / w, math.sqrt(LARGEST / (w * h)))
            self._set_size((max(16, round(w * scale)), max(16, round(h * scale))))
        return np.asarray(cv2.resize(part, self._size, interpolation=cv2.INTER_AREA), np.uint8)

    def _set_size(self, size: tuple[int, int]) -> None:
        self._size = size
        zone = np.zeros((size[1], size[0]), np.uint8)
        cv2.fillPoly(zone, [self._pixels(self.polygon).round().astype(np.int32)], [1])
        self._zone: Mask = zone.astype(bool)

    def _pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((points - self._low) / self._sides * self._size)

    def _hidden(self, others: Boxes) -> Mask:
        hidden = np.zeros((self._size[1], self._size[0]), bool)
        grow = 0.1 * (others[:, 2:] - others[:, :2])
        low = np.floor(self._pixels(others[:, :2] - grow)).clip(0).astype(int)
        high = np.ceil(self._pixels(others[:, 2:] + grow)).clip(0).astype(int)
        for (x1, y1), (x2, y2) in zip(low.tolist(), high.tolist(), strict=True):
            hidden[y1:y2, x1:x2] = True
        return hidden

    def _learn(self, elapsed_s: float, small: Picture, hidden: Mask) -> None:
        if elapsed_s - self._learnt_s < LEARN_EVERY_S:
            return
        self._learnt_s = elapsed_s
        self._learnt.append(np.where(hidden[..., None], self._learnt[-1], small) if self._learnt else small)
        if len(self._learnt) == LEARNT:
            empty = _log(np.median(self._learnt, axis=0).astype(np.uint8))
            structure = Structure.of(empty)
            swings = [difference(Structure.of(_log(picture)), structure) for picture in self._learnt]
            self._begin(empty, np.median(swings, axis=0).astype(np.float32))

    def _begin(self, empty: Map, swing: Map) -> None:
        """``swing``: the squared difference of gradients between a picture and the empty state that is usual there."""
        self._empty, self._swing = empty, swing
        self._standing, self._waiting = np.zeros(swing.shape, bool), np.zeros(swing.shape, bool)
        self._learnt = []

    def _compare(self, now: Map, restless: Map, since_s: float) -> None:
        """Find what has changed. restless: by how much the latest pictures differ among themselves."""
        assert self._empty is not None
        assert self._now is not None
        structure, before = Structure.of(now), Structure.of(self._empty)
        stir = np.where(self._standing, 0, restless**2 / 4).astype(np.float32)
        found = change(structure, before, self._swing + stir, ~self._standing)
        found.strength[self._now.max(axis=2) >= BURNT_OUT] = 0
        added = np.zeros(self._standing.shape, bool)
        removed, doubtful, new = added.copy(), added.copy(), added.copy()
        boxes = []
        for at in regions(found, self._standing):
            inside = at.inside
            verdict = judge(at, found, structure, before) if self._zone[at.window][inside].mean() > IN_ZONE else None
            known = (self._waiting | self._standing)[at.window][inside].mean() > KNOWN
            if verdict is Verdict.ADDED and known:
                added[at.window] |= inside
                boxes.append(at.box)
            kind = {Verdict.ADDED: new, Verdict.REMOVED: removed}.get(verdict or Verdict.LIGHT, doubtful)
            kind[at.window] |= inside
        self._waiting, self._standing = new & ~added, added
        self._boxes = np.array(boxes, np.int64).reshape(-1, 4)
        self._follow(now, found, restless, since_s, removed, doubtful)

    def _follow(self, now: Map, found: Change, restless: Map, since_s: float, removed: Mask, doubtful: Mask) -> None:
        """The empty state goes along with the light, but for where something may stand."""
        assert self._empty is not None
        held, strong = self._standing | self._waiting, found.strength > 1
        step = min(1 - math.exp(-since_s / FOLLOW_S), QUICKEST) / (1 + 20 * cv2.blur(restless**2, (5, 5)))
        rate = step * np.where((found.strength > SUSPECT) & ~doubtful, SLOWER, 1)
        rate[(spread(held | strong, 5) & ~strong) | held] = 0
        rate[removed] = 1
        self._empty += rate.astype(np.float32)[..., None] * (now - self._empty)
        usual = np.minimum(found.residual, np.float32(USUAL_DIFFERENCE))
        self._swing += (np.where(spread(held, 5), 0, step) * (usual - self._swing)).astype(np.float32)

    def _seen(self, small: Picture, others: Boxes) -> Standing:
        """What stands there and is not hidden in this picture."""
        if self._empty is None or self._now is None or not len(self._boxes):
            return Standing(np.zeros((0, 4)), np.zeros(0))
        boxes = np.asarray(self._boxes / np.tile(self._size, 2) * np.tile(self._sides, 2) + np.tile(self._low, 2))
        seen = covered(boxes, others).max(axis=1, initial=0.0) < COVERED
        likeness = np.zeros(len(boxes))
        grey, now = (cv2.cvtColor(_log(picture), cv2.COLOR_RGB2GRAY) for picture in (small, self._now))
        empty = cv2.cvtColor(self._empty, cv2.COLOR_RGB2GRAY)
        for n, (x1, y1, x2, y2) in enumerate(self._boxes.tolist()):
            place = np.s_[max(0, y1 - 1) : y2 + 1, max(0, x1 - 1) : x2 + 1]
            likeness[n] = _alike(grey[place], now[place])
            seen[n] &= likeness[n] > SAME and likeness[n] > _alike(grey[place], empty[place])
        return Standing(boxes[seen], likeness[seen])


def _log(picture: Picture) -> Map:
    return logarithm(np.asarray(cv2.GaussianBlur(picture, (3, 3), 0), np.uint8))


def _range(low: Picture, high: Picture) -> Map:
    return np.asarray(cv2.cvtColor(logarithm(high) - logarithm(low), cv2.COLOR_RGB2GRAY), np.float32)


def _second_third_fourth(pictures: list[Picture]) -> tuple[Picture, Picture, Picture]:
    """Of five pictures, pixel by pixel; a network of nine comparisons, far quicker than sorting."""
    p = list(pictures)
    for i, j in ((0, 1), (3, 4), (2, 4), (2, 3), (0, 3), (0, 2), (1, 4), (1, 3), (1, 2)):
        p[i], p[j] = np.minimum(p[i], p[j]), np.maximum(p[i], p[j])
    return p[1], p[2], p[3]


def _alike(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Correlation of two patches."""
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / math.sqrt(float((a * a).sum() * (b * b).sum()) + 1e-9))

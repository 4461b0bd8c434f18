"""Where a view changed, and whether that is a thing put there, one that was taken away, or a play of light."""

from enum import Enum
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.view_change import Change, Mask, Structure

WEAK = 0.4
"""Strength of change from which on a spot belongs to a changed region; one spot in it has to reach 1."""
LEAST_PX, LEAST_AREA_PX, LEAST_STRONG_PX = 4, 20, 12
"""What is smaller is noise."""
NEAR_PX, CROWD_PX, CROWD = 8, 24, 4
"""Around a region the view should be as it was; so many other regions close by are leaves, waves, a flickering sign."""
LEAST_FILL, LEAST_THICK_PX = 0.35, 2.0
"""A thing fills its box; the edge of a shadow does not."""
COLOURED = 0.3
"""Part of a region that has to change its colour for that alone to prove a thing."""
BRIGHTER, DARKER = 0.15, 1.1
"""Logarithms. Light falls on a place, or a shadow: both only one way. A shadow takes no more than two thirds."""
TWO_LIGHTS, RESTLESS = 0.4, 0.35
"""Parts of what is around a region that differ from its middle in light, or have changed themselves."""


class Verdict(Enum):
    ADDED = "added"
    REMOVED = "removed"
    LIGHT = "light"


class Changed(NamedTuple):
    """A region that differs.

    box: ``x1, y1, x2, y2`` in pixels of the maps. window: where the region and what is around it lie in the maps.
    region: ``(h, w)`` 0 or 1 in the window. neighbours: how many other regions lie within ``CROWD_PX`` of it.
    """

    box: tuple[int, int, int, int]
    window: tuple[slice, slice]
    region: NDArray[np.uint8]
    neighbours: int

    @property
    def inside(self) -> Mask:
        return self.region > 0


def regions(found: Change, standing: Mask) -> list[Changed]:
    """The connected regions that changed. standing: ``(h, w)`` where a thing is known to stand, which lasts on less."""
    strong = (found.strength > 1) | (standing & (found.strength > WEAK))
    mask = ((found.strength > WEAK) & spread(strong, 9)).astype(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)), np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    boxes = np.array([cv2.boundingRect(outline) for outline in outlines], np.int64).reshape(-1, 4)
    large = (boxes[:, 2:].min(axis=1) >= LEAST_PX) & (boxes[:, 2:].prod(axis=1) >= LEAST_AREA_PX)
    outlines, boxes = [outlines[n] for n in np.flatnonzero(large).tolist()], boxes[large]
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    changed = []
    for outline, (x, y, w, h) in zip(outlines, boxes.tolist(), strict=True):
        top, left = max(0, y - NEAR_PX), max(0, x - NEAR_PX)
        window = slice(top, y + h + NEAR_PX), slice(left, x + w + NEAR_PX)
        region = np.zeros(mask[window].shape, np.uint8)
        cv2.drawContours(region, [outline], -1, [1], -1, offset=(-left, -top))
        if strong[window][region > 0].sum() < LEAST_STRONG_PX:
            continue
        gaps = np.maximum(low - [x + w, y + h], [x, y] - high).max(axis=1)
        changed.append(Changed(_tight(x, y, w, h), window, region, int((gaps < CROWD_PX).sum()) - 1))
    return changed


def judge(at: Changed, found: Change, now: Structure, before: Structure) -> Verdict:
    """Say what a changed region is."""
    region, window, inside = at.region, at.window, at.inside
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    fill = inside.sum() / (np.ptp(rows) + 1) / (np.ptp(columns) + 1)
    around = (_grown(region, NEAR_PX) > 0) & (_grown(region, 1) == 0)
    if fill < LEAST_FILL or _thickness(region) < LEAST_THICK_PX or around.sum() < 10:
        return Verdict.LIGHT
    if _structure_lost(at, now, before, around, found.contrast) > 0:
        return Verdict.REMOVED
    coloured = float((found.colour[window][inside] > 1).mean())
    light = found.light[window]
    level = np.median(light[around])
    restless = (found.strength[window][around] > WEAK).mean() > RESTLESS or at.neighbours >= CROWD
    if (coloured < COLOURED and restless) or (np.abs(light[around] - level) > BRIGHTER).mean() > TWO_LIGHTS:
        return Verdict.LIGHT
    darkest, brightest = np.percentile(light[inside] - level, [5, 95])
    core = cv2.erode(region, np.ones((5, 5), np.uint8)) > 0
    texture = float(found.structure[window][core].mean()) if core.any() else -1.0
    no_shadow = coloured / COLOURED + max(brightest, 0) / BRIGHTER + max(-DARKER - darkest, 0) / 0.2
    no_lamp = coloured / COLOURED + max(-darkest, 0) / BRIGHTER
    # Under a shadow the ground keeps its texture; a lamp shows texture that nobody saw before.
    no_shadow, no_lamp = no_shadow + max(texture, 0) / 3, no_lamp + max(texture, 0) / 0.7
    return Verdict.ADDED if min(no_shadow, no_lamp) >= 1 else Verdict.LIGHT


def _structure_lost(at: Changed, now: Structure, before: Structure, around: Mask, contrast: float) -> float:
    """Above 0 where there was more to see before: gradients inside and along the outline, and contrast to the ground.

    Logarithms of the three ratios, summed.
    """
    region, window = at.region, at.window
    inside, outline = at.inside, cv2.morphologyEx(region, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0

    def energy(of: Structure, where: Mask) -> float:
        return float(of.energy[window][where].mean())

    def stands_out(of: Structure) -> float:
        thing, ground = of.log[window][inside], of.log[window][around]
        middle = np.abs(np.median(thing, axis=0) - np.median(ground, axis=0)).sum()
        return float(middle + np.abs(thing.std(axis=0) - ground.std(axis=0)).sum())

    lost = np.log((stands_out(before) + 0.05) / (stands_out(now) + 0.05))
    for where in (inside, outline):
        lost += np.log((energy(before, where) * contrast**2 + 1e-5) / (energy(now, where) + 1e-5))
    return float(lost)


def spread(mask: Mask, side: int) -> Mask:
    """The mask and what lies within ``side // 2`` pixels of it."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)), bool)


def _tight(x: int, y: int, width: int, height: int) -> tuple[int, int, int, int]:
    """``x1, y1, x2, y2`` without the edge by which windows make a region larger."""
    edge = max(0, min(2, (width - 3) // 2, (height - 3) // 2))
    return x + edge, y + edge, x + width - edge, y + height - edge


def _grown(region: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.dilate(region, np.ones((2 * pixels - 1,) * 2 if pixels > 1 else (3, 3), np.uint8)), np.uint8)


def _thickness(region: NDArray[np.uint8]) -> float:
    """Half of how thick it is where it is thickest, in pixels."""
    framed = cv2.copyMakeBorder(region, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    return float(cv2.distanceTransform(framed, cv2.DIST_L2, 3).max())

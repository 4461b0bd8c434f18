"""Which found box is which labelled thing: the matching of the COCO evaluation, for one class in one picture.

The rules are those of ``cocoeval.py`` (cocodataset/cocoapi): found boxes are taken best first; each gets the free
labelled box that it overlaps most, if by at least the threshold; one that gets none and lies in a region of which
nothing is known (COCO's "crowd") is neither right nor wrong.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.examined import Boxes

IOUS = np.linspace(0.5, 0.95, 10)
"""The overlaps over which COCO's AP is averaged; the first one is that of AP50."""


@dataclass(frozen=True, slots=True)
class Match:
    """How the found boxes of one class in one picture fared, at each of ``T`` overlaps.

    truth: ``(T, n)`` index of the labelled box that each found box got, -1 for none.
    ignored: ``(T, n)`` whether it got none and lies where nothing is known.
    """

    truth: NDArray[np.int64]
    ignored: NDArray[np.bool_]


def match(found: Boxes, truth: Boxes, ignore: Boxes, ious: NDArray[np.float64] = IOUS) -> Match:
    """found: ``(n, 4)`` best first; truth: ``(m, 4)``; ignore: ``(k, 4)``; all xyxy in one unit. ious: ``(T,)``."""
    given = np.full((len(ious), len(found)), -1, np.int64)
    free = np.ones((len(ious), len(truth)), bool)
    overlap = iou(found, truth)
    levels = np.arange(len(ious))
    # Most found boxes touch no labelled one: only the others need the search in order.
    for i in np.flatnonzero((overlap >= ious.min()).any(axis=1)) if len(truth) else ():
        candidates = np.where(free, overlap[i], -1.0)
        best = candidates.argmax(axis=1)
        hits = candidates[levels, best] >= ious
        given[hits, i] = best[hits]
        free[levels[hits], best[hits]] = False
    unknown = covered(found, ignore).max(axis=1, initial=0.0)
    return Match(given, (given < 0) & (unknown >= ious[:, None]))


def iou(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """Intersection over union, ``(n, 4)`` and ``(m, 4)`` to ``(n, m)``; 0 where both are empty."""
    shared = _shared(a, b)
    union = _area(a)[:, None] + _area(b) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def covered(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """Part of each box of ``a`` that lies in each of ``b``, ``(n, m)`` in [0, 1]; 0 for an empty box."""
    shared, area = _shared(a, b), np.broadcast_to(_area(a)[:, None], (len(a), len(b)))
    return np.divide(shared, area, out=np.zeros_like(shared), where=area > 0)


def _area(boxes: Boxes) -> NDArray[np.float64]:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).clip(min=0).prod(axis=1), np.float64)


def _shared(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.asarray((high - low).clip(min=0).prod(axis=2), np.float64)

"""Geometry of boxes ``xyxy``, vectorised. All functions take ``(n, 4)`` and ``(m, 4)`` arrays in the same unit.

Corners come first in what is computed: numpy then runs along many boxes at a time and not along the two axes of one,
two to three times as quickly for twenty boxes and for eighty.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]

NOTHING = np.zeros(())
"""Quicker than the number 0, which numpy converts each time."""
LEAST_AREA = np.full((), 1e-12)


def areas(boxes: Boxes) -> NDArray[np.float64]:
    """``(n,)`` areas; 0 for an inverted box."""
    corners = np.ascontiguousarray(boxes.T)
    return _product(corners[2:] - corners[:2])


def intersections(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n, m)`` areas that each pair shares."""
    a, b = np.ascontiguousarray(a.T)[:, :, None], np.ascontiguousarray(b.T)[:, None]
    sides = np.minimum(a[2:], b[2:])
    sides -= np.maximum(a[:2], b[:2])
    return _product(sides)


class Overlap(NamedTuple):
    """How ``n`` boxes overlap ``m`` others: areas ``(n, m)`` shared, and ``(n,)``, ``(m,)`` of each."""

    shared: NDArray[np.float64]
    area_a: NDArray[np.float64]
    area_b: NDArray[np.float64]

    @classmethod
    def of(cls, a: Boxes, b: Boxes) -> "Overlap":
        return cls(intersections(a, b), areas(a), areas(b))

    def covered(self, which: NDArray[np.int64]) -> NDArray[np.float64]:
        """``(k, m)`` part of each of these ``k`` of the ``n`` boxes that each of the others covers, in [0, 1]."""
        return np.asarray(self.shared.take(which, axis=0) / np.maximum(self.area_a[which], LEAST_AREA)[:, None])


def iou(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n, m)`` intersection over union."""
    return over_union(intersections(a, b), areas(a), areas(b))


def over_union(
    shared: NDArray[np.float64], area_a: NDArray[np.float64], area_b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``(n, m)`` intersection over union from the areas shared ``(n, m)`` and those of each box, ``(n,)``, ``(m,)``."""
    union = area_a[:, None] + area_b
    union -= shared
    return np.asarray(shared / np.maximum(union, LEAST_AREA, out=union))


def paired_iou(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n,)`` intersection over union of each box of ``a`` with the one of ``b`` in the same row."""
    shared = _paired(a, b)
    return np.asarray(shared / np.maximum(areas(a) + areas(b) - shared, LEAST_AREA))


def covered(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n, m)`` part of each box of ``a`` that the box of ``b`` covers, in [0, 1]."""
    return np.asarray(intersections(a, b) / np.maximum(areas(a)[:, None], LEAST_AREA))


def paired_cover(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n,)`` part of each box of ``a`` that the box of ``b`` in the same row covers, in [0, 1]."""
    return np.asarray(_paired(a, b) / np.maximum(areas(a), LEAST_AREA))


def _paired(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    a, b = np.ascontiguousarray(a.T), np.ascontiguousarray(b.T)
    return _product(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]))


def _product(sides: NDArray[np.float64]) -> NDArray[np.float64]:
    """The area with these two sides, 0 if one of them is negative; overwrites them."""
    np.maximum(sides, NOTHING, out=sides)
    return np.asarray(sides[0] * sides[1])

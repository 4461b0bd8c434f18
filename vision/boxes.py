"""Geometry of boxes ``xyxy``, vectorised. All functions take ``(n, 4)`` and ``(m, 4)`` arrays in the same unit."""

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]


def areas(boxes: Boxes) -> NDArray[np.float64]:
    """``(n,)`` areas; 0 for an inverted box."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1])


def intersections(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """``(n, m)`` areas that each pair shares."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0)
    return np.asarray(sides[..., 0] * sides[..., 1])


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

"""Several boxes of one thing: when two boxes are the same thing, and which of them stays."""

import numpy as np
from numpy.typing import NDArray

from vision.boxes import Boxes, areas, intersections, over_union

DUPLICATE_IOU = 0.6
NESTED_COVER, NESTED_IOU = 0.9, 0.5
"""A box of the same class that lies nearly whole in another one of not too different size is the same thing. From an
IoU of 0.4 on, right boxes fell to larger ones around them: AP50 of bins was 1 to 2 points lower, held back and on
test."""
NESTED_PLACE_IOU = 0.4
"""What becomes a case is stricter: a second case of one car costs an operator more than the better box is worth."""


def same_thing(
    shared: NDArray[np.float64],
    area_a: NDArray[np.float64],
    area_b: NDArray[np.float64],
    nested_iou: float = NESTED_IOU,
) -> NDArray[np.bool_]:
    """``(n, m)`` whether two boxes of one class are one thing, by the area they share and their own areas.

    The areas are whatever broadcasts to the shape of ``shared``, ``(n, m)``.
    """
    overlap = shared / np.maximum(area_a + area_b - shared, 1e-12)
    inside = shared / np.maximum(np.minimum(area_a, area_b), 1e-12)
    return np.asarray((overlap > DUPLICATE_IOU) | ((inside > NESTED_COVER) & (overlap > nested_iou)))


def distinct(boxes: Boxes, cls: NDArray[np.generic], nested_iou: float = NESTED_IOU) -> list[int]:
    """The indices of the boxes that are no second box of a better one of their class.

    boxes: ``(n, 4)`` xyxy, best first. cls: ``(n,)``.
    """
    area, shared = areas(boxes), intersections(boxes, boxes)
    near = over_union(shared, area, area) > min(DUPLICATE_IOU, nested_iou)
    if np.count_nonzero(near) == np.count_nonzero(near.diagonal()):  # each with itself only
        return list(range(len(boxes)))
    same = same_thing(shared, area[:, None], area[None], nested_iou)
    same &= cls[:, None] == cls[None, :]
    stays = np.ones(len(boxes), bool)
    for i in np.flatnonzero(np.tril(same, -1).any(axis=1)).tolist():
        stays[i] = not (same[i, :i] & stays[:i]).any()
    return np.flatnonzero(stays).tolist()

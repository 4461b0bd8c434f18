"""Several boxes of one thing: when two boxes are the same thing, and which of them stays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vision.boxes import Boxes, areas, intersections, over_union

DUPLICATE_IOU = 0.6
NESTED_COVER, NESTED_IOU = 0.9, 0.5
"""A box of the same class that lies nearly whole in another one of not too different size is the same thing. From an
IoU of 0.4 on, right boxes fell to larger ones around them: AP50 of bins was 1 to 2 points lower, held back and on
test."""
DOUBTED_IOU = 0.25
"""A box that overlaps a better one of its class by more is believed less."""
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


class Overlaps(NamedTuple):
    """How much the boxes of one picture overlap, best first: areas ``(n, n)`` shared, ``(n,)`` own, ``(n, n)`` IoU."""

    shared: NDArray[np.float64]
    area: NDArray[np.float64]
    iou: NDArray[np.float64]

    @classmethod
    def of(cls, boxes: Boxes) -> "Overlaps":
        """boxes: ``(n, 4)`` xyxy, best first."""
        area, shared = areas(boxes), intersections(boxes, boxes)
        return cls(shared, area, over_union(shared, area, area))

    def any_above(self, iou: float) -> bool:
        """Whether any two overlap by more."""
        return bool(
            np.count_nonzero(self.iou > iou) > np.count_nonzero(self.area)
        )  # each with itself, if it has an area

    def distinct(self, cls: NDArray[np.generic], nested_iou: float = NESTED_IOU) -> list[int]:
        """The indices of the boxes that are no second box of a better one of their class; cls: ``(n,)``."""
        same = same_thing(self.shared, self.area[:, None], self.area[None], nested_iou)
        same &= cls[:, None] == cls[None, :]
        stays = np.ones(len(self.area), bool)
        for i in np.flatnonzero(np.tril(same, -1).any(axis=1)).tolist():
            stays[i] = not (same[i, :i] & stays[:i]).any()
        return np.flatnonzero(stays).tolist()

    def doubted(self, score: NDArray[np.float32], cls: NDArray[np.generic], among: list[int]) -> NDArray[np.float32]:
        """``(n,)`` scores, less by the IoU with a better box of its class from ``DOUBTED_IOU`` on.

        Linear Soft-NMS (Bodla et al., 2017): between two cars that stand close together detectors see a third one, but
        are half as sure of it. among: the boxes that count as better ones.
        """
        better = np.tri(len(score), k=-1)
        better *= cls[:, None] == cls
        counted = np.zeros(len(score), bool)
        counted[among] = True
        most = (self.iou * better * counted).max(axis=1, initial=0.0)
        return np.asarray(score * np.where(most > DOUBTED_IOU, 1 - most, 1.0), np.float32)


def distinct(boxes: Boxes, cls: NDArray[np.generic], nested_iou: float = NESTED_IOU) -> list[int]:
    """The indices of the boxes that are no second box of a better one of their class.

    boxes: ``(n, 4)`` xyxy, best first. cls: ``(n,)``.
    """
    overlaps = Overlaps.of(boxes)
    if not overlaps.any_above(min(DUPLICATE_IOU, nested_iou)):
        return list(range(len(boxes)))
    return overlaps.distinct(cls, nested_iou)

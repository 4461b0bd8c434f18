"""Several boxes of one thing: when two boxes are the same thing, and which of them stays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vision.boxes import LEAST_AREA, Boxes, intersections, over_union

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
    """Whether two boxes of one class are one thing, by the area they share and their own areas: all of one shape."""
    overlap = shared / np.maximum(area_a + area_b - shared, LEAST_AREA)
    inside = shared / np.maximum(np.minimum(area_a, area_b), LEAST_AREA)
    return np.asarray((overlap > DUPLICATE_IOU) | ((inside > NESTED_COVER) & (overlap > nested_iou)))


class ClosePairs(NamedTuple):
    """The pairs of boxes of one class in a picture, best box first, that overlap by more than some IoU.

    worse, better: ``(k,)`` the two boxes of each pair, in the order of the worse. iou: ``(k,)`` how much they overlap.
    same: ``(k,)`` whether they are one thing.
    """

    worse: NDArray[np.int64]
    better: NDArray[np.int64]
    iou: NDArray[np.float64]
    same: NDArray[np.bool_]

    @classmethod
    def of(cls, boxes: Boxes, kinds: NDArray[np.generic], above: float, nested_iou: float) -> "ClosePairs | None":
        """None if there are none. boxes: ``(n, 4)`` xyxy, best first. kinds: ``(n,)`` their classes."""
        shared = intersections(boxes, boxes)
        area = shared.diagonal()
        overlap = over_union(shared, area, area)
        near = overlap > above
        if np.count_nonzero(near) <= np.count_nonzero(area):  # each with itself, if it has an area
            return None
        worse, better = near.nonzero()
        which = (worse > better) & (kinds[worse] == kinds[better])
        worse, better = worse[which], better[which]
        same = same_thing(shared[worse, better], area[worse], area[better], nested_iou)
        return cls(worse, better, overlap[worse, better], same)

    def distinct(self, count: int) -> NDArray[np.bool_]:
        """``(count,)`` which of all boxes are no second box of a better one."""
        stays = np.ones(count, bool)
        for i, j in zip(self.worse[self.same].tolist(), self.better[self.same].tolist(), strict=True):
            if stays[j]:
                stays[i] = False
        return stays

    def doubted(self, score: NDArray[np.float32], among: NDArray[np.bool_]) -> NDArray[np.float32]:
        """``(n,)`` scores, less by the IoU with a better box if that is one of those that count, ``(n,)``.

        Linear Soft-NMS (Bodla et al., 2017): between two cars that stand close together detectors see a third one, but
        are half as sure of it.
        """
        counts, most = among[self.better], np.zeros(len(score))
        np.maximum.at(most, self.worse[counts], self.iou[counts])
        return np.asarray(score * (1 - most), np.float32)


def distinct(boxes: Boxes, cls: NDArray[np.generic], nested_iou: float = NESTED_IOU) -> list[int]:
    """The indices of the boxes that are no second box of a better one of their class.

    boxes: ``(n, 4)`` xyxy, best first. cls: ``(n,)``.
    """
    close = ClosePairs.of(boxes, cls, min(DUPLICATE_IOU, nested_iou), nested_iou)
    return list(range(len(boxes))) if close is None else close.distinct(len(boxes)).nonzero()[0].tolist()

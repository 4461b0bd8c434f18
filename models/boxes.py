"""What is done to a model's boxes outside its graph. A box is a row ``x1, y1, x2, y2, score, class``."""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
"""``(n, 6)`` float32."""

SCORE_FLOOR = 0.05
"""Boxes below it are no detections of a camera."""

RANKED_FROM = 0.001
"""Average precision ranks weaker boxes too, as COCO's own does: else a recall reached late counts as never reached."""

IOU_THRESHOLD = 0.65
"""Of two boxes of one class that overlap more, the weaker is a duplicate."""


def tidy(rows: Rows, width: int, height: int, least: float = SCORE_FLOOR) -> Rows:
    """The rows that reach the score ``least``, cut to the crop, best first; equal scores keep their order."""
    rows = rows[rows[:, 4] >= least]
    rows = rows[np.argsort(-rows[:, 4], kind="stable")]
    rows[:, 0:4:2] = rows[:, 0:4:2].clip(0, width)
    rows[:, 1:4:2] = rows[:, 1:4:2].clip(0, height)
    return rows


def iou_matrix(xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of each box with each, ``(n, 4)`` to ``(n, n)``; 0 where both are empty."""
    top_left = np.maximum(xyxy[:, None, :2], xyxy[None, :, :2])
    bottom_right = np.minimum(xyxy[:, None, 2:], xyxy[None, :, 2:])
    overlap = (bottom_right - top_left).clip(min=0).prod(axis=2)
    area = (xyxy[:, 2:] - xyxy[:, :2]).clip(min=0).prod(axis=1)
    union = area[:, None] + area[None, :] - overlap
    iou: NDArray[np.float32] = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return iou


def suppress(rows: Rows, threshold: float = IOU_THRESHOLD, *, across_classes: bool = False) -> Rows:
    """Greedy non-maximum suppression: a row goes if a better one that stays overlaps it by more than ``threshold``.

    rows: best first. across_classes: a box of another class suppresses too.
    """
    rivals = iou_matrix(rows[:, :4]) > threshold
    if not across_classes:
        rivals &= rows[:, None, 5] == rows[None, :, 5]
    stays = np.ones(len(rows), dtype=bool)
    for i in range(len(rows)):
        if stays[i]:
            stays[i + 1 :] &= ~rivals[i, i + 1 :]
    return rows[stays]

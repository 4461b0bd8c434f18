"""How far two detectors say the same of the same crops."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.boxes import Rows, iou_matrix
from models.card import ModelCard
from models.detector import Detector

SAME_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Agreement:
    """boxes: of the reference that reach its start thresholds. found: of these, those on which the other has a box of
    the same class that reaches keep, IoU at least 0.5. extra: the same with the roles changed, boxes that only the
    other has. iou, score_shift: means over the boxes found; the shift is the other's score minus the reference's."""

    boxes: int
    found: int
    extra: int
    iou: float
    score_shift: float

    def __str__(self) -> str:
        if not self.boxes:
            return "no boxes to compare"
        return (
            f"{self.found} of {self.boxes} boxes again, {self.extra} others;"
            f" mean IoU {self.iou:.3f}, mean shift of scores {self.score_shift:+.3f}"
        )


def agreement(reference: Detector, other: Detector, crops: Iterable[NDArray[np.uint8]]) -> Agreement:
    """crops: ``(1, H, W, 3)`` uint8 RGB each. Both must have the same classes in the same order."""
    boxes = extra = 0
    ious: list[float] = []
    shifts: list[float] = []
    for crop in crops:
        (a,), (b,) = reference.detect(crop), other.detect(crop)
        sure = _from(a, reference.card, reference.card.start)
        iou, score = _best(sure, _from(b, other.card, other.card.keep))
        boxes += len(sure)
        ious += iou[iou >= SAME_IOU].tolist()
        shifts += (score - sure[:, 4])[iou >= SAME_IOU].tolist()
        iou, _ = _best(_from(b, other.card, other.card.start), _from(a, reference.card, reference.card.keep))
        extra += int((iou < SAME_IOU).sum())
    mean_iou, mean_shift = (float(np.mean(values)) if values else 0.0 for values in (ious, shifts))
    return Agreement(boxes, len(ious), extra, mean_iou, mean_shift)


def _from(rows: Rows, card: ModelCard, thresholds: dict[str, float]) -> Rows:
    least = np.array([thresholds[key] for key in card.keys])
    kept: Rows = rows[rows[:, 4] >= least[rows[:, 5].astype(int)]]
    return kept


def _best(rows: Rows, others: Rows) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For each row the IoU with the box of its class that overlaps it most, and that box's score; 0 where none does."""
    if not len(rows) or not len(others):
        return np.zeros(len(rows), np.float32), np.zeros(len(rows), np.float32)
    iou = iou_matrix(np.concatenate([rows[:, :4], others[:, :4]]))[: len(rows), len(rows) :]
    iou = np.where(rows[:, None, 5] == others[None, :, 5], iou, 0).astype(np.float32)
    best = iou.argmax(1)
    return iou.max(1), others[best, 4]

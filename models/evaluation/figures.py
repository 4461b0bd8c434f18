"""The figures of a detector on a labelled set, class by class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.evaluation.average_precision import ap50_interval, average_precision
from models.evaluation.examined import Examined
from models.evaluation.operating_point import operating_point
from models.evaluation.ranking import Ranking, rounded


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How well one class is found.

    ap50, ap: COCO's average precision at IoU 0.5, and over 0.5 to 0.95. ci95: the 95 % interval of ``ap50``.
    boxes: labelled things. precision, recall: of the boxes that reach ``threshold``, the score at which the model is
    used; it is None for a class that the model does not know. A figure that cannot be had is None: a precision without
    a found box, and everything but the recall where only some instances of the class are labelled.
    """

    ap50: float | None
    ap: float | None
    ci95: tuple[float, float] | None
    boxes: int
    precision: float | None
    recall: float | None
    threshold: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "ap50": rounded(self.ap50),
            "ap": rounded(self.ap),
            "ci95": None if self.ci95 is None else [rounded(end) for end in self.ci95],
            "boxes": self.boxes,
            "precision": rounded(self.precision),
            "recall": rounded(self.recall),
            "threshold": self.threshold,
        }


def measure(ranking: Ranking, threshold: float | None) -> ClassFigures:
    """threshold: None where the model does not know the class: then nothing of it is found."""
    point = operating_point(ranking, 1.1 if threshold is None else threshold)
    if not ranking.complete or ranking.boxes == 0:
        return ClassFigures(None, None, None, ranking.boxes, point.precision, point.recall, threshold)
    ap = average_precision(ranking)
    interval = ap50_interval(ranking)
    return ClassFigures(
        float(ap[0]), float(np.mean(ap)), interval, ranking.boxes, point.precision, point.recall, threshold
    )


def labelled_keys(examined: Sequence[Examined]) -> list[str]:
    """The classes of which the pictures show at least one labelled thing, in the order in which they are met."""
    return list(dict.fromkeys(box.cls for e in examined for box in e.picture.boxes))

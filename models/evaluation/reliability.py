"""Whether a score means what it says: of the boxes with score 0.7, are seven in ten right?"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.evaluation.ranking import Ranking, rounded

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Found boxes with scores in ``[low, high)``: how many, their mean score, and the part of them that is right."""

    low: float
    high: float
    boxes: int
    score: float
    precision: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """The reliability curve of one class at IoU 0.5.

    ece: the expected calibration error, the mean over the boxes of how far score and precision of their bin lie apart
    (Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", 2015). None without a
    found box.
    """

    ece: float | None
    bins: tuple[Bin, ...]

    def to_dict(self) -> dict[str, Any]:
        fields = ("low", "high", "boxes", "score", "precision")
        return {
            "ece": rounded(self.ece),
            "bins": [{name: rounded(getattr(one, name)) for name in fields} for one in self.bins],
        }


def reliability(ranking: Ranking) -> Reliability:
    """Only boxes that are known to be right or wrong count; empty where labels are not complete."""
    known = (ranking.right[0] | ranking.wrong[0]) & ranking.complete
    score, right = ranking.score[known], ranking.right[0, known]
    number = np.minimum((score * BINS).astype(int), BINS - 1)
    bins = []
    for i in np.unique(number):
        inside = number == i
        bins.append(
            Bin(
                float(i / BINS),
                float((i + 1) / BINS),
                int(inside.sum()),
                float(score[inside].mean()),
                float(right[inside].mean()),
            )
        )
    if not bins:
        return Reliability(None, ())
    return Reliability(sum(b.boxes * abs(b.score - b.precision) for b in bins) / len(score), tuple(bins))

"""What a score threshold gives, and which one gives what is wanted."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.boxes import SCORE_FLOOR
from models.evaluation.ranking import Ranking, rounded

CANDIDATES = np.arange(round(SCORE_FLOOR * 100), 100) / 100
"""Thresholds that are tried: hundredths, from the score below which the model says nothing."""

LEAST_RECALL = 0.2
"""A start that finds less is of no use, and its precision is that of a handful of boxes."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a class's boxes from ``threshold`` on are worth, at IoU 0.5.

    precision: part of them that is right; None where there is none, or where wrong ones cannot be told.
    recall: part of the labelled things that is found; None where nothing is labelled.
    """

    threshold: float
    precision: float | None
    recall: float | None

    def to_dict(self) -> dict[str, Any]:
        return {"threshold": self.threshold, "precision": rounded(self.precision), "recall": rounded(self.recall)}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The two thresholds of a class, chosen on validation pictures, with what each gives there.

    asked: the precision that was asked for. reached: whether ``start`` has it; where no threshold has it and finds
    enough, ``start`` is the most precise of those that find enough.
    """

    start: OperatingPoint
    keep: OperatingPoint
    reached: bool
    asked: float

    def to_dict(self) -> dict[str, Any]:
        return {"start": self.start.to_dict(), "keep": self.keep.to_dict(), "reached": self.reached}


def operating_point(ranking: Ranking, threshold: float) -> OperatingPoint:
    chosen = ranking.score >= threshold
    right, wrong = int(ranking.right[0, chosen].sum()), int(ranking.wrong[0, chosen].sum())
    known = ranking.complete and right + wrong > 0
    return OperatingPoint(
        threshold,
        right / (right + wrong) if known else None,
        right / ranking.boxes if ranking.boxes else None,
    )


def choose(ranking: Ranking, precision: float = 0.9, keep_precision: float = 0.6) -> Thresholds:
    """The lowest threshold with ``precision`` opens a track; the lowest with ``keep_precision`` keeps it.

    The lowest, because every higher one finds less; and never one that finds less than ``LEAST_RECALL``, where there is
    another. Keep is never above start. Raises ``ValueError`` for a class without labelled things, or whose labels are
    not complete: nothing can be chosen by them.
    """
    if not ranking.complete or ranking.boxes == 0:
        raise ValueError("thresholds are chosen on pictures in which every instance is labelled, and at least one is")
    points = [operating_point(ranking, float(threshold)) for threshold in CANDIDATES]
    points = [point for point in points if point.precision is not None]
    if not points:
        nothing = operating_point(ranking, float(CANDIDATES[-1]))
        return Thresholds(nothing, nothing, False, precision)
    useful = [point for point in points if (point.recall or 0.0) >= LEAST_RECALL]
    start, reached = _lowest(useful or points, precision)
    keep, _ = _lowest(points, min(keep_precision, precision))
    return Thresholds(start, min(start, keep, key=lambda point: point.threshold), reached, precision)


def _lowest(points: list[OperatingPoint], precision: float) -> tuple[OperatingPoint, bool]:
    for point in points:
        if (point.precision or 0.0) >= precision:
            return point, True
    return max(points, key=lambda point: (point.precision or 0.0, point.recall or 0.0)), False

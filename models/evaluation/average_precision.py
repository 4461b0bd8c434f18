"""Average precision as COCO defines it, and how far another draw of streets could have moved it."""

import numpy as np
from numpy.typing import NDArray

from models.evaluation.ranking import Ranking

RECALLS = np.linspace(0, 1, 101)
"""The recalls at which COCO reads the precision."""

ROUNDS, SEED, LEVEL = 1000, 0, 0.95
AT_ONCE = 100
"""Rounds that are computed together: what limits the memory."""


def average_precision(ranking: Ranking) -> NDArray[np.float64]:
    """``(T,)`` average precision at each overlap of ``IOUS``; NaN where nothing is labelled."""
    once = np.ones((1, len(ranking.positives)))
    return np.array([_weighted(ranking, level, once)[0] for level in range(len(ranking.right))])


def ap50_interval(ranking: Ranking, rounds: int = ROUNDS, seed: int = SEED) -> tuple[float, float]:
    """The 95 % interval of AP50 by the percentile bootstrap: scenes are drawn with replacement, ``rounds`` times.

    Scenes and not boxes are drawn because boxes of one street share its light and its clutter. NaN where nothing is
    labelled.
    """
    if ranking.boxes == 0:
        return float("nan"), float("nan")
    scenes = int(ranking.scene.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(scenes, np.full(scenes, 1 / scenes), size=rounds)
    values = [
        _weighted(ranking, 0, drawn[first : first + AT_ONCE, ranking.scene].astype(np.float64))
        for first in range(0, rounds, AT_ONCE)
    ]
    low, high = np.nanpercentile(np.concatenate(values), [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return float(low), float(high)


def _weighted(ranking: Ranking, level: int, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(R,)`` AP at one overlap where each picture counts as often as ``weights``, ``(R, P)``, says.

    Precision at a recall is the best precision at that recall or any higher one. It is best right after a right box, so
    only those places are looked at.
    """
    right, wrong = ranking.right[level], ranking.wrong[level]
    weight = weights[:, ranking.picture]
    hits = np.cumsum(weight * right, axis=1)[:, right]
    false = np.cumsum(weight * wrong, axis=1)[:, right]
    total = weights @ ranking.positives
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = hits / total[:, None]
        precision = np.where(hits > 0, hits / (hits + false), 0.0)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    best = np.concatenate([best, np.zeros((len(best), 1))], axis=1)  # recalls that are never reached
    values = [row[np.searchsorted(reached, RECALLS)].mean() for row, reached in zip(best, recall, strict=True)]
    return np.where(total > 0, values, np.nan)

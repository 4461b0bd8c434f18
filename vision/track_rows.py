"""The numbers of tracks as rows of one array: what a picture changes in them is the same few operations for all.

A row ``(WIDTH,)`` float64 belongs to one track (``vision.track.Track`` names its columns); NaN stands for None. The
functions here take the rows ``(k, WIDTH)`` of some tracks and change them in place.
"""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

FIRST, LAST, LOOKED, SEEN, MISSED, MISSES, HIDDEN, GONE, EMPTY, SCORES, STRONG, STEADY, SURE, SUREST = range(14)
MOVER, MOVED, DUE, MEMORY, PATIENCE, ABSENCE, CONFIRMED = range(14, 21)
BOX, LAST_BOX = slice(21, 25), slice(25, 29)
WIDTH = 29

SURE_S = 5.0
"""Time constant of the part of sightings that are strong."""
HALF_SURE = 0.5
"""Weight at most of one other look in the same box: something in front that is no detection, or a light, may do it."""
ODD_WEIGHS = 2.0
"""A detector often misses what is there; that it draws another box, or another look, says more."""
LEAVING_S = 3.0
"""Patience with a candidate that was on its way when it was last seen: it drove on."""
LEAST_STEADY = 0.4
"""A candidate that stands still in no larger part of the latest observations is over: other things pass its place."""


def unseen_row() -> NDArray[np.float64]:
    """The row of a track before its first sighting."""
    row = np.zeros(WIDTH)
    row[[GONE, MOVED]] = np.nan
    row[STEADY] = 1.0
    row[DUE] = -np.inf
    return row


def see(
    rows: Rows,
    now_s: float,
    boxes: NDArray[np.float64],
    scores: NDArray[np.float32],
    strong: NDArray[np.bool_],
    stood: NDArray[np.bool_],
    still: NDArray[np.bool_],
    known: NDArray[np.bool_],
) -> None:
    """Note a sighting of each.

    stood: whether its box lies as that of a standing thing does. still: whether it stood at its place by all that is
    known; ``known``: whether that can be said.
    """
    odd = ~still
    most = np.where(odd & stood, HALF_SURE, 1.0)
    _steady(rows, now_s, still, rows[:, MEMORY] / np.where(odd, ODD_WEIGHS, 1.0), most * known)
    fresh = np.where(rows[:, SEEN] > 0, 1 - np.exp((rows[:, LAST] - now_s) / SURE_S), 1 / 3)
    rows[:, SURE] += (strong - rows[:, SURE]) * fresh
    rows[:, SUREST] = np.maximum(rows[:, SUREST], rows[:, SURE])
    rows[:, SEEN] += 1
    rows[:, SCORES] += scores
    rows[:, STRONG] += strong
    rows[:, LAST] = rows[:, LOOKED] = now_s
    rows[:, GONE] = np.nan
    rows[:, MISSES] = 0
    rows[:, LAST_BOX] = boxes


def miss(rows: Rows, now_s: float) -> None:
    """Note of each that its place could be seen and it was not there.

    Of the time since the last look as much counts as absence as half of what clears it; nobody saw what was in a
    longer one.
    """
    passed_s = np.minimum(now_s - rows[:, LOOKED], rows[:, ABSENCE] / 2)
    first = np.isnan(rows[:, GONE])
    rows[:, EMPTY] = np.where(first, 0.0, rows[:, EMPTY] + passed_s)
    rows[first, GONE] = now_s
    _steady(rows, now_s, np.zeros(len(rows), bool), rows[:, MEMORY], 1.0)
    rows[:, LOOKED] = now_s
    rows[:, MISSED] += 1
    rows[:, MISSES] += 1


def hide(rows: Rows, now_s: float) -> None:
    """Note of each that nobody could see whether it was there."""
    rows[:, HIDDEN] += 1
    rows[:, LOOKED] = now_s


def over(rows: Rows) -> NDArray[np.bool_]:
    """``(k,)`` which have ended: gone for long enough, or, if they are candidates, too restless."""
    candidate = rows[:, CONFIRMED] == 0
    restless = candidate & (rows[:, STEADY] < LEAST_STEADY)
    if not (missing := rows[:, MISSES] >= 2).any():
        return np.asarray(restless)
    crawling = rows[:, LAST] - rows[:, MOVED] < SURE_S
    patience_s = np.where(candidate, np.where(crawling, LEAVING_S, rows[:, PATIENCE]), rows[:, ABSENCE])
    return np.asarray(restless | (missing & (rows[:, EMPTY] >= patience_s)))


def _steady(
    rows: Rows,
    now_s: float,
    still: NDArray[np.bool_],
    memory_s: NDArray[np.float64],
    most: NDArray[np.float64] | float,
) -> None:
    weight = np.minimum(1 - np.exp((rows[:, LOOKED] - now_s) / memory_s), most)
    rows[:, STEADY] += (still - rows[:, STEADY]) * weight * (rows[:, SEEN] > 0)

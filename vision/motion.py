"""How fast vehicles move, from picture to picture: what passes is no candidate, what crawls is followed.

Only where pictures come at least twice a second. Between rarer ones nothing that moves can be followed for sure, and
places alone decide (``vision.tracker``).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.boxes import Boxes, iou
from vision.ground_scale import GroundScale

VEHICLE = "motor_vehicle_parking"
PASSING_MPS = 3.0
"""From here on a vehicle passes: it opens no track and is nobody who stood at a place."""
CRAWLING_MPS = 1.8
"""A brisk walk. What crawls is in the way as if it stood; a queue is told from it by the rule's dwell."""
SETTLED_S = 4.0
"""One that has been watched for so long is who stands at a place; before, it may be passing somebody else's."""
STANDING_GAP_S = 1.0
GAP_S = 0.55
"""A vehicle unseen for longer is not followed on."""
LINK_IOU = 0.3
STANDING_LINK_IOU = 0.5
"""One that stands is found where it stands: the next one in a queue overlaps it by a third."""
OLDER = 0.05
"""So much IoU a vehicle that was followed for a while is ahead of one that has just come up."""
MOVING = 0.2
"""A vehicle that goes this part of its size in a second is looked for only where it should be by now."""
YOUNG = 6
"""Pictures in which a vehicle has to be seen before its velocity is believed."""
FRESH = 0.3
"""Weight of the last picture's velocity in the running one."""
SLICE_S, SLICES = 0.25, 24
"""Boxes are kept as sums of a quarter of a second, six seconds back: no picture rate makes them more."""
LEARNT = 1000
"""After so many vehicles the ground's scale is learned once a slice, no more from every picture."""
LEAST_S, GLANCE_S, WATCH_S = 1.0, 2.0, 5.0
"""After a second there is a speed at all. What moves is seen at a glance; that something hardly moves takes longer."""
LEAST = np.array([LEAST_S, WATCH_S - SLICE_S])

BEFORE = np.arange(-round(WATCH_S / SLICE_S), 0)
"""The slices of a watch, ``(k,)``, counted from the one that has just begun."""
WITHIN = np.array([[GLANCE_S], [WATCH_S]]) >= -SLICE_S * BEFORE
SUMMED = np.concatenate([WITHIN * (BEFORE * SLICE_S) ** power for power in range(3)])
"""``(6, k)`` their weights: for a glance and a watch in turn one, the time, its square; 0 outside."""

FIRST, LAST, SEEN, GLANCE, WATCH, MOVES = range(6)
BOX, VELOCITY = slice(6, 10), slice(10, 14)
"""Columns of a mover's state: times, how often it was seen, speeds, whether it has to be looked for elsewhere than
where it was last, where that was, and how that changed."""


@dataclass(frozen=True, slots=True)
class Moves:
    """What is known of each of ``n`` vehicles in one picture, all ``(n,)``.

    mover: who it is. passing: too fast for a candidate. driving: faster than a crawl. unknown: it has come up too
    recently to say, though it will be said soon. settled: watched for ``SETTLED_S``, or nobody can be watched.
    """

    mover: NDArray[np.int64]
    passing: NDArray[np.bool_]
    driving: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    settled: NDArray[np.bool_]

    def among(self, vehicles: NDArray[np.bool_]) -> "Moves":
        """The same for all things of a picture, ``(m,)``, of which these are the vehicles; no other one is anybody."""
        mover = np.full(len(vehicles), -1)
        mover[vehicles] = self.mover
        flags = np.zeros((4, len(vehicles)), bool)
        flags[:, vehicles] = self.passing, self.driving, self.unknown, self.settled
        flags[3, ~vehicles] = True
        return Moves(mover, *flags)


class Motion:
    """Links the vehicles of a view from picture to picture, and learns the scale of its ground from them.

    Each vehicle that is followed is a *mover*, an ever larger number from 1; its state is a row of the arrays here.
    """

    def __init__(self) -> None:
        self.scale = GroundScale()
        self.can_follow = False
        self._at_s = -np.inf
        self._slice = 0
        self._newest = 0
        self._forget()

    def _forget(self) -> None:
        self._mover = np.zeros(0, np.int64)
        self._state = np.zeros((0, VELOCITY.stop))
        self._slices = np.zeros((SLICES, 0, 5))  # how many boxes, and their sum

    def follow(self, at_s: float, boxes: Boxes, strong: NDArray[np.bool_], aspect: float) -> Moves:
        """Who each box is, and how it moves.

        boxes: ``(n, 4)`` relative to the picture, best first. strong: ``(n,)`` those that surely show a vehicle.
        aspect: height of the picture by its width.
        """
        if at_s < self._at_s:
            self._forget()
        self.can_follow, self._at_s = 0 <= at_s - self._at_s <= GAP_S, at_s
        self._keep(at_s)
        turned = self._turn(int(at_s // SLICE_S), aspect)
        if (turned or self.scale.seen < LEARNT) and strong.any():
            self.scale.learn(boxes[strong], aspect)
        rows = self._linked(at_s, boxes)
        now = self._add(at_s, boxes, rows)
        speed, age_s = now[:, GLANCE], at_s - now[:, FIRST]
        if not self.can_follow:
            age_s = np.full(len(rows), np.inf)
        return Moves(
            self._mover[rows], speed > PASSING_MPS, speed > CRAWLING_MPS, age_s < LEAST_S + SLICE_S, age_s >= SETTLED_S
        )

    def followed_s(self, mover: int) -> float:
        """For how long it was followed without a break; 0 where it is no more."""
        row = self._row(mover)
        return 0.0 if row is None else float(self._state[row, LAST] - self._state[row, FIRST])

    def speed(self, mover: int) -> float:
        """Metres a second over the last five seconds, or two if that is more; NaN until it was watched for two."""
        row = self._row(mover)
        return float("nan") if row is None else float(np.fmax(self._state[row, WATCH], self._state[row, GLANCE]))

    def lately(self, mover: int) -> Boxes:
        """``(4,)`` where a vehicle that is seen now was on the mean of the last two seconds."""
        row = self._row(mover)
        assert row is not None
        slices = self._slice - np.arange(round(GLANCE_S / SLICE_S))
        total = self._slices[slices % SLICES, row].sum(axis=0)
        return np.asarray(total[1:] / total[0])

    def _row(self, mover: int) -> int | None:
        row = int(self._mover.searchsorted(mover))
        return row if row < len(self._mover) and self._mover[row] == mover else None

    def _keep(self, at_s: float) -> None:
        """Only those that were seen lately enough to be found again."""
        unseen_s = at_s - self._state[:, LAST]
        if np.count_nonzero(unseen_s > GAP_S):
            agile = (self._state[:, MOVES] > 0) | (self._state[:, SEEN] < YOUNG)
            which = unseen_s <= np.where(agile, GAP_S, STANDING_GAP_S)
            self._mover, self._state, self._slices = self._mover[which], self._state[which], self._slices[:, which]

    def _turn(self, now: int, aspect: float) -> bool:
        """Begin another slice of time, and say how fast each mover was in those before; False in the same slice."""
        if now == self._slice:
            return False
        begun = np.arange(max(self._slice + 1, now - SLICES + 1), now + 1)
        self._slice = now
        self._slices[begun % SLICES] = 0.0
        age_s = self._state[:, LAST] - self._state[:, FIRST]
        speed = self.scale.metres(*self._lines(), aspect)
        speed[age_s < LEAST[:, None]] = np.nan
        self._state[:, (GLANCE, WATCH)] = speed.T
        return True

    def _lines(self) -> tuple[Boxes, Boxes]:
        """Straight lines through the boxes of a glance and of a watch.

        ``(2, m, 4)`` their mean, and how much it changes in a second.
        """
        part = self._slices[(self._slice + BEFORE) % SLICES]
        # Of counts and boxes the sums, the sums by time, and those by its square, each (2, m, 5).
        sums = (SUMMED @ part.reshape(len(BEFORE), -1)).reshape(3, 2, -1, 5)
        count = np.maximum(sums[0, ..., :1], 1.0)
        mean_s, mean = sums[1, ..., :1] / count, sums[0, ..., 1:] / count
        spread = np.maximum(sums[2, ..., :1] - count * mean_s**2, 1e-9)
        return mean, (sums[1, ..., 1:] - mean_s * sums[0, ..., 1:]) / spread

    def _linked(self, at_s: float, boxes: Boxes) -> NDArray[np.int64]:
        """The row of each box, -1 for those that were nobody yet."""
        rows = np.full(len(boxes), -1)
        if not len(self._mover) or not len(boxes):
            return rows
        state = self._state
        seen, box, moves = state[:, SEEN], state[:, BOX], state[:, MOVES] > 0
        young = (seen < YOUNG).nonzero()[0]
        ahead = box + state[:, VELOCITY] * (at_s - state[:, LAST])[:, None]
        sure = moves.copy()
        sure[young] = False
        expected = np.where(sure[:, None], ahead, box)
        if len(young):  # whether it moves is not known yet: it may be at either place
            both = iou(np.concatenate([expected, ahead[young]]), boxes)
            fit = both[: len(box)]
            fit[young] = np.maximum(fit[young], both[len(box) :])
        else:
            fit = iou(expected, boxes)
        least = np.where(moves, LINK_IOU, STANDING_LINK_IOU)
        least[young] = LINK_IOU
        which, where = (fit >= least[:, None]).nonzero()
        rank = fit[which, where] + OLDER / 20 * np.minimum(seen, 20)[which]
        order = np.argsort(-rank, kind="stable")
        taken: set[int] = set()
        for row, j in zip(which[order].tolist(), where[order].tolist(), strict=True):
            if rows[j] < 0 and row not in taken:
                taken.add(row)
                rows[j] = row
        return rows

    def _add(self, at_s: float, boxes: Boxes, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Take the boxes in, and give the state of each; ``rows`` gets those of the new ones."""
        new = (rows < 0).nonzero()[0]
        if len(new):
            rows[new] = len(self._mover) + np.arange(len(new))
            self._mover = np.concatenate([self._mover, self._newest + 1 + np.arange(len(new))])
            self._newest += len(new)
            born = np.zeros((len(new), VELOCITY.stop))
            born[:, FIRST] = born[:, LAST] = at_s
            born[:, (GLANCE, WATCH)] = np.nan
            born[:, BOX] = boxes[new]
            self._state = np.concatenate([self._state, born])
            self._slices = np.concatenate([self._slices, np.zeros((SLICES, len(new), 5))], axis=1)
        now = self._state.take(rows, axis=0)
        before, velocity = now[:, BOX], now[:, VELOCITY]
        took_s = np.maximum(at_s - now[:, LAST], 1e-6)[:, None]
        fresh = np.where(now[:, SEEN] == 1, 1.0, FRESH)[:, None]
        velocity += fresh * ((boxes - before) / took_s - velocity)
        way = np.abs(velocity[:, :2] + velocity[:, 2:])
        moves = way > 2 * MOVING * (boxes[:, 2:] - boxes[:, :2])
        now[:, MOVES] = moves[:, 0] | moves[:, 1]
        now[:, LAST] = at_s
        now[:, SEEN] += 1
        now[:, BOX] = boxes
        self._state[rows] = now
        counted = np.ones((len(boxes), 5))
        counted[:, 1:] = boxes
        self._slices[self._slice % SLICES, rows] += counted
        return now

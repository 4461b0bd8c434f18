"""How fast vehicles move, from picture to picture: what passes is no candidate, what crawls is followed.

Only where pictures come at least twice a second. Between rarer ones nothing that moves can be followed for sure, and
places alone decide (``vision.tracker``).
"""

import numpy as np
from numpy.typing import NDArray

from vision.boxes import Boxes, iou
from vision.ground_scale import GroundScale

VEHICLE = "motor_vehicle_parking"
PASSING_MPS = 3.0
"""From here on a vehicle passes: it opens no track and is nobody who stood at a place."""
CRAWLING_MPS = 1.8
"""A brisk walk. What crawls is in the way as if it stood; a queue is told from it by the rule's dwell."""
GAP_S = 0.55
"""A vehicle unseen for longer is not followed on."""
LINK_IOU = 0.3
OLDER = 0.05
"""So much IoU a vehicle that was followed for a while is ahead of one that has just come up."""
MOVING = 0.2
"""A vehicle that goes this part of its size in a second is looked for only where it should be by now."""
STILL = 0.1
"""Part of its own size that a vehicle which stands may seem to move in five seconds."""
YOUNG = 6
"""Pictures in which a vehicle has to be seen before its velocity is believed."""
FRESH = 0.3
"""Weight of the last picture's velocity in the running one."""
SLICE_S, SLICES = 0.25, 24
"""Boxes are kept as sums of a quarter of a second, six seconds back: no picture rate makes them more."""
SETTLED = 1000
"""After so many vehicles the ground's scale is learned once a slice, no more from every picture."""
LEAST_S, GLANCE_S, WATCH_S = 1.0, 2.0, 5.0
"""After a second there is a speed at all. What moves is seen at a glance; that something hardly moves takes longer."""

FIRST, LAST, SEEN, GLANCE, WATCH, STILL_FOR_LONG = range(6)
BOX, VELOCITY, WHERE = slice(6, 10), slice(10, 14), slice(14, 18)
"""Columns of a mover's state: times, how often it was seen, speeds, and boxes."""


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
        self._state = np.zeros((0, WHERE.stop))
        self._slices = np.zeros((0, SLICES, 5))  # how many boxes, and their sum

    def follow(self, at_s: float, boxes: Boxes, strong: NDArray[np.bool_], aspect: float) -> NDArray[np.int64]:
        """``(n,)`` the mover that each box is.

        boxes: ``(n, 4)`` relative to the picture, best first. strong: ``(n,)`` those that surely show a vehicle.
        aspect: height of the picture by its width.
        """
        if at_s < self._at_s:
            self._forget()
        self.can_follow, self._at_s = 0 <= at_s - self._at_s <= GAP_S, at_s
        self._keep(at_s - self._state[:, LAST] <= GAP_S)
        turned = self._turn(int(at_s // SLICE_S), aspect)
        if strong.any() and (turned or self.scale.seen < SETTLED):
            self.scale.learn(boxes[strong], aspect)
        rows = self._linked(at_s, boxes)
        self._add(at_s, boxes, rows)
        return self._mover[rows]

    def passing(self, movers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each is known to be too fast for a candidate."""
        return np.asarray(self._state[self._rows(movers), GLANCE] > PASSING_MPS)

    def unknown(self, movers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each has come up too recently to say, though it will be said soon."""
        rows = self._rows(movers)
        age_s = self._state[rows, LAST] - self._state[rows, FIRST]
        return np.asarray(self.can_follow & (age_s < LEAST_S + SLICE_S))

    def followed_s(self, mover: int) -> float:
        """For how long it was followed without a break; 0 where it is no more."""
        row = self._row(mover)
        return 0.0 if row is None else float(self._state[row, LAST] - self._state[row, FIRST])

    def speed(self, mover: int) -> float:
        """Metres a second over the last five seconds, or two if that is more; NaN until it was watched for five."""
        row = self._row(mover)
        return float("nan") if row is None else float(np.maximum(self._state[row, WATCH], self._state[row, GLANCE]))

    def standing(self, mover: int) -> Boxes | None:
        """Where it has stood over the last five seconds; None if it was not watched for so long, or stirred."""
        row = self._row(mover)
        return self._state[row, WHERE].copy() if row is not None and self._state[row, STILL_FOR_LONG] else None

    def stood(self, movers: NDArray[np.int64]) -> Boxes:
        """``(n, 4)`` the same of each, NaN where there is no such place."""
        places = np.full((len(movers), 4), np.nan)
        rows = self._rows(movers)
        known = rows < len(self._mover)
        known[known] = self._mover[rows[known]] == movers[known]
        known[known] = self._state[rows[known], STILL_FOR_LONG] > 0
        places[known] = self._state[rows[known], WHERE]
        return places

    def _row(self, mover: int) -> int | None:
        row = int(self._mover.searchsorted(mover))
        return row if row < len(self._mover) and self._mover[row] == mover else None

    def _rows(self, movers: NDArray[np.int64]) -> NDArray[np.int64]:
        return self._mover.searchsorted(movers)

    def _keep(self, which: NDArray[np.bool_]) -> None:
        if not which.all():
            self._mover, self._state, self._slices = self._mover[which], self._state[which], self._slices[which]

    def _turn(self, now: int, aspect: float) -> bool:
        """Begin another slice of time, and say how fast each mover was in those before; False in the same slice."""
        if now == self._slice:
            return False
        begun = np.arange(max(self._slice + 1, now - SLICES + 1), now + 1)
        self._slice = now
        self._slices[:, begun % SLICES] = 0.0
        state = self._state
        age_s = state[:, LAST] - state[:, FIRST]
        watched = age_s >= WATCH_S - SLICE_S
        mean, slope = self._line(GLANCE_S)
        state[:, GLANCE] = np.where(age_s >= LEAST_S, self.scale.metres(mean, slope, aspect), np.nan)
        mean, slope = self._line(WATCH_S)
        state[:, WATCH] = np.where(watched, self.scale.metres(mean, slope, aspect), np.nan)
        way = np.abs(slope[:, :2] + slope[:, 2:]) / 2 * WATCH_S
        state[:, WHERE] = mean
        state[:, STILL_FOR_LONG] = watched & (way < STILL * (mean[:, 2:] - mean[:, :2])).all(axis=1)
        return True

    def _line(self, window_s: float) -> tuple[Boxes, Boxes]:
        """A straight line through the boxes of the last ``window_s``: ``(m, 4)`` their mean, and its slope a second."""
        slices = self._slice + np.arange(-round(window_s / SLICE_S), 0)
        part = self._slices[:, slices % SLICES]
        counts, total = part[..., 0], part.sum(axis=1)
        number = np.maximum(total[:, 0], 1.0)
        times = slices * SLICE_S - (counts @ (slices * SLICE_S) / number)[:, None]
        spread = np.maximum((counts * times**2).sum(axis=1), 1e-9)
        slope = (part[..., 1:] * times[..., None]).sum(axis=1) / spread[:, None]
        return total[:, 1:] / number[:, None], slope

    def _linked(self, at_s: float, boxes: Boxes) -> NDArray[np.int64]:
        """The row of each box, -1 for those that were nobody yet."""
        rows = np.full(len(boxes), -1)
        if not len(self._mover) or not len(boxes):
            return rows
        box, velocity, seen = self._state[:, BOX], self._state[:, VELOCITY], self._state[:, SEEN]
        way = np.abs(velocity[:, :2] + velocity[:, 2:]) / 2
        moving = (way > MOVING * (box[:, 2:] - box[:, :2])).any(axis=1)
        young = seen < YOUNG
        ahead = velocity * (at_s - self._state[:, LAST])[:, None]
        expected = box + ahead * (moving & ~young)[:, None]
        if young.any():  # whether it moves is not known yet: it may be at either place
            both = iou(np.concatenate([expected, box[young] + ahead[young]]), boxes)
            fit = both[: len(box)]
            fit[young] = np.maximum(fit[young], both[len(box) :])
        else:
            fit = iou(expected, boxes)
        which, where = (fit >= LINK_IOU).nonzero()
        rank = fit[which, where] + OLDER * np.minimum(seen[which], 20) / 20
        order = np.argsort(-rank, kind="stable")
        taken: set[int] = set()
        free = set(range(len(boxes)))
        for row, j in zip(which[order].tolist(), where[order].tolist(), strict=True):
            if j in free and row not in taken:
                taken.add(row)
                free.remove(j)
                rows[j] = row
        return rows

    def _add(self, at_s: float, boxes: Boxes, rows: NDArray[np.int64]) -> None:
        """Take the boxes in; ``rows`` gets those of the new ones."""
        old = rows >= 0
        known = rows[old]
        before = self._state[known]
        took_s = np.maximum(at_s - before[:, LAST], 1e-6)[:, None]
        fresh = np.where(before[:, SEEN] == 1, 1.0, FRESH)[:, None]
        self._state[known, VELOCITY] += fresh * ((boxes[old] - before[:, BOX]) / took_s - before[:, VELOCITY])
        if new := len(rows) - len(known):
            rows[~old] = len(self._mover) + np.arange(new)
            self._mover = np.concatenate([self._mover, self._newest + 1 + np.arange(new)])
            self._newest += new
            born = np.zeros((new, WHERE.stop))
            born[:, FIRST] = at_s
            born[:, (GLANCE, WATCH)] = np.nan
            self._state = np.concatenate([self._state, born])
            self._slices = np.concatenate([self._slices, np.zeros((new, SLICES, 5))])
        self._state[rows, LAST] = at_s
        self._state[rows, SEEN] += 1
        self._state[rows, BOX] = boxes
        sums = self._slices[:, self._slice % SLICES]
        sums[rows, 0] += 1
        sums[rows, 1:] += boxes

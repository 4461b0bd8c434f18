"""Which detection is which thing: first who it was in the last picture, then whose place it is at.

A place alone cannot tell a parked vehicle from the traffic that passes it, and a vehicle that is followed from picture
to picture is lost whenever something drives past it. So who was followed stays the thing wherever it crawls to, and
whoever else comes to a place has to show first that it stands there.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vision.boxes import Boxes, Overlap, iou, paired_iou
from vision.seen import Seen, noise
from vision.track import stands
from vision.track_rows import BOX, CONFIRMED, LAST, MOVER, SEEN, Rows

MATCH_IOU = 0.5
LEFT_IOU = 0.2
"""A vehicle that overlaps its place no more than this has left: what crawls takes its place along long before."""
BACK_S = 6.0
"""For so long after it was last seen, whatever stands exactly where it stood is the same: something only passed."""
OLDER = 0.1
"""Of two things at one place, so much IoU the one that was seen twenty times is ahead of a new one."""

CouldBe = Callable[[int, int], bool]


class Matching:
    """Finds the pairs of one picture. which, where: the tracks that are seen, and the detection that each is.

    left: ``(t,)`` tracks whose vehicle is seen elsewhere. waiting: ``(t,)`` those at whose place somebody is of whom it
    is not known yet. free: ``(n,)`` detections at nobody's place.

    owner: ``(n,)`` the track that each detection is, or -1. overlap: of places and detections.

    rows: ``(t, WIDTH)`` of the tracks. cls: ``(t,)`` their classes as the detections number them, -1 for none.
    could_be: whether a detection may show a track's thing at all, asked of pairs that are good otherwise.
    """

    def __init__(self, rows: Rows, cls: NDArray[np.int64], now: Seen, could_be: CouldBe):
        self.which: list[int] = []
        self.where: list[int] = []
        self.cls, self.overlap = cls, Overlap.of(rows[:, BOX], now.boxes)
        self._rows, self._now, self._could_be = rows, now, could_be
        self._places, self._boxes = (grown(boxes, noise(now.frame)) for boxes in (rows[:, BOX], now.boxes))
        self.waiting = np.zeros(len(rows), bool)
        self.left = np.zeros(len(rows), bool)
        self.free = ~now.moves.passing
        self._free_tracks = np.ones(len(rows), bool)
        self._by_who_it_was()
        self._by_place()
        self.owner = np.full(len(now.boxes), -1)
        self.owner[self.where] = self.which

    def _by_who_it_was(self) -> None:
        at = {mover: j for j, mover in enumerate(self._now.moves.mover.tolist()) if mover > 0 and self.free[j]}
        who = self._rows[:, MOVER].tolist()
        tracks = [i for i, mover in enumerate(who) if mover in at]
        if not tracks:
            return
        which, where = np.array(tracks), np.array([at[who[i]] for i in tracks])
        overlap = paired_iou(self._places[which], self._boxes[where])
        # One that drives on is seen at its place only; one that crawls takes it along.
        stays = (overlap >= MATCH_IOU) | ((overlap >= LEFT_IOU) & ~self._now.moves.driving[where])
        self.left[which] = overlap < LEFT_IOU
        which, where = which[stays], where[stays]
        self._take(which, where, (self._rows[:, SEEN] + 1e9 * self._rows[:, CONFIRMED])[which])

    def _by_place(self) -> None:
        tracks, found = self._free_tracks.nonzero()[0], self.free.nonzero()[0]
        if not len(tracks) or not len(found):
            return
        now = self._now
        fits = iou(self._places[tracks], self._boxes[found])
        near = fits >= MATCH_IOU
        near &= self.cls[tracks, None] == now.detections.cls[found]
        a, b = near.nonzero()
        if not len(a):
            return
        which, where = tracks[a], found[b]
        fit, rows = fits[a, b], self._rows[which]
        confirmed = rows[:, CONFIRMED] > 0
        another = confirmed & (rows[:, MOVER] > 0) & ~now.moves.settled[where]
        known = np.where(confirmed, ~another, ~now.moves.unknown[where])
        if np.count_nonzero(another):
            back = stands(rows[:, BOX], now.boxes[where], noise(now.frame))
            known |= another & back & (now.frame.elapsed_s - rows[:, LAST] <= BACK_S)
        # A violation comes first; among equals the older track.
        rank = fit + OLDER * np.minimum(1.0, rows[:, SEEN] / 20) + 2.0 * confirmed
        self._take(which[known], where[known], rank[known])
        unsure = another & self._free_tracks[which] & self.free[where]
        self.waiting[which[unsure]] = True
        self.free[where[unsure]] = False

    def _take(self, which: NDArray[np.int64], where: NDArray[np.int64], rank: NDArray[np.float64]) -> None:
        """Of these pairs the best first, each track and each detection once."""
        order = np.argsort(-rank, kind="stable") if len(rank) > 1 else [0] * len(rank)
        for i, j in zip(which[order].tolist(), where[order].tolist(), strict=True):
            if self._free_tracks[i] and self.free[j] and self._could_be(i, j):
                self._free_tracks[i] = self.free[j] = False
                self.left[i] = False
                self.which.append(i)
                self.where.append(j)


def grown(boxes: Boxes, noise: tuple[float, float]) -> Boxes:
    """Boxes with half the detector's noise added on each side: of small ones it is much."""
    x, y = noise
    return boxes + np.array([-x, -y, x, y]) / 2

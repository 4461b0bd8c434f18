"""The anchored tracker: one thing at one place is one track, over missed detections, occlusions and outages.

Street-order things do not move, so a track is a place: detections are matched to where the thing was first seen to
stand, never to where a motion model expects it. What moves leaves its place within a second or two and is forgotten.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labels.violation import ViolationType
from streams.frame import Frame
from vision import track_rows
from vision.boxes import areas, iou, one_iou, over_union, paired_iou, shared_sides
from vision.motion import VEHICLE, Motion
from vision.place_look import likeness, look_at
from vision.records import Detections
from vision.seen import Seen, noise
from vision.track import SAME_LOOK, Sighting, Track, stands
from vision.track_rows import ABSENCE, BOX, DUE, FIRST, GONE, HOME, LAST, MEMORY, MOVER, PATIENCE, SEEN, WIDTH
from vision.visibility import CUT_COVER, HIDDEN_COVER, hides, looks_the_same, maybe_there

MATCH_IOU = 0.5
LEFT_IOU = 0.2
"""A vehicle that stood and then overlaps its place no more than this has left, however slowly it went."""
REPLACED = 0.4
"""Likeness of a place below which it is another thing that stands there after a while in which nobody saw it."""
LOOK_MOVED = 0.002
"""A place that has moved by more than this part of the picture is looked at anew."""
SETTLING = 16
"""So many sightings each put the place right; later those do that double their number."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a candidate may be missing before it is forgotten, and a confirmed thing before it is cleared.

    family: of the type (``labels.violation.ViolationType``).
    """

    patience_s: float
    absence_s: float
    family: str | None = None

    @property
    def memory_s(self) -> float:
        """Of how steadily a candidate stands."""
        return self.patience_s / 4

    @classmethod
    def of(cls, type: ViolationType) -> "Timing":
        rule = type.rule
        return cls(min(rule.absence_s, max(3.0, 0.25 * rule.dwell_s)), rule.absence_s, type.family)


class Tracker:
    """Tracks of one view. ``timing`` gives each class's patience; classes without one are only occluders.

    tracks: the older first. Their numbers are the rows of one array (``vision.track_rows``), in the same order.
    """

    def __init__(self, timing: Mapping[str, Timing]):
        self.timing = timing
        self.tracks: list[Track] = []
        self.motion = Motion()
        self._rows = np.zeros((0, WIDTH))

    def add(self, *tracks: Track) -> None:
        """Go on with these, too."""
        for track in tracks:
            timing = self.timing[track.key]
            track.row[[MEMORY, PATIENCE, ABSENCE]] = timing.memory_s, timing.patience_s, timing.absence_s
        self._lay([*self.tracks, *tracks])

    def remove(self, *tracks: Track) -> None:
        """These are over; each keeps its numbers for itself."""
        gone = {id(track) for track in tracks}
        for track in tracks:
            track.row = track.row.copy()
        self._lay([track for track in self.tracks if id(track) not in gone])

    def _lay(self, tracks: list[Track]) -> None:
        self.tracks, self._rows = tracks, np.array([track.row for track in tracks]).reshape(-1, WIDTH)
        for track, row in zip(tracks, self._rows, strict=True):
            track.row = row

    def due(self, now_s: float) -> list[Track]:
        """Those seen now of which a rule has something to say (``Track.due_s``)."""
        which = (self._rows[:, LAST] == now_s) & (self._rows[:, DUE] <= now_s)
        return [self.tracks[i] for i in which.nonzero()[0].tolist()]

    def update(self, frame: Frame, detections: Detections, strong: NDArray[np.bool_], faint: Detections) -> list[Track]:
        """Take one frame's detections, all at or above their keep threshold; ``strong`` marks those above start.

        What is ``faint`` is not even above keep. It is no sighting, but where a thing stood a minute ago it says that
        nobody saw it leave: glare and dusk take most of a score.

        Weak detections open tracks too, but a track counts only once it was seen strongly: two thresholds with
        hysteresis as in Canny's edge detector (1986), so that an onset is not put off until a score happens to be high.
        Returns the tracks that ended. Tracks seen now have ``last_s == frame.elapsed_s``.
        """
        now = self._look(frame, detections, strong, faint)
        free = ~(now.passing | now.unknown)
        if self.tracks:
            candidate = self._candidate()
            fit, cover = self._overlaps(now)
            which, where = self._match(now, fit, candidate)
            self._sight(now, which, where, fit, cover)
            owner = np.full(len(free), -1)
            owner[where] = which
            self._miss(now, owner, cover, candidate)
            free &= owner < 0
        if free.any():
            self._open(now, free.nonzero()[0].tolist())
        return self._bury()

    def _candidate(self) -> NDArray[np.bool_]:
        return np.array([track.violation is None for track in self.tracks], bool)

    def _look(self, frame: Frame, detections: Detections, strong: NDArray[np.bool_], faint: Detections) -> Seen:
        boxes = detections.xyxy.astype(np.float64)
        movers = np.zeros(len(boxes), np.int64)
        passing, unknown = np.zeros(len(boxes), bool), np.zeros(len(boxes), bool)
        if VEHICLE in detections.keys:
            vehicles = detections.cls == detections.keys.index(VEHICLE)
            aspect = frame.size[1] / frame.size[0]
            found = self.motion.follow(frame.elapsed_s, boxes[vehicles], strong[vehicles], aspect)
            movers[vehicles] = found
            passing[vehicles], unknown[vehicles] = self.motion.passing(found), self.motion.unknown(found)
        return Seen(frame, detections, boxes, strong, movers, passing, unknown, faint)

    def _overlaps(self, now: Seen) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """``(t, n)`` IoU of each place and detection, 0 for another class; and how much of the place that covers.

        For the IoU half the detector's noise is added on each side: of a small box it is a good part.
        """
        places, (x, y) = self._rows[:, BOX], noise(now.frame)
        width, height = shared_sides(places, now.boxes)
        shared = np.maximum(width + x, 0) * np.maximum(height + y, 0)
        grow = np.array([-x, -y, x, y]) / 2
        fit = over_union(shared, areas(places + grow), areas(now.boxes + grow))
        fit *= self._classes(now)[:, None] == now.detections.cls
        cover = np.maximum(width, 0, out=width) * np.maximum(height, 0, out=height)
        return fit, cover / np.maximum(areas(places), 1e-12)[:, None]

    def _classes(self, now: Seen) -> NDArray[np.int64]:
        """``(t,)`` the class of each track as the detections number it, -1 for one that the detector does not know."""
        index = {key: i for i, key in enumerate(now.detections.keys)}
        return np.array([index.get(track.key, -1) for track in self.tracks])

    def _match(self, now: Seen, fit: NDArray[np.float64], candidate: NDArray[np.bool_]) -> tuple[list[int], list[int]]:
        """The tracks that are seen, and the detection that each of them is."""
        good = fit >= MATCH_IOU
        crawled = self._crawled(now, good)
        # At its place a violation comes first, then who it was in the last picture; among equals the older track.
        ahead = 0.1 * np.minimum(1.0, self._rows[:, SEEN] / 20)
        rank = fit + ahead[:, None] + crawled + good * np.where(candidate, 0.0, 2.0)[:, None]
        good |= crawled
        good &= ~(now.passing | (candidate[:, None] & now.unknown))
        which, where = good.nonzero()
        order = np.argsort(-rank[which, where], kind="stable")
        found: dict[int, int] = {}
        taken: set[int] = set()
        for i, j in zip(which[order].tolist(), where[order].tolist(), strict=True):
            if i not in found and j not in taken and self._could_be(self.tracks[i], now, j):
                found[i] = j
                taken.add(j)
        return list(found), list(found.values())

    def _could_be(self, track: Track, now: Seen, j: int) -> bool:
        """Whether a detection at its place may be the thing: if nobody saw it for a while the pixels have to agree."""
        if not track.could_be(now.descriptor(j)):
            return False
        lately = now.frame.elapsed_s - track.last_s < self.timing[track.key].absence_s
        if track.look is None or not now.frame.crops or (lately and track.misses < 2):
            return True
        return likeness(track.look, look_at(now.frame.crops[0], now.frame.regions[0], track.look.box)) >= REPLACED

    def _crawled(self, now: Seen, at_home: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """``(t, n)`` whether a detection is the vehicle of a track wherever it is now, unless it has left its place."""
        same = np.asarray((self._rows[:, MOVER, None] == now.movers) & (now.movers > 0))
        which, where = (same & ~at_home).nonzero()
        if len(which):
            same[which, where] = ~(paired_iou(self._rows[which, HOME], now.boxes[where]) < LEFT_IOU)
        return same

    def _move(self, track: Track, now: Seen, j: int) -> None:
        """The vehicle is seen beside its place.

        One that stood there has to stand again elsewhere before that is its place: another one close by may draw its
        box far out for a moment.
        """
        place = now.boxes[j] if track.home is None else self.motion.standing(track.mover)
        if place is not None and one_iou(place.tolist(), track.box.tolist()) < MATCH_IOU:
            track.move(now.frame.elapsed_s, place)
            track.home = None

    def _sight(
        self,
        now: Seen,
        which: list[int],
        where: list[int],
        fit: NDArray[np.float64],
        cover: NDArray[np.float64],
    ) -> None:
        """The tracks ``which`` are seen as the detections ``where``."""
        if not which:
            return
        stood = stands(self._rows[which, BOX], now.boxes[where], noise(now.frame))
        beside = fit[which, where] < MATCH_IOU
        for n in beside.nonzero()[0].tolist():
            self._move(self.tracks[which[n]], now, where[n])
        over = cover[which] >= CUT_COVER  # something in front changes a box and a look
        self._see(now, which, where, stood, over.sum(axis=1) > over[np.arange(len(where)), where])

    def _see(
        self, now: Seen, which: Sequence[int], where: Sequence[int], stood: NDArray[np.bool_], cut: NDArray[np.bool_]
    ) -> None:
        """Note the sightings. cut: of which something else covers a part."""
        frame, now_s, tracks = now.frame, now.frame.elapsed_s, [self.tracks[i] for i in which]
        rows, boxes, score, movers = self._rows[which], now.boxes[where], now.detections.score[where], now.movers[where]
        alike = np.array([self._alike(track, frame) for track in tracks]) if frame.crops else np.ones(len(tracks))
        # Where there are pixels they say whether it stands: what is half hidden stands in an odd box.
        still = (alike >= SAME_LOOK) if frame.crops else stood
        still = still | ((movers > 0) & (rows[:, MOVER] == movers))
        track_rows.see(rows, now_s, boxes, score, now.strong[where], stood, still, still | ~cut)
        rows[:, MOVER] = movers
        homeless = np.isnan(rows[:, HOME.start]) & (movers > 0)
        if homeless.any():
            rows[homeless, HOME] = self.motion.stood(movers[homeless])
        self._rows[which] = rows
        for track, seen, box, *values in zip(
            tracks, rows[:, SEEN].astype(int).tolist(), boxes.tolist(), score.tolist(), alike.tolist(), strict=True
        ):
            track.last_at = frame.captured_at
            if (seen - 1) % track.every == 0:
                track.keep(Sighting(now_s, *box, *values))
            if seen < SETTLING or seen & (seen - 1) == 0:
                track.settle()
        if now.detections.descriptor is not None:
            for track, descriptor in zip(tracks, now.detections.descriptor[where], strict=True):
                track.describe(descriptor)

    def _alike(self, track: Track, frame: Frame) -> float:
        """How much the place looks as it did at the last sighting; the track keeps the new look."""
        crop, region = frame.crops[0], frame.regions[0]
        if track.look is None:
            track.look = look_at(crop, region, track.box)
            return 1.0
        now = look_at(crop, region, track.look.box)
        alike = likeness(track.look, now)
        # The place settles while the first sightings come in; later it stays, and one look serves both times.
        moved = np.abs(track.look.box - track.box).max() > LOOK_MOVED
        track.look = look_at(crop, region, track.box) if moved else now
        return alike

    def _open(self, now: Seen, where: list[int]) -> None:
        """Begin tracks of those of these detections that a rule speaks of."""
        where = [j for j in where if now.key(j) in self.timing]
        if not where:
            return
        frame, first, begun = now.frame, len(self.tracks), []
        for j, (x1, y1, x2, y2) in zip(where, now.boxes[where].tolist(), strict=True):
            track = Track(now.key(j), frame.captured_at, (x1, y1, x2, y2), onset=frame.still)
            track.first_s, track.box = frame.elapsed_s, now.boxes[j]
            begun.append(track)
        self.add(*begun)
        yes = np.ones(len(where), bool)
        self._see(now, range(first, len(self.tracks)), where, yes, ~yes)

    def _miss(
        self, now: Seen, owner: NDArray[np.int64], cover: NDArray[np.float64], candidate: NDArray[np.bool_]
    ) -> None:
        """Note for each track without a detection whether its place could be seen.

        owner: ``(n,)`` the track that each detection is, or -1.
        """
        frame, now_s = now.frame, now.frame.elapsed_s
        missed = self._rows[:, LAST] != now_s
        if not missed.any():
            return
        there = self._hidden(now, owner, missed, cover)
        for i in (missed & ~there & (bool(frame.crops) | ~candidate)).nonzero()[0].tolist():
            track = self.tracks[i]
            there[i] = (
                looks_the_same(track, frame)
                if candidate[i]
                else maybe_there(track, frame, now.faint) or self._by_another_name(track, now)
            )
        gone = missed & ~there
        for i in gone.nonzero()[0].tolist():
            if math.isnan(self._rows[i, GONE]):
                self.tracks[i].gone_at = frame.captured_at
        for note, some in ((track_rows.hide, there), (track_rows.miss, gone)):
            if some.any():
                rows = self._rows[some]
                note(rows, now_s)
                self._rows[some] = rows

    def _hidden(
        self, now: Seen, owner: NDArray[np.int64], missed: NDArray[np.bool_], cover: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """``(t,)`` which of the tracks that are missed have something in front of them."""
        # What is only suspected hides nothing: a glow over the whole street would keep all of it from being seen.
        which, where = ((cover >= HIDDEN_COVER) & now.strong & missed[:, None]).nonzero()
        found = np.zeros(len(missed), bool)
        if len(which):
            rows, begun_s = self._rows[which], np.where(owner < 0, np.inf, self._rows[owner, FIRST])[where]
            alike = self._classes(now)[which] == now.detections.cls[where]
            found[which[hides(rows, now.boxes[where], alike, begun_s, now.frame.elapsed_s)]] = True
        return found

    def _by_another_name(self, track: Track, now: Seen) -> bool:
        """Whether the detector sees at this place what it takes such things for, too."""
        family = self.timing[track.key].family
        if family is None:
            return False
        kin = [
            n for n, key in enumerate(now.detections.keys) if key in self.timing and self.timing[key].family == family
        ]
        at = now.boxes[np.isin(now.detections.cls, kin)]
        return bool((iou(track.box[None], at) >= MATCH_IOU).any())

    def _bury(self) -> list[Track]:
        over = track_rows.over(self._rows, self._candidate()).nonzero()[0].tolist()
        ended = [self.tracks[i] for i in over]
        if ended:
            self.remove(*ended)
        return ended

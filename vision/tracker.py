"""The anchored tracker: one thing at one place is one track, over missed detections, occlusions and outages.

Street-order things hardly move, so a track is a place: where the thing was seen to stand. Only a vehicle that is
followed from picture to picture takes its place along while it crawls (``vision.matching``). What
moves on is forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labels.violation import ViolationType
from streams.frame import Frame
from vision import track_rows
from vision.boxes import Boxes, iou, paired_cover, paired_iou
from vision.matching import MATCH_IOU, Matching
from vision.motion import VEHICLE, Motion
from vision.place_look import likeness, look_at
from vision.records import Detections
from vision.seen import Seen, noise
from vision.sightings import Sighting
from vision.track import SAME_LOOK, Track, stands
from vision.track_rows import (
    ABSENCE,
    BOX,
    CONFIRMED,
    DUE,
    FIRST,
    GONE,
    LAST,
    MEMORY,
    MOVER,
    PATIENCE,
    SEEN,
    STRONG,
    WIDTH,
)
from vision.visibility import CUT_COVER, HIDDEN_COVER, PART_COVER, hides, looks_the_same, maybe_there

REPLACED = 0.4
"""Likeness of a place below which it is another thing that stands there after a while in which nobody saw it."""
LOOK_MOVED = 0.002
"""A place that has moved by more than this part of the picture is looked at anew."""
SETTLING = frozenset({3, 5, 6, 7, 10, 12, 14})
"""Sightings that put the place right, beside those that double their number."""


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

    @property
    def places(self) -> Boxes:
        """``(t, 4)`` those of all tracks."""
        return self._rows[:, BOX].copy()

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
        free, ended = ~now.moves.passing, []
        if self.tracks:
            matching = Matching(
                self._rows, self._classes(now), now, lambda i, j: self._could_be(self.tracks[i], now, j)
            )
            if matching.which:
                self._sight(now, matching)
            self._miss(now, matching)
            free = matching.free & ~self._parts(now, matching)
            ended = self._bury(matching.left)
        free = free & ~now.moves.unknown
        if free.any():
            self._open(now, free.nonzero()[0].tolist())
        return ended

    def _look(self, frame: Frame, detections: Detections, strong: NDArray[np.bool_], faint: Detections) -> Seen:
        boxes = detections.xyxy.astype(np.float64)
        vehicles = np.zeros(len(boxes), bool)
        if VEHICLE in detections.keys:
            vehicles = detections.cls == detections.keys.index(VEHICLE)
        aspect = frame.size[1] / frame.size[0]
        if vehicles.all():
            moves = self.motion.follow(frame.elapsed_s, boxes, strong, aspect)
        else:
            moves = self.motion.follow(frame.elapsed_s, boxes[vehicles], strong[vehicles], aspect).among(vehicles)
        return Seen(frame, detections, boxes, strong, moves, faint)

    def _classes(self, now: Seen) -> NDArray[np.int64]:
        """``(t,)`` the class of each track as the detections number it, -1 for one that the detector does not know."""
        index = {key: i for i, key in enumerate(now.detections.keys)}
        return np.array([index.get(track.key, -1) for track in self.tracks])

    def _could_be(self, track: Track, now: Seen, j: int) -> bool:
        """Whether a detection at its place may be the thing: if nobody saw it for a while the pixels have to agree."""
        if not track.could_be(now.descriptor(j)):
            return False
        if track.look is None or not now.frame.crops:
            return True
        lately = now.frame.elapsed_s - track.last_s < self.timing[track.key].absence_s
        if lately and track.misses < 2:
            return True
        return likeness(track.look, look_at(now.frame.crops[0], now.frame.regions[0], track.look.box)) >= REPLACED

    def _sight(self, now: Seen, matching: Matching) -> None:
        """Tracks are seen as the detections that match them."""
        which, where = np.array(matching.which), np.array(matching.where)
        places, boxes = self._rows[which, BOX], now.boxes[where]
        stood = stands(places, boxes, noise(now.frame))
        cut, everyone = np.zeros(len(which), bool), stood.all()
        if now.frame.crops or not everyone:  # something in front changes a box and a look
            over = matching.overlap.covered(which) >= CUT_COVER
            cut = np.count_nonzero(over, axis=1) > over[np.arange(len(which)), where]
        if not everyone:
            followed = self._rows[which, MOVER] == now.moves.mover[where]
            for n in (followed & (paired_iou(places, boxes) < MATCH_IOU)).nonzero()[0].tolist():
                self._move(self.tracks[which[n]], now, where[n], bool(cut[n]))
        self._see(now, which, where, stood, cut)

    def _move(self, track: Track, now: Seen, j: np.int64, cut: bool) -> None:
        """The vehicle is seen beside its place; if it is there for longer it takes its place along.

        One picture is none: something that passes close by may draw its box far out. Nor is the part that is still to
        be seen of what stands behind something, ``cut``. And where the place looks as before nothing has moved: the
        detector drew one box around two.
        """
        place = self.motion.lately(int(now.moves.mover[j]))[None]
        part = cut and paired_cover(place, track.box[None])[0] >= PART_COVER
        elsewhere = not part and paired_iou(place, track.box[None])[0] < MATCH_IOU
        if elsewhere and not looks_the_same(track, now.frame):
            track.move(now.frame.elapsed_s, place[0])

    def _see(
        self,
        now: Seen,
        which: NDArray[np.int64],
        where: NDArray[np.int64],
        stood: NDArray[np.bool_],
        cut: NDArray[np.bool_],
    ) -> None:
        """Note the sightings. cut: of which something else covers a part."""
        frame, now_s, tracks = now.frame, now.frame.elapsed_s, [self.tracks[i] for i in which.tolist()]
        rows, boxes, score, movers = (
            self._rows[which],
            now.boxes[where],
            now.detections.score[where],
            now.moves.mover[where],
        )
        alike = np.array([self._alike(track, frame) for track in tracks]) if frame.crops else np.ones(len(tracks))
        # Where there are pixels they say whether it stands: what is half hidden stands in an odd box.
        still = (alike >= SAME_LOOK) if frame.crops else stood
        still = still | ((movers > 0) & (rows[:, MOVER] == movers))
        track_rows.see(rows, now_s, boxes, score, now.strong[where], stood, still, still | ~cut)
        rows[:, MOVER] = np.maximum(movers, 0)
        self._rows[which] = rows
        for track, seen, box, *values in zip(
            tracks, rows[:, SEEN].astype(int).tolist(), boxes.tolist(), score.tolist(), alike.tolist(), strict=True
        ):
            track.last_at = frame.captured_at
            if (seen - 1) % track.every == 0:
                track.keep(Sighting(now_s, *box, *values))
            if seen in SETTLING or seen & (seen - 1) == 0:
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
        self._see(now, np.arange(first, len(self.tracks)), np.array(where), yes, ~yes)

    def _miss(self, now: Seen, matching: Matching) -> None:
        """Note for each track without a detection whether its place could be seen."""
        frame, now_s = now.frame, now.frame.elapsed_s
        missed = (self._rows[:, LAST] != now_s).nonzero()[0]
        if not len(missed):
            return
        rows = self._rows.take(missed, axis=0)
        there = matching.waiting[missed] | self._hidden(now, missed, matching)
        candidate = rows[:, CONFIRMED] == 0
        for n in (~there & (bool(frame.crops) | ~candidate)).nonzero()[0].tolist():
            track = self.tracks[missed[n]]
            there[n] = (
                looks_the_same(track, frame)
                if candidate[n]
                else maybe_there(track, frame, now.faint) or self._by_another_name(track, now)
            )
        for n in (~there & np.isnan(rows[:, GONE])).nonzero()[0].tolist():
            self.tracks[missed[n]].gone_at = frame.captured_at
        for note, some in ((track_rows.hide, there), (track_rows.miss, ~there)):
            if some.any():
                part = rows[some]
                note(part, now_s)
                self._rows[missed[some]] = part

    def _hidden(self, now: Seen, missed: NDArray[np.int64], matching: Matching) -> NDArray[np.bool_]:
        """``(k,)`` which of the tracks ``missed`` have something in front of them."""
        # What is only suspected hides nothing: a glow over the whole street would keep all of it from being seen.
        cls, owner, overlap = matching.cls, matching.owner, matching.overlap
        n, where = ((overlap.covered(missed) >= HIDDEN_COVER) & now.strong).nonzero()
        found = np.zeros(len(missed), bool)
        if len(n):
            which = missed[n]
            begun_s = np.where(owner[where] < 0, np.inf, self._rows[owner[where], FIRST])
            alike = cls[which] == now.detections.cls[where]
            part = overlap.shared[which, where] >= PART_COVER * overlap.area_b[where]
            hidden = hides(self._rows[which], now.boxes[where], alike, part, begun_s, now.frame.elapsed_s)
            found[n[hidden]] = True
        return found

    def _parts(self, now: Seen, matching: Matching) -> NDArray[np.bool_]:
        """``(n,)`` which of the ``free`` detections are all that is to be seen of a thing that was whole lately."""
        free, cls, overlap = matching.free, matching.cls, matching.overlap
        parts, now_s, last_s = np.zeros(len(free), bool), now.frame.elapsed_s, self._rows[:, LAST]
        missed = ((last_s != now_s) & (now_s - last_s < self._rows[:, ABSENCE])).nonzero()[0]
        where = free.nonzero()[0]
        if len(missed) and len(where):
            inside = overlap.shared[missed[:, None], where] >= PART_COVER * overlap.area_b[where]
            inside &= cls[missed, None] == now.detections.cls[where]
            # What is seen surely is no part of what never was: the detector drew one faint box around two.
            inside &= (self._rows[missed, STRONG] > 0)[:, None] | ~now.strong[where]
            parts[where] = inside.any(axis=0)
        return parts

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

    def _bury(self, left: NDArray[np.bool_]) -> list[Track]:
        """Take out the tracks that are over; of those that ``left``, ``(t,)``, all that are candidates."""
        over = track_rows.over(self._rows) | (left & (self._rows[:, CONFIRMED] == 0))
        ended = [self.tracks[i] for i in over.nonzero()[0].tolist()]
        if ended:
            self.remove(*ended)
        return ended

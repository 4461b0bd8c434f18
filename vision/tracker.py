"""The anchored tracker: one thing at one place is one track, over missed detections, occlusions and outages.

Street-order things do not move, so a track is a place: detections are matched to where the thing was first seen to
stand, never to where a motion model expects it. What moves leaves its place within a second or two and is forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labels.violation import ViolationType
from streams.frame import Frame
from vision.boxes import covered, iou, paired_iou
from vision.motion import VEHICLE, Motion
from vision.place_look import likeness, look_at
from vision.records import Detections
from vision.track import SAME_LOOK, Track, stands
from vision.visibility import HIDDEN_COVER, cut, hidden, looks_the_same, maybe_there

MATCH_IOU = 0.5
LEFT_IOU = 0.2
"""A vehicle that stood and then overlaps its place no more than this has left, however slowly it went."""
NOWHERE = np.full(4, np.nan)
REPLACED = 0.4
"""Likeness of a place below which it is another thing that stands there after a while in which nobody saw it."""
LEAST_STEADY = 0.4
"""A candidate that stands still in no larger part of the latest observations is over: other things pass its place."""
LEAVING_S = 3.0
"""Patience with a candidate that was on its way when it was last seen: it drove on."""
LOOK_MOVED = 0.002
"""A place that has moved by more than this part of the picture is looked at anew."""
NOISE_PX = 1.5
"""Jitter of a detector's box in pixels of its input."""


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


@dataclass(frozen=True, slots=True)
class _Seen:
    """One frame as the tracker looks at it; ``strong`` marks detections at or above their start threshold.

    movers: ``(n,)`` who each vehicle is from picture to picture, 0 for other things. passing: vehicles too fast to be
    candidates. unknown: those of which that is not known yet. faint: what is below the keep threshold.
    """

    frame: Frame
    detections: Detections
    boxes: NDArray[np.float64]
    strong: NDArray[np.bool_]
    movers: NDArray[np.int64]
    passing: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    faint: Detections

    def key(self, j: int) -> str:
        return self.detections.keys[int(self.detections.cls[j])]

    def descriptor(self, j: int) -> NDArray[np.float32] | None:
        return None if self.detections.descriptor is None else self.detections.descriptor[j]


class Tracker:
    """Tracks of one view. ``timing`` gives each class's patience; classes without one are only occluders."""

    def __init__(self, timing: Mapping[str, Timing]):
        self.timing = timing
        self.tracks: list[Track] = []
        self.motion = Motion()

    def update(self, frame: Frame, detections: Detections, strong: NDArray[np.bool_], faint: Detections) -> list[Track]:
        """Take one frame's detections, all at or above their keep threshold; ``strong`` marks those above start.

        What is ``faint`` is not even above keep. It is no sighting, but where a thing stood a minute ago it says that
        nobody saw it leave: glare and dusk take most of a score.

        Weak detections open tracks too, but a track counts only once it was seen strongly: two thresholds with
        hysteresis as in Canny's edge detector (1986), so that an onset is not put off until a score happens to be high.
        Returns the tracks that ended. Tracks seen now have ``last_s == frame.elapsed_s``.
        """
        now = self._look(frame, detections, strong, faint)
        cover = covered(np.array([track.box for track in self.tracks]).reshape(-1, 4), now.boxes)
        owner = self._match(now, cover)
        self._miss(now, owner, cover)
        for j in np.flatnonzero(~now.passing & ~now.unknown).tolist():
            if owner[j] is None and now.key(j) in self.timing:
                self._open(now, j)
        return self._bury()

    def _look(self, frame: Frame, detections: Detections, strong: NDArray[np.bool_], faint: Detections) -> _Seen:
        boxes = detections.xyxy.astype(np.float64)
        movers = np.zeros(len(boxes), np.int64)
        passing, unknown = np.zeros(len(boxes), bool), np.zeros(len(boxes), bool)
        if VEHICLE in detections.keys:
            vehicles = detections.cls == detections.keys.index(VEHICLE)
            aspect = frame.size[1] / frame.size[0]
            found = self.motion.follow(frame.elapsed_s, boxes[vehicles], strong[vehicles], aspect)
            movers[vehicles] = found
            passing[vehicles], unknown[vehicles] = self.motion.passing(found), self.motion.unknown(found)
        return _Seen(frame, detections, boxes, strong, movers, passing, unknown, faint)

    def _match(self, now: _Seen, cover: NDArray[np.float64]) -> list[Track | None]:
        """For each detection the track that it belongs to, one to one; the tracks note the sighting.

        cover: ``(t, n)`` part of each place that each detection covers.
        """
        owner: list[Track | None] = [None] * len(now.boxes)
        if not self.tracks or not len(now.boxes):
            return owner
        grow = np.array([-1, -1, 1, 1]) * np.tile(noise(now.frame), 2) / 2
        places = np.array([t.box for t in self.tracks])
        fit = iou(places + grow, now.boxes + grow)
        index = {key: i for i, key in enumerate(now.detections.keys)}
        fit[np.array([index.get(t.key, -1) for t in self.tracks])[:, None] != now.detections.cls[None]] = 0.0
        crawled = self._crawled(now)
        candidate = np.array([track.violation is None for track in self.tracks])
        # At its place a violation comes first, then who it was in the last picture; among equals the older track.
        at_home = (fit >= MATCH_IOU) & ~candidate[:, None]
        rank = fit + 0.1 * np.array([min(1.0, t.seen / 20) for t in self.tracks])[:, None] + crawled + 2.0 * at_home
        barred = now.passing | (candidate[:, None] & now.unknown)
        pairs = np.argwhere(((fit >= MATCH_IOU) | crawled) & ~barred)
        pairs = pairs[np.argsort(-rank[pairs[:, 0], pairs[:, 1]], kind="stable")]
        still = stands(places[pairs[:, 0]], now.boxes[pairs[:, 1]], noise(now.frame))
        taken: set[int] = set()
        for (i, j), stood in zip(pairs.tolist(), still.tolist(), strict=True):
            track = self.tracks[i]
            if owner[j] is None and i not in taken and self._could_be(track, now, j):
                taken.add(i)
                owner[j] = track
                if fit[i, j] < MATCH_IOU:
                    self._move(track, now, j)
                self._see(track, now, j, stood, cover[i])
        return owner

    def _could_be(self, track: Track, now: _Seen, j: int) -> bool:
        """Whether a detection at its place may be the thing: if nobody saw it for a while the pixels have to agree."""
        if not track.could_be(now.descriptor(j)):
            return False
        lately = now.frame.elapsed_s - track.last_s < self.timing[track.key].absence_s
        if track.look is None or not now.frame.crops or (lately and track.misses < 2):
            return True
        return likeness(track.look, look_at(now.frame.crops[0], now.frame.regions[0], track.look.box)) >= REPLACED

    def _crawled(self, now: _Seen) -> NDArray[np.bool_]:
        """``(t, n)`` whether a detection is the vehicle of a track wherever it is now, unless it has left its place."""
        movers = np.array([track.mover for track in self.tracks])
        same: NDArray[np.bool_] = (movers[:, None] == now.movers) & (now.movers > 0)
        which, where = np.nonzero(same)
        homes = [self.tracks[i].home for i in which.tolist()]
        left = paired_iou(
            np.array([NOWHERE if home is None else home for home in homes]).reshape(-1, 4), now.boxes[where]
        )
        same[which, where] = ~(left < LEFT_IOU)
        return same

    def _move(self, track: Track, now: _Seen, j: int) -> None:
        """The vehicle is seen beside its place.

        One that stood there has to stand again elsewhere before that is its place: another one close by may draw its
        box far out for a moment.
        """
        place = now.boxes[j] if track.home is None else self.motion.standing(track.mover)
        if place is not None and iou(place[None], track.box[None])[0, 0] < MATCH_IOU:
            track.move(now.frame.elapsed_s, place)
            track.home = None

    def _see(self, track: Track, now: _Seen, j: int, stood: bool, covers: NDArray[np.float64] | None) -> None:
        score, strong = float(now.detections.score[j]), bool(now.strong[j])
        frame = now.frame
        alike = self._alike(track, frame)
        followed = track.mover > 0 and track.mover == now.movers[j]
        # Where there are pixels they say it: what is half hidden stands in an odd box.
        still: bool | None = followed or (alike >= SAME_LOOK if frame.crops else stood)
        if not still and covers is not None and cut(covers, j):
            still = None  # something in front changes its box and its look
        box, looks, memory_s = now.boxes[j], now.descriptor(j), self.timing[track.key].memory_s
        track.see(frame.elapsed_s, frame.captured_at, box, score, strong, alike, looks, stood, still, memory_s)
        track.size, track.mover = frame.size, int(now.movers[j])
        if track.home is None:
            track.home = self.motion.standing(track.mover)

    def _alike(self, track: Track, frame: Frame) -> float:
        """How much the place looks as it did at the last sighting; the track keeps the new look."""
        if not frame.crops:
            return 1.0
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

    def _open(self, now: _Seen, j: int) -> None:
        x1, y1, x2, y2 = now.boxes[j].tolist()
        frame = now.frame
        track = Track(
            key=now.key(j),
            first_s=frame.elapsed_s,
            first_at=frame.captured_at,
            first_box=(x1, y1, x2, y2),
            box=now.boxes[j],
            last_s=frame.elapsed_s,
            last_at=frame.captured_at,
            size=frame.size,
            onset=frame.still,
        )
        self._see(track, now, j, True, None)
        self.tracks.append(track)

    def _miss(self, now: _Seen, owner: list[Track | None], cover: NDArray[np.float64]) -> None:
        """Note for each track without a detection whether its place could be seen."""
        # What is only suspected hides nothing: a glow over the whole street would keep all of it from being seen.
        over: dict[int, list[int]] = {}
        for i, j in np.argwhere((cover >= HIDDEN_COVER) & now.strong).tolist():
            over.setdefault(i, []).append(j)
        seen = {id(track) for track in owner}
        now_s, keys, boxes = now.frame.elapsed_s, now.detections.names(), now.boxes.tolist()
        for i, track in enumerate(self.tracks):
            if id(track) in seen:
                continue
            timing, before = self.timing[track.key], over.get(i, ())
            which, where, whose = [keys[j] for j in before], [boxes[j] for j in before], [owner[j] for j in before]
            in_front = hidden(track, where, which, whose, now_s, timing.absence_s)
            confirmed = track.violation is not None
            if in_front or (
                maybe_there(track, now.frame, now.faint) or self._by_another_name(track, now)
                if confirmed
                else looks_the_same(track, now.frame)
            ):
                track.hide(now_s)
            else:
                track.miss(now_s, now.frame.captured_at, timing.memory_s, timing.absence_s / 2)

    def _by_another_name(self, track: Track, now: _Seen) -> bool:
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
        ended = []
        for track in self.tracks:
            timing = self.timing[track.key]
            patience_s = LEAVING_S if track.crawls else timing.patience_s
            patience = timing.absence_s if track.violation is not None else patience_s
            gone = track.misses >= 2 and track.empty_s >= patience
            if gone or (track.violation is None and track.steady < LEAST_STEADY):
                ended.append(track)
        if ended:
            over = {id(t) for t in ended}
            self.tracks = [t for t in self.tracks if id(t) not in over]
        return ended


def noise(frame: Frame) -> tuple[float, float]:
    """The detector's jitter relative to the picture, from how many of its pixels the picture got."""
    if not frame.regions:
        return NOISE_PX / frame.size[0], NOISE_PX / frame.size[1]
    region = frame.regions[0]
    return NOISE_PX * region.scale_x, NOISE_PX * region.scale_y

"""The anchored tracker: one thing at one place is one track, over missed detections, occlusions and outages.

Street-order things do not move, so a track is a place: detections are matched to where the thing was first seen to
stand, never to where a motion model expects it. What moves leaves its place within a second or two and is forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.frame import Frame
from vision.boxes import covered, iou
from vision.motion import VEHICLE, Motion
from vision.place_look import FLAT, likeness, look_at
from vision.records import Detections
from vision.track import SAME_LOOK, Track

MATCH_IOU = 0.5
HIDDEN_COVER = 0.3
"""A place of which another thing covers this part cannot be judged."""
PART_COVER = 0.8
"""A box that lies in the place by this much of itself may be the part of the thing that is still seen."""
LEFT_IOU = 0.2
"""A vehicle that stood and then overlaps its place no more than this has left, however slowly it went."""
NOWHERE = np.full(4, np.nan)
NEARER = 0.1
"""A lower edge that is lower by this part of the thing's height is nearer to the camera."""
LOOK_MOVED = 0.002
"""A place that has moved by more than this part of the picture is looked at anew."""
NOISE_PX = 1.5
"""Jitter of a detector's box in pixels of its input."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a candidate may be missing before it is forgotten, and a confirmed thing before it is cleared."""

    patience_s: float
    absence_s: float

    @classmethod
    def of(cls, dwell_s: float, absence_s: float) -> "Timing":
        return cls(min(absence_s, max(3.0, 0.25 * dwell_s)), absence_s)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One frame as the tracker looks at it; ``strong`` marks detections at or above their start threshold.

    movers: ``(n,)`` who each vehicle is from picture to picture, 0 for other things. passing: vehicles too fast to be
    candidates. unknown: those of which that is not known yet.
    """

    frame: Frame
    detections: Detections
    boxes: NDArray[np.float64]
    strong: NDArray[np.bool_]
    movers: NDArray[np.int64]
    passing: NDArray[np.bool_]
    unknown: NDArray[np.bool_]

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

    def update(self, frame: Frame, detections: Detections, strong: NDArray[np.bool_]) -> list[Track]:
        """Take one frame's detections, all at or above their keep threshold; ``strong`` marks those above start.

        Weak detections open tracks too, but a track counts only once it was seen strongly: two thresholds with
        hysteresis as in Canny's edge detector (1986), so that an onset is not put off until a score happens to be high.
        Returns the tracks that ended. Tracks seen now have ``last_s == frame.elapsed_s``.
        """
        now = self._look(frame, detections, strong)
        owner = self._match(now)
        self._miss(now, owner)
        for j in np.flatnonzero(~now.passing & ~now.unknown).tolist():
            if owner[j] is None and now.key(j) in self.timing:
                self._open(now, j)
        return self._bury(frame.elapsed_s)

    def _look(self, frame: Frame, detections: Detections, strong: NDArray[np.bool_]) -> _Seen:
        boxes = detections.xyxy.astype(np.float64)
        movers = np.zeros(len(boxes), np.int64)
        passing, unknown = np.zeros(len(boxes), bool), np.zeros(len(boxes), bool)
        if VEHICLE in detections.keys:
            vehicles = detections.cls == detections.keys.index(VEHICLE)
            aspect = frame.size[1] / frame.size[0]
            found = self.motion.follow(frame.elapsed_s, boxes[vehicles], strong[vehicles], aspect)
            movers[vehicles] = found
            passing[vehicles], unknown[vehicles] = self.motion.passing(found), self.motion.unknown(found)
        return _Seen(frame, detections, boxes, strong, movers, passing, unknown)

    def _match(self, now: _Seen) -> list[Track | None]:
        """For each detection the track that it belongs to, one to one; the tracks note the sighting."""
        owner: list[Track | None] = [None] * len(now.boxes)
        if not self.tracks or not len(now.boxes):
            return owner
        grow = np.array([-1, -1, 1, 1]) * np.tile(noise(now.frame), 2) / 2
        fit = iou(np.array([t.box for t in self.tracks]) + grow, now.boxes + grow)
        index = {key: i for i, key in enumerate(now.detections.keys)}
        fit[np.array([index.get(t.key, -1) for t in self.tracks])[:, None] != now.detections.cls[None]] = 0.0
        crawled = self._crawled(now)
        # Among equals the older track keeps its thing.
        rank = fit + 0.1 * np.array([min(1.0, t.seen / 20) for t in self.tracks])[:, None] + crawled
        candidate = np.array([track.violation is None for track in self.tracks])
        barred = now.passing | (candidate[:, None] & now.unknown)
        pairs = np.argwhere(((fit >= MATCH_IOU) | crawled) & ~barred)
        taken: set[int] = set()
        for i, j in pairs[np.argsort(-rank[pairs[:, 0], pairs[:, 1]], kind="stable")].tolist():
            if owner[j] is None and i not in taken and self.tracks[i].could_be(now.descriptor(j)):
                taken.add(i)
                owner[j] = self.tracks[i]
                if fit[i, j] < MATCH_IOU:
                    self._move(self.tracks[i], now, j)
                self._see(self.tracks[i], now, j)
        return owner

    def _crawled(self, now: _Seen) -> NDArray[np.bool_]:
        """``(t, n)`` whether a detection is the vehicle of a track wherever it is now, unless it has left its place."""
        movers = np.array([track.mover for track in self.tracks])
        homes = np.array([NOWHERE if track.home is None else track.home for track in self.tracks])
        same = (movers[:, None] == now.movers) & (now.movers > 0)
        return np.asarray(same & ~(iou(homes, now.boxes) < LEFT_IOU))

    def _move(self, track: Track, now: _Seen, j: int) -> None:
        """The vehicle is seen beside its place.

        One that stood there has to stand again elsewhere before that is its place: another one close by may draw its
        box far out for a moment.
        """
        place = now.boxes[j] if track.home is None else self.motion.standing(track.mover)
        if place is not None and iou(place[None], track.box[None])[0, 0] < MATCH_IOU:
            track.move(now.frame.elapsed_s, place)
            track.home = None

    def _see(self, track: Track, now: _Seen, j: int) -> None:
        score, strong = float(now.detections.score[j]), bool(now.strong[j])
        frame = now.frame
        alike = self._alike(track, frame)
        track.see(frame.elapsed_s, frame.captured_at, now.boxes[j], score, strong, alike, now.descriptor(j))
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
        self._see(track, now, j)
        self.tracks.append(track)

    def _miss(self, now: _Seen, owner: list[Track | None]) -> None:
        """Note for each track without a detection whether its place could be seen."""
        seen = {id(track) for track in owner if track is not None}
        missing = [track for track in self.tracks if id(track) not in seen]
        if not missing:
            return
        cover = covered(np.array([t.box for t in missing]), now.boxes)
        for track, shares in zip(missing, cover, strict=True):
            if self._hidden(track, shares, now, owner) or (
                track.violation is not None and looks_the_same(track, now.frame)
            ):
                track.hidden += 1
            else:
                track.miss(now.frame.elapsed_s, now.frame.captured_at)

    def _hidden(self, track: Track, cover: NDArray[np.float64], now: _Seen, owner: list[Track | None]) -> bool:
        """Whether something that came after the thing hides its place.

        A neighbour that was there while the thing was seen hides nothing. Nor does a thing of the same kind at the same
        depth: two vehicles cannot stand on one spot, so the first has left. What is nearer hides (its lower edge is
        lower), what is of another kind hides (people), and so does a part of the thing itself, until the part has
        stood there for as long as an absence takes: then it is something else.
        """
        height = track.box[3] - track.box[1]
        for j in np.flatnonzero(cover >= HIDDEN_COVER).tolist():
            box, other = now.boxes[j], owner[j]
            if other is not None and other.first_s <= track.last_s:
                continue
            if now.key(j) != track.key or box[3] > track.box[3] + NEARER * height:
                return True
            part = covered(box[None], track.box[None])[0, 0] >= PART_COVER
            stands_s = 0.0 if other is None else now.frame.elapsed_s - other.first_s
            if part and stands_s < self.timing[track.key].absence_s:
                return True
        return False

    def _bury(self, now_s: float) -> list[Track]:
        ended = []
        for track in self.tracks:
            timing = self.timing[track.key]
            patience = timing.absence_s if track.violation is not None else timing.patience_s
            if track.gone_s is not None and track.misses >= 2 and now_s - track.gone_s >= patience:
                ended.append(track)
        if ended:
            gone = {id(t) for t in ended}
            self.tracks = [t for t in self.tracks if id(t) not in gone]
        return ended


def looks_the_same(track: Track, frame: Frame) -> bool:
    """Whether the place looks as it did when the thing was last seen: then the detector missed it, and it stands."""
    if track.look is None or not frame.crops:
        return False
    now = look_at(frame.crops[0], frame.regions[0], track.look.box)
    return min(now.contrast, track.look.contrast) >= FLAT and likeness(track.look, now) >= SAME_LOOK


def noise(frame: Frame) -> tuple[float, float]:
    """The detector's jitter relative to the picture, from how many of its pixels the picture got."""
    if not frame.regions:
        return NOISE_PX / frame.size[0], NOISE_PX / frame.size[1]
    region = frame.regions[0]
    return NOISE_PX * region.scale_x, NOISE_PX * region.scale_y

"""The anchored tracker: one thing at one place is one track, over missed detections, occlusions and outages.

Street-order things do not move, so a track is a place: detections are matched to where the thing was first seen to
stand, never to where a motion model expects it. What moves leaves its place within a second or two and is forgotten.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.frame import Frame
from vision.boxes import covered, iou
from vision.records import Detections
from vision.track import Track

MATCH_IOU = 0.5
HIDDEN_COVER = 0.3
"""A place of which another thing covers this part cannot be judged."""
NOISE_PX = 1.5
"""Jitter of a detector's box in pixels of its input."""
LIKENESS_FLOOR = 0.2
"""Below this cosine a detection at the place is another thing."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a candidate may be missing before it is forgotten, and a confirmed thing before it is cleared."""

    patience_s: float
    absence_s: float

    @classmethod
    def of(cls, dwell_s: float, absence_s: float) -> "Timing":
        return cls(min(absence_s, max(3.0, 0.25 * dwell_s)), absence_s)


class Tracker:
    """Tracks of one view. ``timing`` gives each class's patience; classes without one are only occluders."""

    def __init__(self, timing: Mapping[str, Timing]):
        self.timing = timing
        self.tracks: list[Track] = []

    def update(
        self,
        frame: Frame,
        detections: Detections,
        start: NDArray[np.bool_],
        opened: Callable[[Track], None] = lambda _: None,
    ) -> list[Track]:
        """Take one frame's detections (all at or above their keep threshold); ``start`` marks those that may open.

        Returns the tracks that ended. Tracks seen now have ``last_s == frame.elapsed_s``.
        """
        boxes = detections.xyxy.astype(np.float64)
        owner = self._match(frame, detections, boxes)
        seen = {id(track) for track in owner if track is not None}
        if self.tracks and len(boxes):
            cover = covered(np.array([t.box for t in self.tracks]), boxes)
        else:
            cover = np.zeros((len(self.tracks), len(boxes)))
        for i, track in enumerate(self.tracks):
            if id(track) not in seen and not self._hidden(track, cover[i], boxes, owner, frame.elapsed_s):
                track.miss(frame.elapsed_s, frame.captured_at)
        for j in np.flatnonzero(start).tolist():
            if owner[j] is None and detections.keys[detections.cls[j]] in self.timing:
                opened(self._open(frame, detections, j, boxes))
        return self._bury(frame.elapsed_s)

    def _match(self, frame: Frame, detections: Detections, boxes: NDArray[np.float64]) -> list[Track | None]:
        owner: list[Track | None] = [None] * len(boxes)
        if not self.tracks or not len(boxes):
            return owner
        grow = np.array([-1, -1, 1, 1]) * np.tile(noise(frame), 2) / 2
        places = np.array([t.box for t in self.tracks])
        fit = iou(places + grow, boxes + grow)
        names = np.array([detections.keys.index(t.key) if t.key in detections.keys else -1 for t in self.tracks])
        fit[names[:, None] != detections.cls[None]] = 0.0
        # Among equals the older track keeps its thing.
        rank = fit + 0.1 * np.array([min(1.0, t.seen / 20) for t in self.tracks])[:, None]
        candidates = np.argwhere(fit >= MATCH_IOU)
        order = np.argsort(-rank[candidates[:, 0], candidates[:, 1]], kind="stable")
        taken: set[int] = set()
        for i, j in candidates[order].tolist():
            if owner[j] is None and i not in taken and self._could_be(self.tracks[i], detections, j):
                taken.add(i)
                owner[j] = self.tracks[i]
                self._see(self.tracks[i], frame, detections, j, boxes)
        return owner

    def _could_be(self, track: Track, detections: Detections, j: int) -> bool:
        if track.descriptor is None or detections.descriptor is None:
            return True
        return float(track.descriptor @ detections.descriptor[j]) >= LIKENESS_FLOOR

    def _see(self, track: Track, frame: Frame, detections: Detections, j: int, boxes: NDArray[np.float64]) -> None:
        descriptor = None if detections.descriptor is None else detections.descriptor[j]
        track.see(frame.elapsed_s, frame.captured_at, boxes[j], float(detections.score[j]), descriptor)
        track.size = frame.size

    def _open(self, frame: Frame, detections: Detections, j: int, boxes: NDArray[np.float64]) -> Track:
        x1, y1, x2, y2 = boxes[j].tolist()
        track = Track(
            key=detections.keys[detections.cls[j]],
            first_s=frame.elapsed_s,
            first_at=frame.captured_at,
            first_box=(x1, y1, x2, y2),
            box=boxes[j],
            last_s=frame.elapsed_s,
            last_at=frame.captured_at,
            size=frame.size,
            onset=frame.still,
        )
        self._see(track, frame, detections, j, boxes)
        self.tracks.append(track)
        return track

    def _hidden(
        self,
        track: Track,
        cover: NDArray[np.float64],
        boxes: NDArray[np.float64],
        owner: list[Track | None],
        now_s: float,
    ) -> bool:
        """Whether something that came after the thing stands in front of its place.

        A neighbour that was there while the thing was seen hides nothing. What has itself stood at the same depth for
        as long as an absence takes has replaced the thing.
        """
        for j in np.flatnonzero(cover >= HIDDEN_COVER).tolist():
            other = owner[j]
            if other is None:
                return True
            if other.first_s <= track.last_s:
                continue
            deeper = boxes[j, 3] <= track.box[3] + 0.15 * (track.box[3] - track.box[1])
            if not (deeper and now_s - other.first_s >= self.timing[track.key].absence_s):
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


def noise(frame: Frame) -> tuple[float, float]:
    """The detector's jitter relative to the picture, from how many of its pixels the picture got."""
    region = frame.regions[0]
    return NOISE_PX * region.scale_x, NOISE_PX * region.scale_y

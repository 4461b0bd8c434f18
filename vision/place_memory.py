"""What was at the places of a view before: which violation is another one's repeat, and where a person said no."""

from dataclasses import dataclass, field

from streams.frame import Frame
from vision.boxes import Boxes, iou
from vision.place_look import FLAT, Look, likeness, look_at
from vision.track import SAME_LOOK, Track

SAME_PLACE_IOU = 0.3
REPEAT_S = 24 * 3600.0
"""A violation at a place where one of its type ended less than this before is that one's repeat."""
MOST = 200
"""Of a view, the newest: a year of a busy one has thousands."""


@dataclass(slots=True)
class Past:
    """A violation that is over: its place, the elapsed second at which it was seen to be gone, and how it looked."""

    violation_id: str
    key: str
    box: Boxes
    ended_s: float
    look: Look | None

    def at(self, track: Track) -> bool:
        return self.key == track.key and bool(iou(self.box[None], track.box[None])[0, 0] >= SAME_PLACE_IOU)


@dataclass(slots=True)
class PlaceMemory:
    """rejected: ids of violations that a person rejected; what ended of them is kept until others push it out."""

    rejected: set[str] = field(default_factory=set)
    past: list[Past] = field(default_factory=list)

    def end(self, track: Track, now_s: float) -> None:
        """A violation is over."""
        self.past = [p for p in self.past if now_s - p.ended_s < REPEAT_S or p.violation_id in self.rejected][-MOST:]
        ended_s = now_s if track.gone_s is None else track.gone_s
        self.past.append(Past(track.violation.id, track.key, track.box, ended_s, track.look))

    def repeat_of(self, track: Track) -> str | None:
        """The last violation of its type that was at its place."""
        recent = (p for p in reversed(self.past) if track.first_s - p.ended_s < REPEAT_S)
        return next((p.violation_id for p in recent if p.at(track)), None)

    def rejected_before(self, track: Track, frame: Frame) -> str | None:
        """The rejected violation of its type that was at its place and looked as it does now.

        Without pictures nobody can tell whether it has changed, and it counts as the same.
        """
        for past in reversed(self.past):
            if past.violation_id in self.rejected and past.at(track) and _unchanged(past, frame):
                return past.violation_id
        return None


def _unchanged(past: Past, frame: Frame) -> bool:
    if past.look is None or past.look.contrast < FLAT or not frame.crops:
        return True
    return likeness(past.look, look_at(frame.crops[0], frame.regions[0], past.look.box)) >= SAME_LOOK

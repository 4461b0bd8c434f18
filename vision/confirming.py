"""When a candidate is a case, and what it lacks until then: doubt, another name, a place that was rejected."""

import math
from dataclasses import dataclass

from labels.violation import Rule
from streams.frame import Frame
from vision.boxes import covered, iou
from vision.matching import MATCH_IOU
from vision.motion import CRAWLING_MPS
from vision.place_memory import SAME_PLACE_IOU, PlaceMemory
from vision.records import Violation
from vision.scene_rules import SceneRules
from vision.track import LEAST_SURE, Track
from vision.tracker import Tracker
from vision.visibility import looks_the_same

SAME_PLACE_COVER = 0.7
FEWEST_SIGHTINGS = 3
DOUBTFUL = 0.5
"""A name that scores less than this part of another one's at the same place is doubt, no second thing."""
SAME_BOX_IOU = 0.8
"""A second name for the very same box has to reach its own start threshold on the whole, or it is doubt as well."""
STEADY = 0.5
"""A thing is confirmed while it stands there, not because it stood and something else passes its place now."""
LEAST_PRESENCE = 0.3
"""Being hidden is no proof of absence, but what is hidden most of the time is not known to have stayed."""


@dataclass(frozen=True, slots=True)
class Confirming:
    """Judges the candidates of one view. memory: what its places had before."""

    rules: SceneRules
    tracker: Tracker
    memory: PlaceMemory

    def what_it_lacks(self, track: Track, rule: Rule, frame: Frame, noise: tuple[float, float]) -> str:
        """Why one that stood for the dwell is no case yet, a sentence for people; empty if it is one."""
        why = self._lacks(track, rule, noise) or self._by_another_name(track)
        if not why and (before := self.memory.rejected_before(track, frame)):
            why = f"it is where {before} was rejected, and nothing has changed"
        return why

    def too_short(self, track: Track, rule: Rule) -> str:
        stood_s = math.inf if track.qualifying_s is None else track.last_s - track.qualifying_s
        return (
            f"stood {stood_s:.1f} s of the {rule.dwell_s:g} s that the rule asks for" if stood_s < rule.dwell_s else ""
        )

    def _lacks(self, track: Track, rule: Rule, noise: tuple[float, float]) -> str:
        if track.seen < FEWEST_SIGHTINGS:
            return f"seen {track.seen} times, at least {FEWEST_SIGHTINGS} are needed"
        if track.surest < LEAST_SURE:
            return f"never seen with a score of {self.rules.start.get(track.key, 1.0):.2f} or more"
        if track.steady < STEADY:
            return f"stood still in {track.steady:.0%} of the latest pictures, at least {STEADY:.0%} are needed"
        if track.presence < LEAST_PRESENCE:
            return f"seen in {track.presence:.0%} of the pictures since, at least {LEAST_PRESENCE:.0%} are needed"
        if self.tracker.motion.followed_s(track.mover) >= rule.dwell_s:
            speed = self.tracker.motion.speed(track.mover)
            return f"moves at {speed:.1f} m/s, at most {CRAWLING_MPS} are allowed" if speed > CRAWLING_MPS else ""
        share = track.share(noise)
        if share < rule.share:
            return f"stood still in {share:.0%} of the observations, the rule asks for {rule.share:.0%}"
        return ""

    def already_known(self, track: Track) -> Track | None:
        """An open violation of the type at this place whose thing is not seen beside this one."""
        for other in self.tracker.tracks:
            if other.violation is None or other.key != track.key or other.last_s >= track.last_s:
                continue
            a, b = track.box[None], other.box[None]
            cover = max(covered(a, b)[0, 0], covered(b, a)[0, 0])
            if iou(a, b)[0, 0] >= SAME_PLACE_IOU or cover >= SAME_PLACE_COVER:
                return other
        return None

    def _by_another_name(self, track: Track) -> str:
        """Why this thing has another name: it is an open violation of its family, or hardly anybody believes this one.

        A violation that the detector did not name takes any name. A far surer name is the right one even where it is no
        violation.
        """
        type = self.rules.types[track.key]
        overlaps = iou(track.box[None], self.tracker.places)[0]
        for n in (overlaps >= MATCH_IOU).nonzero()[0].tolist():
            other, overlap = self.tracker.tracks[n], overlaps[n]
            if other.key == track.key:
                continue
            known: Violation | None = other.violation
            if known is not None and overlap >= SAME_PLACE_IOU:
                kin = type.family is not None and type.family == self.rules.types[known.key].family
                if kin or known.cue == "change":
                    return f"it is {known.id} already, as {known.key}"
            unsure = track.score < self.rules.start.get(track.key, 0.0) and overlap >= SAME_BOX_IOU
            less = 1.0 if unsure else DOUBTFUL
            if track.score < less * other.score and 2 * other.seen >= track.seen:
                return f"{other.key} is the surer name of it"
        return ""


def same_thing(known: Track, track: Track, frame: Frame) -> bool:
    """Whether the known thing was never away, or stands there still: the detector only draws another box."""
    return looks_the_same(known, frame) or (known.misses < 2 and track.alike(known) is not False)

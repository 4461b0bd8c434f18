"""A scene: one view's tracker and rules. Detections of a frame in, events out."""

import math
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labels.violation import Rule
from streams.frame import Frame, Still, ViewKey
from vision.boxes import Boxes
from vision.confirming import FEWEST_SIGHTINGS, Confirming, same_thing
from vision.duplicates import DOUBTED_IOU, NESTED_PLACE_IOU, ClosePairs
from vision.left_things import LeftThings
from vision.picture import above
from vision.picture_quality import Fault, PictureQuality
from vision.place_memory import PlaceMemory
from vision.records import SCHEMA_VERSION, Detections, Event, EventKind, Violation
from vision.scene_rules import SceneRules
from vision.seen import noise
from vision.track import Track
from vision.tracker import Timing, Tracker
from vision.zones import Verdict

ID_NAMESPACE = uuid.UUID("6f1d6f3c-53a1-5b0e-9d0c-8c1f0e7f5a14")
KEPT_NEAR_MISSES = 500
ROUNDING_S = 1e-6
SHAKEN = 0.003
"""Part of the picture by which it has to be out of place before that is put right: less is measurement noise."""


@dataclass(slots=True)
class Scene:
    """The state of one view.

    near_misses: of how many tracks that ended unconfirmed after standing for a while an account is kept, in
    ``finished``. memory: what its places had before.
    confirming: when a candidate becomes a case.
    left: the zones that watch for what is put down in them. noise: the detector's jitter. faults: how many pictures
    could not be judged, by what was wrong; ``fault``: what is wrong with the newest. shift: by how much the camera is
    out of place.
    """

    view: ViewKey
    rules: SceneRules
    near_misses: int = KEPT_NEAR_MISSES
    tracker: Tracker = field(init=False)
    finished: deque[Track] = field(init=False)
    memory: PlaceMemory = field(init=False)
    confirming: Confirming = field(init=False)
    left: LeftThings = field(init=False)
    frames: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    unscheduled: int = 0
    noise: tuple[float, float] = (0.0, 0.0)
    quality: PictureQuality = field(default_factory=PictureQuality)
    fault: Fault | None = None
    shift: tuple[float, float] = (0.0, 0.0)
    _changed: Boxes = field(default_factory=lambda: np.zeros((0, 4)))

    def __post_init__(self) -> None:
        self.finished = deque(maxlen=self.near_misses)
        self.memory = PlaceMemory(set(self.rules.rejected))
        self.left = LeftThings(self.rules.zones, self.rules.start)
        self.tracker = Tracker({key: Timing.of(t) for key, t in self.rules.types.items()})
        self.confirming = Confirming(self.rules, self.tracker, self.memory)

    def observe(self, frame: Frame, detections: Detections) -> Iterator[Event]:
        """Take one frame; yield what became of it. Frames must come in the order of ``elapsed_s``."""
        self.frames += 1
        self.unscheduled += frame.captured_at is None
        if frame.crops:  # recorded detections come without pictures
            quality = self.quality.look(
                frame.elapsed_s, frame.crops[0], frame.regions[0], detections.xyxy.astype(float)
            )
            self.fault = quality.fault
            if not quality.judgeable:
                self._note(quality.fault)
                return
            self.shift = quality.shift if max(map(abs, quality.shift)) > SHAKEN else (0.0, 0.0)
            frame, detections = _in_place(frame, detections, self.shift)
        detections, faint, strong = self._usable(detections)
        self._changed = np.zeros((0, 4))
        if self.left and frame.crops:
            left = self.left.look(frame, detections.only(strong), self.tracker.tracks, self.shift)
            self._changed = left.xyxy.astype(np.float64)
            detections, strong = detections.plus(left), np.append(strong, np.ones(len(left), bool))
        ended = self.tracker.update(frame, detections, strong, faint)
        for track in ended:
            if track.violation is not None:
                yield self._clear(track, frame)
            elif self.has_stood(track):
                track.onset = track.look = track.descriptor = None  # nine tenths of its memory
                self.finished.append(track)
        self.noise = noise(frame)
        for track in self.tracker.due(frame.elapsed_s):
            yield from self._judge(track, frame)

    def _note(self, fault: Fault | None) -> None:
        name = "doubtful" if fault is None else fault.value
        self.faults[name] = self.faults.get(name, 0) + 1

    def judge_by(self, rules: SceneRules) -> None:
        """Other rules from the next picture on. What stands, stands; types nobody looks for any more are let go."""
        self.rules = rules
        self.memory.rejected = set(rules.rejected)
        self.left = self.left.go_on(rules.zones, rules.start)
        kept = [track for track in self.tracker.tracks if track.key in rules.types]
        self.tracker.remove(*self.tracker.tracks)
        self.tracker.timing = {key: Timing.of(t) for key, t in rules.types.items()}
        self.tracker.add(*kept)
        self.confirming = Confirming(rules, self.tracker, self.memory)
        for track in kept:
            track.judged, track.due_s = None, -math.inf

    def finish(self) -> Iterator[Event]:
        """The recording ends: say how far the open violations got. State stays, more segments may follow."""
        for track in self.tracker.tracks:
            if track.violation is not None and track.violation.sightings < track.seen:
                yield self._event("extended", track, None)

    def standing(self) -> list[Track]:
        """Tracks that are no violation yet but have stood for a while."""
        return [
            t for t in self.tracker.tracks if t.violation is None and self.has_stood(t) and t.seen >= FEWEST_SIGHTINGS
        ]

    def onset(self, violation_id: str) -> Still | None:
        """The picture in which the thing was first seen, while its track is alive."""
        track = self._track(violation_id)
        return track.onset if track is not None else None

    def grounds(self, violation_id: str) -> dict[str, Any]:
        """Why the violation was confirmed: the rule's values, the zone and every sighting."""
        track = self._track(violation_id)
        return {} if track is None else self.account(track)

    def account(self, track: Track) -> dict[str, Any]:
        """All that is known of a track, as plain values."""
        rule = self._verdict_rule(track)
        return {
            "id": self.identify(track),
            "camera_id": self.view.camera_id,
            "view_id": self.view.view_id,
            "key": track.key,
            "first_s": round(track.first_s, 3),
            "last_s": round(track.last_s, 3),
            "seen": track.seen,
            "missed": track.missed,
            "hidden": track.hidden,
            "share": round(track.share(self.noise), 3),
            "score": round(track.score, 3),
            "zone_id": track.zone_id,
            "rule": {"dwell_s": rule.dwell_s, "absence_s": rule.absence_s, "share": rule.share},
            "kept_from": track.kept_from or self.confirming.too_short(track, rule),
            "violation": track.violation.id if track.violation else None,
            "sightings": [[round(v, 4) for v in s] for s in track.sightings],
            "sightings_kept_every": track.every,
        }

    def identify(self, track: Track) -> str:
        """The id that a thing has from its first sighting on: UUIDv5 of camera, view, type, first time and box."""
        at = track.first_at and track.first_at.astimezone(UTC)
        when = f"{track.first_s:.2f}" if at is None else at.isoformat(timespec="milliseconds")
        box = ",".join(f"{v:.2f}" for v in track.first_box)
        return str(uuid.uuid5(ID_NAMESPACE, "|".join([*self.view, track.key, when, box])))

    def _usable(self, detections: Detections) -> tuple[Detections, Detections, NDArray[np.bool_]]:
        """Detections above their keep threshold and outside ignore zones, one for a thing; those below it.

        And ``(n,)`` which of the first are above their start threshold even if what overlaps a better box is doubted.
        """
        keep = above(detections, self.rules.keep)
        faint = detections.only([] if keep.all() else ~keep)
        if len(detections) and self.rules.zones.ignoring:
            ground = np.stack([detections.xyxy[:, [0, 2]].mean(1), detections.xyxy[:, 3]], axis=1)
            keep &= ~self.rules.zones.ignored(ground.astype(np.float64))
        if not keep.all():
            detections = detections.only(keep)
        close = ClosePairs.of(detections.xyxy.astype(np.float64), detections.cls, DOUBTED_IOU, NESTED_PLACE_IOU)
        if close is None:
            return detections, faint, above(detections, self.rules.start)
        one_each = close.distinct(len(detections))
        weighed = replace(detections, score=close.doubted(detections.score, one_each))
        strong = above(weighed, self.rules.start)
        return (detections, faint, strong) if one_each.all() else (detections.only(one_each), faint, strong[one_each])

    def _judge(self, track: Track, frame: Frame) -> Iterator[Event]:
        if track.violation is not None:
            if track.moved_s == frame.elapsed_s and not self._verdict(track, frame.captured_at).applies:
                self.tracker.remove(track)
                track.gone_s, track.gone_at = frame.elapsed_s, frame.captured_at
                yield self._clear(track, frame)
                return
            if track.last_s >= track.next_extension_s:
                track.next_extension_s = track.first_s + 2 * (track.last_s - track.first_s)
                yield self._event("extended", track, frame)
            track.due_s = track.next_extension_s
            return
        verdict, timed = self._verdict(track, frame.captured_at), self.rules.zones.timed
        if not verdict.applies:
            track.qualifying_s, track.kept_from, track.zone_id = None, verdict.why, verdict.zone_id
            track.due_s = track.due_s if timed else math.inf
            return
        track.zone_id, track.kept_from = verdict.zone_id, ""
        track.qualifying_s = track.last_s if track.qualifying_s is None else track.qualifying_s
        if self.confirming.too_short(track, verdict.rule):
            track.due_s = track.due_s if timed else track.qualifying_s + verdict.rule.dwell_s - ROUNDING_S
            return
        track.kept_from = self.confirming.what_it_lacks(track, verdict.rule, frame, self.noise)
        if not track.kept_from:
            yield from self._confirm(track, frame)

    def _confirm(self, track: Track, frame: Frame) -> Iterator[Event]:
        known = self.confirming.already_known(track)
        if known is not None and same_thing(known, track, frame):
            _continue(known, track)
            self.tracker.remove(track)
            return
        if known is not None:
            self.tracker.remove(known)
            known.gone_s = track.first_s if known.gone_s is None else known.gone_s
            yield self._clear(known, frame)
        track.next_extension_s = track.first_s + 2 * (track.last_s - track.first_s)
        yield self._event("opened", track, frame)
        track.onset = None  # whoever follows the event has it now

    def _clear(self, track: Track, frame: Frame) -> Event:
        self.memory.end(track, frame.elapsed_s)
        return self._event("cleared", track, frame)

    def _event(self, kind: EventKind, track: Track, frame: Frame | None) -> Event:
        if kind == "opened":
            assert frame is not None
            x1, y1, x2, y2 = track.box.tolist()
            unnamed = bool((self._changed == track.last_box).all(axis=1).any())
            track.violation = Violation(
                id=self.identify(track),
                camera_id=self.view.camera_id,
                view_id=self.view.view_id,
                key=track.key,
                onset=track.first_at,
                confirmed_at=frame.captured_at,
                cleared_at=None,
                onset_s=round(track.first_s, 3),
                confirmed_s=round(frame.elapsed_s, 3),
                cleared_s=None,
                xyxy=(x1 + self.shift[0], y1 + self.shift[1], x2 + self.shift[0], y2 + self.shift[1]),
                size=frame.size,
                place=self.rules.locator.locate((x1, y1, x2, y2), self.rules.types[track.key].on_ground),
                score=0.0,
                sightings=0,
                proven=self.rules.proven.get(track.key, False) and not unnamed,
                repeat_of=self.memory.repeat_of(track),
                cue="change" if unnamed else "detector",
                zone_kind=self.rules.zones.kind_of(track.zone_id),
            )
        track.violation = replace(track.violation, score=round(track.score, 4), sightings=track.seen)
        if kind == "cleared" and track.gone_s is not None:
            track.violation = replace(track.violation, cleared_s=round(track.gone_s, 3), cleared_at=track.gone_at)
        rule = self.rules.rule_hashes[track.key]
        return Event(SCHEMA_VERSION, kind, 0, track.violation, self.rules.model, rule, self.rules.config)

    def _point(self, track: Track) -> tuple[float, float]:
        """The ground point; the centre of what hangs."""
        x1, y1, x2, y2 = track.box.tolist()
        return (x1 + x2) / 2, y2 if self.rules.types[track.key].on_ground else (y1 + y2) / 2

    def _track(self, violation_id: str) -> Track | None:
        return next((t for t in self.tracker.tracks if t.violation and t.violation.id == violation_id), None)

    def _verdict_rule(self, track: Track) -> Rule:
        return self._verdict(track, track.last_at).rule

    def _verdict(self, track: Track, at: datetime | None) -> Verdict:
        """Judged anew only where hours or permits count, or the place has moved: that is most of what a track costs."""
        if track.judged is None or self.rules.zones.timed:
            track.judged = self.rules.zones.judge(self.rules.types[track.key], self._point(track), at)
        verdict: Verdict = track.judged
        return verdict

    def has_stood(self, track: Track) -> bool:
        """Whether it stood for a while: 10 s, or a fifth of its dwell if that is less."""
        return track.last_s - track.first_s >= min(10.0, 0.2 * self.rules.types[track.key].rule.dwell_s)


def _continue(known: Track, again: Track) -> None:
    """The known thing is seen again in another shape: its track goes on at the new box."""
    known.box, known.last_s, known.last_at = again.box, again.last_s, again.last_at
    known.sightings, known.every = again.sightings, again.every
    known.seen += again.seen
    known.score_sum += again.score_sum
    known.gone_s, known.gone_at, known.misses = None, None, 0
    known.descriptor = again.descriptor


def _in_place(frame: Frame, detections: Detections, shift: tuple[float, float]) -> tuple[Frame, Detections]:
    """As the camera would see it if nobody had nudged it: anchors, zones and places stay where they are."""
    if shift == (0.0, 0.0):
        return frame, detections
    x, y = shift
    regions = tuple(r._replace(offset_x=r.offset_x - x, offset_y=r.offset_y - y) for r in frame.regions)
    boxes = detections.xyxy - np.array([x, y, x, y], np.float32)
    return replace(frame, regions=regions), replace(detections, xyxy=boxes)

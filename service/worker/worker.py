"""The worker: a pool of live cameras through one detector, for months.

Threads: a reader for each camera, a few decoders, one that forms batches and runs the scenes (``run``), one that writes
evidence and journal, one that watches connections and configuration. Everything that changes the set of cameras is
done by the thread of ``run``, between two batches (``do``).
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from labels.catalogue import load_catalogue
from models.detector import Detector
from service.case_lines import case_lines
from service.results import CASES, EVIDENCE, JOURNAL, STATE, VIOLATIONS, claim, violation_line, write_lines
from service.worker.decisions import Decisions
from service.worker.folder_camera import FolderCamera
from service.worker.live_camera import LiveCamera
from service.worker.live_follower import LiveFollower
from service.worker.live_plan import LivePlan
from service.worker.measures import Measures
from service.worker.memory import trimmer
from service.worker.push_thread import PushThread
from service.worker.rounds import Rounds
from service.worker.still_there import StillThere
from service.worker.watched_camera import WatchedCamera
from streams.batcher import Batch, Batcher
from streams.decode_pool import DecodePool
from streams.frame import ViewKey
from streams.link import Change
from streams.patrol import Timetable
from vision.detection_log import DetectionLog
from vision.journal import Journal
from vision.keys import SigningKey
from vision.live_evidence import LiveEvidence
from vision.pipeline import Pipeline
from vision.records import Event, Violation
from vision.scene import Scene
from vision.seal import Chain

WAIT_S = 0.25
LINGER_S = 0.02
"""How long a frame waits for others of its batch."""
WATCH_S = 0.5
TRIM_S = 60.0
"""How often freed memory is given back; it takes some 80 ms with 40 cameras."""
SAVE_EVERY_S = 10.0
"""So much of what is known of things may be lost by a crash: never that they stand, nor what is confirmed."""
SAVES_S = 0.5
"""How often it is looked whose turn it is to be saved."""
SAVING_SHARE = 0.05
DAY_S, KEPT_DAYS = 24 * 3600.0, 7
"""For so long, by the camera's time, the journal keeps what is over; then it goes to the journal of its month."""
LEAVING_S = 10.0
"""Readers that have not ended so long after they were stopped are left to the end of the process."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("worker")


@dataclass(frozen=True, slots=True)
class Setup:
    """results: where journal, evidence and state go. threads: for decoding. slots: cameras under patrol that
    are visited at a time. largest: frames of a batch. decisions: file of what operators decided."""

    results: Path
    detector: Detector
    key: SigningKey
    threads: int = 2
    slots: int = 40
    largest: int = 4
    record: Path | None = None
    decisions: Path | None = None
    told: Callable[[Event], None] = field(default=lambda _: None)


class Worker:
    """``cameras`` by id. ``run`` returns when ``stop`` was called and everything is written.

    looked_at_s: when the worker's thread last began a round. configuration: what is wrong with the city file, and
    decisions_problem with the file of decisions, that was read last, empty if nothing is; the one before holds then.
    """

    def __init__(self, setup: Setup, clock: Callable[[], float] = time.monotonic):
        self.setup = setup
        self.clock = clock
        self.cameras: dict[str, WatchedCamera] = {}
        self.scenes: dict[ViewKey, Scene] = {}
        self.measures = Measures()
        self.stopping = threading.Event()
        self.configuration = self.decisions_problem = ""
        self.push: PushThread | None = None
        self.still_there = StillThere()
        self.began_s = self.looked_at_s = clock()
        results = setup.results
        for folder in (EVIDENCE, STATE):
            (results / folder).mkdir(parents=True, exist_ok=True)
        self._claim = claim(results)
        self.journal = Journal(results / JOURNAL)
        self.decisions = Decisions(setup.decisions, self.journal)
        chain = Chain(results / EVIDENCE, setup.key)
        took = self.measures.took
        self.evidence = LiveEvidence(
            results / EVIDENCE, chain, self.journal, load_catalogue().types, self._told, partial(took, "evidence")
        )
        for note in self.evidence.recover():
            _log.info("recovered", what=note)
        self.batcher = Batcher(setup.largest)
        self.decoders = DecodePool(setup.threads, partial(took, "decode"))
        log = None if setup.record is None else DetectionLog(setup.record)
        self.pipeline = Pipeline(
            setup.detector, self.scenes, LiveFollower(self.evidence, self.cameras, self.still_there), log, took
        )
        self.rounds = Rounds(setup.slots, Timetable(clock), self.cameras, self.evidence)
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._saving_s = self._save_next_s = self._archive_next_s = 0.0

    # --- for other threads --------------------------------------------------------------------------------------------

    def do(self, command: Callable[[], None]) -> None:
        """Have the worker's thread do it between two batches."""
        self._commands.put(command)

    def stop(self) -> None:
        self.stopping.set()

    # --- the worker's thread ------------------------------------------------------------------------------------------

    def watch_these(self, plans: Mapping[str, LivePlan]) -> None:
        """Add, change and remove cameras so that these are watched; those that stay the same notice nothing."""
        for camera_id in self.cameras.keys() - plans.keys():
            self._remove(camera_id)
        for camera_id, plan in plans.items():
            camera = self.cameras.get(camera_id)
            if camera is None:
                self._add(plan)
            elif camera.plan.stream != plan.stream:
                self._remove(camera_id)
                self._add(plan)
            elif camera.plan.judging != plan.judging:
                camera.judge_by(plan)
                _log.info("rules changed", camera=camera_id)

    def run(self) -> None:
        """Watch until ``stop``; then end in the order of flow."""
        watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        watchdog.start()
        try:
            while not self.stopping.is_set():
                self.looked_at_s = self.clock()
                while not self._commands.empty():
                    self._commands.get()()
                self._look()
                self._save()
                self._archive()
        finally:
            self._end()

    def _look(self) -> None:
        batch = self.batcher.next_live(WAIT_S, LINGER_S)
        if batch.frames:
            self.pipeline.process(self._placed(batch))
            self.measures.batch.observe(len(batch.frames))
            for frame in batch.frames:
                camera = self.cameras.get(frame.view.camera_id)
                if camera is not None:
                    late_s = camera.late_s(frame)
                    if late_s is not None:
                        self.measures.lateness.observe(late_s)
        for camera_id in self.evidence.growing:
            self.evidence.advance(camera_id, self.cameras[camera_id].evidence_until_s())

    def _placed(self, batch: Batch) -> Batch:
        """Without frames of cameras that are gone or look nowhere; each with the view that it shows."""
        cameras = [(self.cameras.get(frame.view.camera_id), frame) for frame in batch.frames]
        placed = [camera.of_its_view(frame) for camera, frame in cameras if camera is not None]
        return Batch(tuple(frame for frame in placed if frame is not None))

    def _add(self, plan: LivePlan) -> None:
        camera = self._built(plan)
        self.cameras[plan.camera_id] = camera
        self.scenes.update(camera.scenes)
        _log.info("camera added", camera=plan.camera_id, open_violations=camera.open)
        if isinstance(camera, LiveCamera) and plan.patrol is not None:
            self.rounds.add(camera)
        else:
            camera.start()

    def _built(self, plan: LivePlan) -> WatchedCamera:
        where = self.setup.results / STATE, self.journal.events, self.decoders, self.batcher
        told = partial(self._changed, plan.camera_id)
        if plan.live:
            return LiveCamera(plan, *where, told, self.clock)
        return FolderCamera(plan, *where, told, partial(self.evidence.settled, plan.camera_id), self.clock)

    def _remove(self, camera_id: str) -> None:
        camera = self.cameras[camera_id]
        self.rounds.remove(camera_id)
        camera.stop()
        self.evidence.leave(camera_id)
        if self.evidence.settled(camera_id):
            camera.save()
        for view in camera.scenes:
            del self.scenes[view]
        del self.cameras[camera_id]
        _log.info("camera removed", camera=camera_id)

    def _save(self) -> None:
        """Save the cameras that are due, those saved longest ago first, for a small part of the time."""
        if (now := self.clock()) < self._save_next_s:
            return
        self._save_next_s = now + SAVES_S
        due = [c for c in self.cameras.values() if c.unsaved and (c.urgent or now - c.saved_at >= SAVE_EVERY_S)]
        for camera in sorted(due, key=lambda c: (not c.urgent, c.saved_at)):
            now = self.clock()
            if self._saving_s > SAVING_SHARE * (now - self.began_s):
                return
            if self.evidence.settled(camera.camera_id):
                try:
                    camera.save()
                except OSError as error:
                    _log.error("state cannot be saved", camera=camera.camera_id, error=str(error))
                    camera.saved_at = now
                self._saving_s += self.clock() - now
                self.measures.took("save", self.clock() - now)

    def _archive(self) -> None:
        """Once a day, and at the start."""
        if (now := self.clock()) >= self._archive_next_s:
            self._archive_next_s = now + DAY_S
            saved_s = {camera.camera_id: camera.saved_s for camera in self.cameras.values()}
            self.evidence.archive(lambda v: _long_over(saved_s, datetime.now(UTC), v) and self._is_pushed(v))

    def _is_pushed(self, v: Violation) -> bool:
        return self.push is None or self.push.pusher.pushed(v.id)

    def _end(self) -> None:
        """Readers, decoders, what they decoded, evidence and journal, state."""
        self.stopping.set()
        self.rounds.stop()
        for camera in self.cameras.values():
            camera.stop()
        until_s = self.clock() + LEAVING_S
        for camera in self.cameras.values():
            camera.reader.join(max(0.0, until_s - self.clock()))
        self.decoders.close()
        while (batch := self.batcher.next_live(0.0, 0.0)).frames:
            self.pipeline.process(self._placed(batch))
        self.evidence.close()
        for camera in self.cameras.values():
            if camera.unsaved and self.evidence.settled(camera.camera_id):
                camera.save()
        if self.pipeline.log is not None:
            self.pipeline.log.close()
        self._derive()
        self._claim.close()

    def _derive(self) -> None:
        """What ``evaluate``, ``labels export`` and people read, as ``score`` leaves it."""
        results, types = self.setup.results, load_catalogue().types
        known = {v.id: v for v in (*self.journal.archived(), *self.journal.violations())}
        violations = sorted(known.values(), key=lambda v: (v.camera_id, v.onset_s, v.id))
        write_lines(results / VIOLATIONS, [violation_line(v, types, results / EVIDENCE) for v in violations])
        write_lines(results / CASES, case_lines(violations))

    # --- other threads ------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        give_back, due_s = trimmer(), self.clock() + TRIM_S
        while not self.stopping.wait(WATCH_S):
            for camera in list(self.cameras.values()):
                camera.watch()
            if (begun_s := self.clock()) >= due_s:
                give_back()
                self.measures.took("trim", self.clock() - begun_s)
                due_s = begun_s + TRIM_S

    def _changed(self, camera_id: str, change: Change) -> None:
        level = logging.INFO if change.trouble is None else logging.WARNING
        extra = {} if change.trouble is None else {"trouble": change.trouble.value, "why": change.message}
        _log.log(level, "connection", camera=camera_id, state=change.state.value, **extra)

    def _told(self, event: Event) -> None:
        counted = {"opened": self.measures.opened, "cleared": self.measures.cleared}.get(event.kind)
        if counted is not None:
            counted[event.violation.camera_id, event.violation.key] += 1
        v = event.violation
        _log.info(f"violation {event.kind}", camera=v.camera_id, key=v.key, id=v.id)
        if self.push is not None:
            self.push.wake()
        self.setup.told(event)


def _long_over(saved_s: Mapping[str, float], now: datetime, v: Violation) -> bool:
    """Recordings may be older than a week when they come, and be read again after a crash: a camera's own time counts,
    as far as it is saved. Of a camera that is not watched any more the date.
    """
    if v.camera_id in saved_s:
        return v.cleared_s is not None and v.cleared_s < saved_s[v.camera_id] - KEPT_DAYS * DAY_S
    ended = v.cleared_at or v.confirmed_at
    return ended is not None and ended < now - timedelta(days=KEPT_DAYS)

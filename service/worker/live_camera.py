"""One live camera of a worker: its connection, its ring, its scenes, and their state over restarts."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from service.one_picture import PictureProblem, picture_of
from service.worker.live_plan import LivePlan
from streams.batcher import Batcher
from streams.crops import Cropper
from streams.decode_pool import DecodePool, Lane
from streams.decoder import Decoded
from streams.frame import Frame, Still, ViewKey
from streams.link import Change
from streams.live_clock import LiveClock
from streams.live_reader import LiveReader
from streams.patrol_reader import PatrolReader
from streams.recorder import PacketStill, Recorder
from streams.sampler import make_sampler
from vision.continuing import agree
from vision.records import Event
from vision.scene import Scene
from vision.snapshot import load_snapshot, read_extra, save_snapshot
from vision.view_finder import ViewFinder

RING_S = 20.0
"""The longest pre-roll, a group, and how long judging may take; a clip that grows keeps its packets for longer."""
RING_BYTES = 64 << 20
JUDGED_S = 3.0
"""How long a visit waits until its last picture is judged."""
SEEN_TWICE = 2
SAME_VISIT_S = 15.0
SOONEST_S = 10.0
FIRST_SAVED_S = 7.0
"""So much sooner than usual: what an earlier process knew was loaded, and a crash at the start is likelier."""

_log = structlog.get_logger("worker")


class LiveCamera:
    """Built and stopped by the worker's thread; its reader and its lane run in others.

    told: learns of changes of the connection. events: the journal's, by violation.
    """

    def __init__(
        self,
        plan: LivePlan,
        state: Path,
        events: Mapping[str, Sequence[Event]],
        pool: DecodePool,
        batcher: Batcher,
        told: Callable[[Change], None],
        clock: Callable[[], float] = time.monotonic,
        utc: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self.plan = plan
        self.state = state
        self.clock = clock
        self.utc = utc
        self.scenes = {ViewKey(plan.camera_id, view): Scene(ViewKey(plan.camera_id, view), rules)
                       for view, rules in plan.views.items()}  # fmt: skip
        self.open = 0
        self.time = LiveClock(clock, utc, self._go_on(events))
        self.observed_s = self._saved_s = float("-inf")
        self.newest: Frame | None = None
        self.finder = ViewFinder({view.view_id: scene for view, scene in self.scenes.items()})
        for view_id, path in plan.pictures.items():
            quality = self.finder.scenes[view_id].quality
            if not quality.known:
                try:
                    quality.expect(picture_of(str(path)))
                except PictureProblem as problem:  # one camera's file is no reason to leave the others
                    _log.error("the picture of a view is not usable", view=view_id, file=str(path), why=str(problem))
        self.saved_at = clock() - FIRST_SAVED_S
        self.recorder = Recorder(RING_S, RING_BYTES)
        self.queue = batcher.open_live(plan.camera_id)
        self.lane = Lane(pool, plan.camera_id, Cropper(plan.shape, plan.tiles), self.time, self.queue.put, self._still)
        self.lane.view_id = next(iter(plan.views))
        chance = random.Random(plan.camera_id)
        kind = LiveReader if plan.patrol is None else PatrolReader
        self.reader = kind(
            plan.camera_id,
            plan.url,
            self.recorder,
            self.time,
            make_sampler(plan.every, True, chance.random()),
            self.lane,
            told,
            chance,
        )
        self.main: LiveReader | None = None
        if plan.evidence_url is not None and plan.patrol is None:
            main_clock = LiveClock(clock, utc, self.time.now_s())
            self.main = LiveReader(plan.camera_id, plan.evidence_url, Recorder(RING_S, RING_BYTES), main_clock)

    @property
    def camera_id(self) -> str:
        return self.plan.camera_id

    @property
    def evidence_recorder(self) -> Recorder:
        """The ring that clips are cut from: the main stream's while it delivers."""
        if self.main is not None and self.main.recorder.newest_s > self.time.now_s() - RING_S:
            return self.main.recorder
        return self.recorder

    def start(self) -> None:
        """Under patrol it waits for its visits instead (``visit``)."""
        if self.plan.patrol is None:
            self.reader.start()
        if self.main is not None:
            self.main.start()

    def visit(self, growing: Callable[[], bool]) -> float | None:
        """A visit of the patrol, in the calling thread. growing: whether evidence waits for more packets.

        Returns in how many seconds the camera should be seen again, None for its regular round.
        """
        patrol, reader = self.plan.patrol, self.reader
        assert patrol is not None
        assert isinstance(reader, PatrolReader)
        leave_s, seen = self.clock() + patrol.stay_s, self.lane.pictures

        def enough() -> bool:
            late = self.clock() > leave_s
            return (late or self.lane.pictures - seen >= patrol.pictures) and (not growing() or late)

        reader.visit(enough)
        deadline = self.clock() + JUDGED_S
        while self.observed_s < self.lane.newest_s and self.clock() < deadline:
            time.sleep(0.05)
        if not growing():
            self.recorder.clear()
        return self._come_back_s()

    def _come_back_s(self) -> float | None:
        """Half way to the end of the dwell of what was seen first, then at its end: visits are how dwell is seen."""
        now_s, wanted = self.time.now_s(), []
        for scene in self.scenes.values():
            for track in list(scene.tracker.tracks):
                if track.violation is None and track.last_s >= self.observed_s and track.seen >= SEEN_TWICE:
                    left_s = track.first_s + scene.rules.types[track.key].rule.dwell_s - now_s
                    first_visit = track.last_s - track.first_s < SAME_VISIT_S
                    wanted.append(max(SOONEST_S, left_s / 2 if first_visit else left_s))
        return min(wanted, default=None)

    def stop(self) -> None:
        """Read no further; what was decoded is still judged."""
        self.reader.stop()
        if self.main is not None:
            self.main.stop()
        self.queue.end()

    def watch(self) -> None:
        self.reader.watch()
        if self.main is not None:
            self.main.watch()

    def observed(self, frame: Frame) -> None:
        # Without the model's input, a megabyte a camera; the picture itself is kept as its packet.
        self.observed_s, self.newest = frame.elapsed_s, replace(frame, crops=(), regions=())

    def of_its_view(self, frame: Frame) -> Frame | None:
        """The frame with the view that it shows; None where a PTZ camera shows none of its views."""
        if len(self.scenes) == 1:
            return frame
        view_id = self.finder.find(frame)
        return None if view_id is None else replace(frame, view=ViewKey(self.camera_id, view_id))

    def judge_by(self, plan: LivePlan) -> None:
        """Other rules and zones from the next picture on; what stands, stands."""
        self.plan = plan
        for view, rules in plan.views.items():
            self.scenes[ViewKey(plan.camera_id, view)].judge_by(rules)

    def save(self) -> None:
        """Keep the scenes as they are; only when the journal holds all that they said. Raises ``OSError``."""
        extra: dict[str, Any] = {"elapsed_s": self.time.now_s(), "utc": self.utc().isoformat()}
        for view, scene in self.scenes.items():
            save_snapshot(self._snapshot(view), scene, extra, passing=False)
        self.saved_at, self._saved_s = self.clock(), self.observed_s

    @property
    def unsaved(self) -> bool:
        """Whether a picture was judged since the scenes were saved."""
        return self.observed_s > self._saved_s

    def _snapshot(self, view: ViewKey) -> Path:
        first = view.view_id == next(iter(self.plan.views))
        return self.state / (f"{view.camera_id}.zip" if first else f"{view.camera_id}@{view.view_id}.zip")

    def _go_on(self, events: Mapping[str, Sequence[Event]]) -> float:
        """Load what an earlier process left. Returns the elapsed seconds at which the camera's time goes on."""
        known = [e.violation for history in events.values() for e in history]
        now_s = max((v.cleared_s or v.confirmed_s for v in known if v.camera_id == self.plan.camera_id), default=0.0)
        for view, scene in self.scenes.items():
            path = self._snapshot(view)
            extra = read_extra(path)
            if extra is not None and "utc" in extra:
                load_snapshot(path, scene)
                away_s = (self.utc() - datetime.fromisoformat(extra["utc"])).total_seconds()
                now_s = max(now_s, extra["elapsed_s"] + max(0.0, away_s))
        self.open = sum(agree(scene, events) for scene in self.scenes.values())
        return now_s

    def _still(self, decoded: Decoded) -> Still:
        """The picture in full size: from the main stream where it has one of that moment."""
        own = PacketStill.of(decoded.group, decoded.index, decoded.lead)
        if self.main is None:
            return own
        behind_s = self.main.clock.now_s() - self.time.now_s()
        return self.main.recorder.still_at(decoded.elapsed_s + behind_s) or own

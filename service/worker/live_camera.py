"""A camera that is connected to, all the time or in the visits of a patrol."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from service.worker.live_plan import LivePlan
from service.worker.watched_camera import RING_S, WatchedCamera
from streams.batcher import Batcher
from streams.crops import Cropper
from streams.decode_pool import DecodePool, Lane
from streams.decoder import Decoded
from streams.frame import Still
from streams.link import Change
from streams.live_clock import LiveClock
from streams.live_reader import LiveReader
from streams.patrol_reader import PatrolReader
from streams.recorder import PacketStill, Recorder
from streams.sampler import make_sampler
from vision.records import Event

RING_BYTES = 64 << 20
JUDGED_S = 3.0
"""How long a visit waits until its last picture is judged."""
SEEN_TWICE = 2
SAME_VISIT_S = 15.0
SOONEST_S = 10.0


class LiveCamera(WatchedCamera):
    """told: learns of changes of the connection."""

    reader: LiveReader

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
        super().__init__(plan, state, events, clock, utc)
        self.time = LiveClock(clock, utc, self._goes_on_s())
        self.recorder = Recorder(RING_S, RING_BYTES)
        self.queue = batcher.open_live(plan.camera_id)
        self.lane = Lane(pool, plan.camera_id, Cropper(plan.shape, plan.tiles), self.time, self.queue.put, self._still)
        self.lane.view_id = next(iter(plan.views))
        chance = random.Random(plan.camera_id)
        kind = LiveReader if plan.patrol is None else PatrolReader
        self.reader = kind(
            plan.camera_id,
            plan.source,
            self.recorder,
            self.time,
            make_sampler(plan.every, True, chance.random()),
            self.lane,
            told,
            chance,
        )
        if plan.evidence_url is not None and plan.patrol is None:
            main_clock = LiveClock(clock, utc, self.time.now_s())
            self.main = LiveReader(plan.camera_id, plan.evidence_url, Recorder(RING_S, RING_BYTES), main_clock)

    @property
    def evidence_recorder(self) -> Recorder:
        """The main stream's while it delivers."""
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
        self.lane.rest()
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
        super().stop()
        if self.main is not None:
            self.main.stop()

    def watch(self) -> None:
        super().watch()
        if self.main is not None:
            self.main.watch()

    def _goes_on_s(self) -> float:
        """The elapsed seconds at which the camera's time goes on: it ran while no process watched."""
        if not self.left:
            return self.known_s
        away_s = (self.utc() - datetime.fromisoformat(self.left["utc"])).total_seconds()
        return max(self.known_s, float(self.left["elapsed_s"]) + max(0.0, away_s))

    def _still(self, decoded: Decoded) -> Still:
        """The picture in full size: from the main stream where it has one of that moment."""
        own = PacketStill.of(decoded.group, decoded.index, decoded.lead)
        if self.main is None:
            return own
        behind_s = self.main.clock.now_s() - self.time.now_s()
        return self.main.recorder.still_at(decoded.elapsed_s + behind_s) or own

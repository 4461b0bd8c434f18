"""A camera whose recordings are delivered into a folder: nothing is in a hurry, and no wanted picture is dropped."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from service.worker.live_plan import LivePlan
from service.worker.watched_camera import RING_S, WatchedCamera
from streams.batcher import Batcher
from streams.crops import Cropper
from streams.decode_pool import DecodePool, Lane
from streams.folder_clock import FolderClock
from streams.folder_watch import FolderReader
from streams.frame import Frame
from streams.link import Change, LinkState
from streams.recorder import Recorder
from streams.sampler import make_sampler
from vision.records import Event

WAITED_S = 1800.0
"""For so long a clip that the end of a file cut off waits for the next file; recorders begin one every 1 to 30 min."""

_log = structlog.get_logger("worker")


class FolderCamera(WatchedCamera):
    """told: learns of changes of the connection. settled: whether all that its scenes said is in the journal; while it
    is not, for a full disk perhaps, reading waits, so that nothing is forgotten that evidence needs.
    """

    reader: FolderReader
    passing = True

    def __init__(
        self,
        plan: LivePlan,
        state: Path,
        events: Mapping[str, Sequence[Event]],
        pool: DecodePool,
        batcher: Batcher,
        told: Callable[[Change], None],
        settled: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
        utc: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        super().__init__(plan, state, events, clock, utc)
        resume: dict[str, Any] | None = self.left.get("folder")
        self._read_s = resume["judged_s"] if resume else -math.inf
        self._judged_at = -math.inf
        self.time = FolderClock(clock, utc, max(self.known_s, self.left.get("elapsed_s", 0.0)))
        self.recorder = Recorder()  # bounded by ``observed``, and by how far the queue lets reading run ahead
        self.queue = batcher.open(plan.camera_id)
        self.lane = Lane(pool, plan.camera_id, Cropper(plan.shape, plan.tiles), self.time, self.queue.put)
        self.lane.view_id = next(iter(plan.views))
        self.reader = FolderReader(
            plan.camera_id,
            plan.source,
            self.recorder,
            self.time,
            make_sampler(plan.every),
            self.lane,
            told,
            plan.starts,
            resume,
            hold=lambda: not settled(),
        )
        if resume is None:  # killed from now on, it begins here again, and not after what the journal knows by then
            try:
                self.save()
            except OSError as error:
                _log.error("state cannot be saved", camera=plan.camera_id, error=str(error))

    def _agree(self, events: Mapping[str, Sequence[Event]]) -> None:
        """What the journal knows more is found again: reading goes on where the scenes are."""
        if "folder" not in self.left:
            super()._agree(events)

    def observed(self, frame: Frame) -> None:
        super().observed(frame)
        self._judged_at = self.clock()
        self._read_s = max(self._read_s, frame.elapsed_s)
        self.recorder.release(min(frame.elapsed_s - RING_S, self.recorder.keep_from_s))

    def age_s(self) -> float:
        """Since one was judged, by our clock: its own time says when the recorder filled its file."""
        return self.clock() - self._judged_at

    def late_s(self, frame: Frame) -> float | None:  # noqa: ARG002
        return None

    def evidence_until_s(self) -> float:
        link = self.reader.link
        rests = link.state is LinkState.RESTING and self.clock() - link.since_s > WAITED_S
        return math.inf if rests else self.time.now_s()

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"folder": self.reader.state(self._read_s)}

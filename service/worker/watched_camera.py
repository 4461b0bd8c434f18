"""One camera of a worker: its scenes, and their state over restarts. Subclasses know how its pictures come."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import structlog

from service.one_picture import PictureProblem, picture_of
from service.worker.live_plan import LivePlan
from streams.batcher import FrameQueue
from streams.decode_pool import Lane
from streams.folder_watch import FolderReader
from streams.frame import Frame, ViewKey
from streams.live_clock import LiveClock
from streams.live_reader import LiveReader
from streams.newest import NewestFrame
from streams.recorder import Recorder
from vision.continuing import agree
from vision.records import Box, Event
from vision.scene import Scene
from vision.snapshot import load_snapshot, read_extra, save_snapshot
from vision.view_finder import ViewFinder

RING_S = 20.0
"""The longest pre-roll, a group, and how long judging may take; a clip that grows keeps its packets for longer."""
FIRST_SAVED_S = 7.0
"""So much sooner than usual: what an earlier process knew was loaded, and a crash at the start is likelier."""

_log = structlog.get_logger("worker")


class WatchedCamera:
    """Built, told what was seen, saved and stopped by the worker's thread; its reader and its lane run in others.

    events: the journal's, by violation. left: what an earlier process kept beside the scenes, empty where there is
    none. main: the stream that evidence comes from, where it is another. newest: the picture judged last, at
    ``observed_s``; what was judged up to ``saved_s`` is saved. urgent: something has begun to stand since, and a crash
    would forget it.
    """

    time: LiveClock
    recorder: Recorder
    queue: NewestFrame | FrameQueue
    lane: Lane
    reader: LiveReader | FolderReader
    main: LiveReader | None = None
    urgent = False
    passing = False
    """Whether what has hardly stood yet is saved too: a live camera sees it again if it stays."""

    def __init__(
        self,
        plan: LivePlan,
        state: Path,
        events: Mapping[str, Sequence[Event]],
        clock: Callable[[], float] = monotonic,
        utc: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self.plan = plan
        self.state = state
        self.clock = clock
        self.utc = utc
        keys = {ViewKey(plan.camera_id, view): rules for view, rules in plan.views.items()}
        self.scenes = {view: Scene(view, rules, near_misses=0) for view, rules in keys.items()}
        self.left: dict[str, Any] = {}
        self._load()
        self._agree(events)
        known = [e.violation for history in events.values() for e in history]
        self.known_s = max((v.cleared_s or v.confirmed_s for v in known if v.camera_id == plan.camera_id), default=0.0)
        self.finder = ViewFinder({view.view_id: scene for view, scene in self.scenes.items()})
        self._expect(plan.pictures)
        self.observed_s = float("-inf")
        self.saved_s: float = self.left.get("judged_s", self.observed_s)
        self.newest: Frame | None = None
        self._kept = self._standing()
        self.saved_at = clock() - FIRST_SAVED_S

    @property
    def camera_id(self) -> str:
        return self.plan.camera_id

    @property
    def open(self) -> int:
        """Violations that are there now."""
        return sum(t.violation is not None for scene in self.scenes.values() for t in scene.tracker.tracks)

    @property
    def evidence_recorder(self) -> Recorder:
        """The ring that clips are cut from."""
        return self.recorder

    def start(self) -> None:
        self.reader.start()

    def stop(self) -> None:
        """Read no further; what was decoded is still judged."""
        self.reader.stop()
        self.queue.end()

    def watch(self) -> None:
        self.reader.watch()

    def observed(self, frame: Frame) -> None:
        """A scene has judged the frame."""
        # Without the model's input, a megabyte a camera; the picture itself is kept as its packet.
        self.observed_s, self.newest = frame.elapsed_s, replace(frame, crops=(), regions=())
        self.urgent = self.urgent or not self._standing() <= self._kept

    def late_s(self, frame: Frame) -> float | None:
        """For how long a picture has been waiting since it arrived; None where nobody waits for it."""
        return max(0.0, self.time.now_s() - frame.elapsed_s)

    def age_s(self) -> float:
        """Since the picture that was judged last; infinite before the first."""
        return self.time.now_s() - self.observed_s

    def evidence_until_s(self) -> float:
        """Elapsed seconds until which packets for a clip have come, or will not come any more."""
        return self.time.now_s()

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
        extra = self.extra()
        for view, scene in self.scenes.items():
            save_snapshot(self._snapshot(view), scene, extra, self.passing)
        self.saved_at, self.saved_s = self.clock(), self.observed_s
        self.urgent, self._kept = False, self._standing()

    def extra(self) -> dict[str, Any]:
        """What is kept beside the scenes, as plain values: ``left`` in the next process."""
        now = {"elapsed_s": self.time.now_s(), "utc": self.utc().isoformat()}
        return now | {"judged_s": self.observed_s}

    def _standing(self) -> set[tuple[str, float, Box]]:
        """What has begun to stand, as it is told apart."""
        scenes = self.scenes.values()
        return {(t.key, t.first_s, t.first_box) for scene in scenes for t in scene.tracker.tracks if scene.has_stood(t)}

    @property
    def unsaved(self) -> bool:
        """Whether a picture was judged since the scenes were saved."""
        return self.observed_s > self.saved_s

    def _snapshot(self, view: ViewKey) -> Path:
        first = view.view_id == next(iter(self.plan.views))
        return self.state / (f"{view.camera_id}.zip" if first else f"{view.camera_id}@{view.view_id}.zip")

    def _agree(self, events: Mapping[str, Sequence[Event]]) -> None:
        """After a crash the journal knows more than the scenes that were saved before it."""
        for scene in self.scenes.values():
            agree(scene, events)

    def _load(self) -> None:
        for view, scene in self.scenes.items():
            path = self._snapshot(view)
            extra = read_extra(path)
            if extra is not None and "utc" in extra:
                load_snapshot(path, scene)
                self.left = max(self.left, extra, key=lambda e: e.get("elapsed_s", float("-inf")))

    def _expect(self, pictures: Mapping[str, Path]) -> None:
        """What the views show, where somebody gave a picture and nothing was seen of them yet."""
        for view_id, path in pictures.items():
            quality = self.finder.scenes[view_id].quality
            if not quality.known:
                try:
                    quality.expect(picture_of(str(path)))
                except PictureProblem as problem:  # one camera's file is no reason to leave the others
                    _log.error("the picture of a view is not usable", view=view_id, file=str(path), why=str(problem))

"""One camera's recording being scored: its reading thread, its scene, and where to go on after an interruption."""

import threading
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from streams.batcher import Batcher, FrameQueue
from streams.crops import Cropper, InputShape, Tiles
from streams.fingerprint import fingerprint
from streams.reader import Checkpoint, RecordingReader
from streams.recorder import Recorder
from streams.sampler import make_sampler
from streams.source import Recording
from vision.scene import Scene, SceneRules
from vision.snapshot import load_snapshot, read_extra, save_snapshot

REPLAYED_S = 60.0
"""After a restart reading begins at a segment that starts at least this long before: clips find their pre-roll."""
KEPT_CHECKPOINTS = 4


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """What is to be scored of one camera, and how. ``basis`` names what the result depends on, each with its hash."""

    recording: Recording
    rules: SceneRules
    every: str
    shape: InputShape
    tiles: Tiles | None
    decode_threads: int
    snapshot: Path

    @property
    def camera_id(self) -> str:
        return self.recording.camera_id

    @property
    def live(self) -> bool:
        return any(s.live for s in self.recording.segments)

    def basis(self) -> dict[str, str]:
        return {"model": self.rules.model, "configuration": self.rules.config, "sampling": self.every}


@dataclass(frozen=True, slots=True)
class Resume:
    """How a camera starts: anew (with the reason, if an earlier run is set aside), going on, or already done."""

    begin: Checkpoint | None = None
    after_s: float = float("-inf")
    done: bool = False
    anew_because: str = ""


def content_of(recording: Recording) -> list[str]:
    """What identifies each segment: its content, and the start that was given for it."""
    found = []
    for segment in recording.segments:
        try:
            content = "live" if segment.live else fingerprint(segment.url)
        except OSError as error:
            content = f"unreadable ({error.strerror})"
        found.append(f"{content} {segment.start.isoformat() if segment.start else ''}".strip())
    return found


def plan_resume(plan: CameraPlan, content: list[str]) -> Resume:
    """Compare with what an earlier run left."""
    saved = read_extra(plan.snapshot)
    if saved is None:
        return Resume()
    for name, now in plan.basis().items():
        if saved["basis"].get(name) != now:
            return Resume(anew_because=f"its {name} changed")
    before: list[str] = saved["content"]
    if content[: len(before)] != before:
        return Resume(anew_because="its recordings changed")
    observed_s: float = saved["observed_s"]
    if saved["finished"] and len(content) == len(before):
        return Resume(done=True, after_s=observed_s)
    points = [Checkpoint(**c) for c in saved["checkpoints"]]
    early = [c for c in points if c.timeline["end_s"] <= observed_s - REPLAYED_S]
    return Resume(begin=[*points[:1], *early][-1], after_s=observed_s)


@dataclass(slots=True)
class CameraJob:
    """Reading of one camera in a thread of its own; the scene is run by the pipeline's thread."""

    plan: CameraPlan
    scene: Scene
    recorder: Recorder
    resume: Resume
    content: list[str]
    reader: RecordingReader = field(init=False)
    queue: FrameQueue = field(init=False)
    observed_s: float = field(init=False)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.observed_s = self.resume.after_s
        if self.resume.after_s > float("-inf"):
            load_snapshot(self.plan.snapshot, self.scene)
        self.reader = RecordingReader(
            self.plan.recording,
            make_sampler(self.plan.every),
            Cropper(self.plan.shape, self.plan.tiles),
            self.recorder,
            decode_threads=self.plan.decode_threads,
            resume=self.resume.begin,
            after_s=self.resume.after_s,
        )

    def start(self, batcher: Batcher) -> None:
        self.queue = batcher.open(self.plan.camera_id)
        threading.Thread(target=self._read, name=f"reader {self.plan.camera_id}", daemon=True).start()

    def stop(self) -> None:
        """Read no further: what is read already still passes."""
        self._stop.set()

    def abandon(self) -> None:
        """Let go of the reader even if it waits for room."""
        self._stop.set()
        self.queue.end()

    @property
    def interrupted(self) -> bool:
        return self._stop.is_set()

    def save(self, finished: bool) -> None:
        """Keep where the camera stands. Only when none of its evidence is pending. Raises ``OSError``."""
        if self.plan.live:
            return
        points = list(self.reader.checkpoints)
        before = [c for c in points if c.timeline["end_s"] <= self.observed_s] or points[:1]
        extra: dict[str, Any] = {
            "basis": self.plan.basis(),
            "content": self.content if finished else self.content[: before[-1].segment + 1],
            "observed_s": self.observed_s,
            "finished": finished,
            "checkpoints": [asdict(c) for c in before[-KEPT_CHECKPOINTS:]],
        }
        save_snapshot(self.plan.snapshot, self.scene, extra)

    def _read(self) -> None:
        try:
            for frame in self.reader.frames(self._stop.is_set):
                self.queue.put(frame)
                if self._stop.is_set():
                    break
        except BaseException as error:
            self.queue.end(error)
        else:
            self.queue.end()


def started_at(job: CameraJob) -> datetime | None:
    segments = job.reader.statistics.segments
    return segments[0][3] if segments else None

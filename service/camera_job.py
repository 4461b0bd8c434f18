"""One camera's recording being scored: its reading thread, its scene, and where to go on after an interruption."""

import threading
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from streams.batcher import Batcher, FrameQueue
from streams.crops import Cropper, InputShape, Tiles
from streams.fingerprint import fingerprint
from streams.reader import Checkpoint, RecordingReader
from streams.recorder import Recorder
from streams.sampler import make_sampler
from streams.source import Recording
from vision.records import iso
from vision.scene import Scene
from vision.scene_rules import SceneRules
from vision.snapshot import load_snapshot, read_extra, save_snapshot

REPLAYED_S = 60.0
"""After a restart reading begins at a segment that starts at least this long before: clips find their pre-roll."""


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
class SoFar:
    """What was read of a camera, by this run and those before it. Plain values, so that a snapshot can keep it.

    pictures: how many the recording has; skipped: how many of them lie before the segment where reading begins again.
    wall_s: how long it took.
    """

    files: list[dict[str, Any]] = field(default_factory=list)
    failures: list[dict[str, str]] = field(default_factory=list)
    pictures: int = 0
    skipped: int = 0
    wall_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Resume:
    """How a camera starts: anew, going on, or already done.

    set_aside: why what an earlier run confirmed makes way, empty where it stays. before: what earlier runs read.
    """

    begin: Checkpoint | None = None
    after_s: float = float("-inf")
    done: bool = False
    set_aside: str = ""
    before: SoFar = field(default_factory=SoFar)


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


def belongs(snapshot: Path, recording: Recording) -> bool:
    """Whether what is saved is of this recording: nothing is saved, or a file of it has its place or its content."""
    saved = read_extra(snapshot)
    if saved is None or any(s.live for s in recording.segments):
        return True
    places = {str(Path(s.url).resolve()) for s in recording.segments}
    if places & set(saved.get("places", [])):
        return True
    before = {c.partition(" ")[0] for c in saved["content"]}
    return not before or bool(before & {c.partition(" ")[0] for c in content_of(recording)})


def plan_resume(plan: CameraPlan, content: list[str]) -> Resume:
    """Compare with what an earlier run left."""
    saved = read_extra(plan.snapshot)
    if saved is None:
        return Resume(set_aside="how far an earlier run came is not known")
    for name, now in plan.basis().items():
        if saved["basis"].get(name) != now:
            return Resume(set_aside=f"its {name} changed")
    before: list[str] = saved["content"]
    if content[: len(before)] != before:
        return Resume(set_aside="its recordings changed")
    if saved["begin"] is None:
        return Resume()  # nothing was observed yet
    observed_s = float("-inf") if saved["observed_s"] is None else saved["observed_s"]
    done = saved["finished"] and len(content) == len(before)
    return Resume(Checkpoint(**saved["begin"]), observed_s, done, before=SoFar(**saved["so_far"]))


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
    wall_s: float = 0.0
    saved_at: float = 0.0
    _pictures_before: dict[int, int] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.observed_s = self.resume.after_s
        if self.resume.begin is not None:
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
        observed = self.observed_s > float("-inf")
        points = list(self.reader.checkpoints) if observed or finished else []
        early = [c for c in points if c.timeline["end_s"] <= self.observed_s - REPLAYED_S]
        begin = [*points[:1], *early][-1] if points else None
        extra: dict[str, Any] = {
            "basis": self.plan.basis(),
            "content": self.content,
            "places": [str(Path(s.url).resolve()) for s in self.plan.recording.segments if not s.live],
            "observed_s": self.observed_s if observed else None,
            "finished": finished,
            "begin": begin and asdict(begin),
            "so_far": asdict(replace(self.so_far(), skipped=self._skipped(begin))),
        }
        save_snapshot(self.plan.snapshot, self.scene, extra)

    def so_far(self) -> SoFar:
        """What this run and those before it read. A file that was read again counts once."""
        before, statistics = self.resume.before, self.reader.statistics
        if self.resume.done:
            return before
        files = [
            {"name": name, "start_s": round(start_s, 3), "end_s": round(end_s, 3), "start_utc": iso(start)}
            for name, start_s, end_s, start in statistics.segments
        ]
        failures = [{"file": f.segment.name, "message": f.message} for f in statistics.failures]
        if self.resume.begin is not None:
            again = {f.name for f in self.plan.recording.segments[self.resume.begin.segment :]}
            files = [f for f in before.files if f["name"] not in again] + files
            failures = [f for f in before.failures if f["file"] not in again] + failures
        return SoFar(files, failures, before.skipped + statistics.packets, wall_s=before.wall_s + self.wall_s)

    def _skipped(self, begin: Checkpoint | None) -> int:
        """Pictures before a checkpoint, to within the group in which its segment's first picture was taken."""
        return self.resume.before.skipped + (self._pictures_before.get(begin.segment, 0) if begin else 0)

    def _stopping(self) -> bool:
        newest_s = self.recorder.newest_s
        if newest_s <= self.resume.after_s:
            # Until it has caught up no frame comes, so nobody else tells the recorder what to forget.
            self.recorder.release(newest_s - REPLAYED_S)
        return self._stop.is_set()

    def _read(self) -> None:
        try:
            for frame in self.reader.frames(self._stopping):
                self._pictures_before.setdefault(self.reader.segment_number, self.reader.statistics.packets - 1)
                self.queue.put(frame)
                if self._stop.is_set():
                    break
        except BaseException as error:
            self.queue.end(error)
        else:
            self.queue.end()

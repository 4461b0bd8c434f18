"""A live camera's scene, evidence and journal without its network: what was recorded is shown picture by picture.

Run in a process of its own it can be killed at an exact write; the next one goes on with the pictures that come then.
"""

import multiprocessing
import os
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from labels.catalogue import load_catalogue
from models.detector import load_detector
from service.city import load_city
from service.decided import Decided
from service.planning import scene_rules
from streams.batcher import Batch
from streams.crops import Cropper, InputShape
from streams.frame import Frame, ViewKey
from streams.reader import RecordingReader
from streams.recorder import Recorder
from streams.sampler import make_sampler
from streams.source import Recording, Segment
from vision.continuing import agree
from vision.journal import Journal
from vision.keys import KEY_VARIABLE, load_or_make
from vision.live_evidence import LiveEvidence
from vision.pipeline import Pipeline
from vision.records import Event
from vision.scene import Scene
from vision.seal import Chain
from vision.snapshot import load_snapshot, read_extra, save_snapshot

VIEW = ViewKey("gate", "home")
NEVER = 1 << 30
START = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass
class _Follower:
    evidence: LiveEvidence
    recorder: Recorder

    def follow(self, event: Event, scene: Scene, frame: Frame | None) -> None:
        assert frame is not None
        if event.kind == "opened":
            onset = scene.onset(event.id)
            self.evidence.opened(event, onset, frame.still, scene.grounds(event.id), self.recorder)
        elif event.kind == "cleared":
            self.evidence.cleared(event, frame.still)
        else:
            self.evidence.extended(event)

    def observed(self, frame: Frame) -> None:
        self.evidence.advance("gate", frame.elapsed_s)


def watch(recording: Path, city: Path, model: Path, results: Path, key: Path, after_s: float) -> float:
    """Show what comes after ``after_s``; returns the time of the last picture. Waits for each write before the next."""
    detector = load_detector(model)
    there = load_city(city)
    camera = there.camera("gate")
    signing, _ = load_or_make(key)
    for folder in ("evidence", "state"):
        (results / folder).mkdir(parents=True, exist_ok=True)
    journal = Journal(results / "journal.jsonl")
    evidence = LiveEvidence(results / "evidence", Chain(results / "evidence", signing), journal, load_catalogue().types)
    evidence.recover()
    scene = Scene(VIEW, scene_rules(there, camera, camera.views[0], detector.card, {}, Decided()))
    snapshot = results / "state" / "gate.zip"
    if read_extra(snapshot) is not None:
        load_snapshot(snapshot, scene)
    agree(scene, journal.events)
    recorder = Recorder(40.0)
    pipeline = Pipeline(detector, {VIEW: scene}, _Follower(evidence, recorder))
    reader = RecordingReader(
        Recording("gate", "home", (Segment(str(recording), START),)),
        make_sampler("auto"),
        Cropper(InputShape(detector.card.sizes)),
        recorder,
        after_s=after_s,
    )
    shown_s = after_s
    for n, frame in enumerate(reader.frames()):
        (results / "now").write_text(str(frame.elapsed_s))
        (results / "now").replace(results / "shown")
        pipeline.process(Batch((frame,)))
        shown_s = frame.elapsed_s
        while evidence.waiting or not evidence.settled("gate"):
            time.sleep(0.0005)  # a camera's pictures come seconds apart
        if n % 4 == 3:
            save_snapshot(snapshot, scene, {}, passing=False)
    evidence.close()
    return shown_s


def run(recording: Path, city: Path, model: Path, results: Path, key: Path, at: int = NEVER) -> tuple[int, int]:
    """In a process of its own, killed at its ``at``-th durable write; the exit code, and how many writes there were.

    Goes on with the picture after the one at which the last process died, as a camera would have.
    """
    results.mkdir(parents=True, exist_ok=True)
    shown = results / "shown"
    after_s = float(shown.read_text()) if shown.exists() else float("-inf")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.service.live_crash"])
    process = context.Process(target=_child, args=(recording, city, model, results, key, after_s, at))
    process.start()
    process.join(60)
    code = process.exitcode
    assert code is not None, "it hangs"
    return code, int((results / "writes").read_text()) if code == 0 else at


def _child(recording: Path, city: Path, model: Path, results: Path, key: Path, after_s: float, at: int) -> None:
    os.environ[KEY_VARIABLE] = str(key)
    count, real = 0, os.fsync

    def fsync(file: int) -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        real(file)

    os.fsync = fsync  # type: ignore[assignment]
    watch(recording, city, model, results, key, after_s)
    (results / "writes").write_text(str(count))

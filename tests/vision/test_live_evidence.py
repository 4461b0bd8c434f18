"""Evidence of live cameras: on the disk before it counts, growing, sealed, and patient with a full disk."""

import errno
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from labels.catalogue import load_catalogue
from streams.crops import Cropper, InputShape
from streams.frame import Frame
from streams.reader import RecordingReader
from streams.recorder import Recorder
from streams.sampler import make_sampler
from streams.source import Recording, Segment
from tests.scenery import Thing, street
from vision import live_evidence
from vision.evidence import STAGING
from vision.journal import Journal
from vision.keys import SigningKey, load_or_make
from vision.live_evidence import LiveEvidence
from vision.records import SCHEMA_VERSION, Event, EventKind, Violation
from vision.seal import Chain
from vision.verify import verify


@dataclass
class Gate:
    """A camera of which so much is recorded as a test asks for."""

    folder: Path
    reader: Iterator[Frame]
    recorder: Recorder
    evidence: LiveEvidence
    key: SigningKey
    frames: list[Frame] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)

    def record_until(self, elapsed_s: float) -> None:
        while not self.frames or self.frames[-1].elapsed_s < elapsed_s:
            self.frames.append(next(self.reader))

    def event(self, kind: EventKind = "opened", confirmed_s: float = 12.0) -> Event:
        violation = Violation(
            id="car", camera_id="gate", view_id="home", key="motor_vehicle_parking", onset=None, confirmed_at=None,
            cleared_at=None, onset_s=2.0, confirmed_s=confirmed_s, cleared_s=None, xyxy=(0.1, 0.4, 0.3, 0.7),
            size=(320, 192), place=None, score=0.9, sightings=6, proven=True,
        )  # fmt: skip
        return Event(SCHEMA_VERSION, kind, 0, violation, "m", "r", "c")

    def open(self) -> None:
        self.evidence.opened(
            self.event(), self.frames[1].still, self.frames[-1].still, {"why": "it stood"}, self.recorder
        )

    def wait(self, until: Callable[[], Any]) -> None:
        deadline = time.monotonic() + 20
        while not until():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def staged(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / f"{STAGING}car.json").read_bytes())
        return found

    def is_sealed(self) -> bool:
        """The folder's name comes before its place in the chain."""
        return (self.folder / "car" / "manifest.json").exists() and verify(self.folder, self.key.public).ok

    def sealed(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "car" / "manifest.json").read_bytes())["record"]
        return found


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    car = Thing("red", (0.1, 0.4, 0.3, 0.7), 2)
    return street(tmp_path_factory.mktemp("gate") / "gate.mp4", seconds=30, fps=5, gop_s=1, things=[car])


@pytest.fixture
def gate(recording: Path, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    monkeypatch.setattr(live_evidence, "RETRY_S", 0.05)
    recorder, folder = Recorder(40.0), tmp_path / "evidence"
    source = Recording("gate", "home", (Segment(str(recording)),))
    reader = RecordingReader(source, make_sampler("auto"), Cropper(InputShape(((320, 192),))), recorder)
    signing, _ = load_or_make(key)
    told: list[Event] = []
    journal = Journal(tmp_path / "journal.jsonl")
    evidence = LiveEvidence(folder, Chain(folder, signing), journal, load_catalogue().types, told.append)
    evidence.recover()
    gate = Gate(folder, reader.frames(), recorder, evidence, signing, told=told)
    gate.record_until(12)
    yield gate
    evidence.close()


def test_pictures_and_pre_roll_lie_there_when_the_journal_says_so_and_the_clip_grows(gate: Gate) -> None:
    gate.open()
    assert not gate.evidence.settled("gate")
    gate.wait(lambda: gate.told)
    gate.wait(lambda: gate.evidence.settled("gate"))
    assert {p.name for p in (gate.folder / f"{STAGING}car").iterdir()} == {"onset.jpg", "trigger.jpg", "clip.mp4"}
    before_s = gate.staged()["clip"]["end_s"]
    assert before_s >= 12
    gate.record_until(15)
    gate.evidence.advance("gate", 15)
    gate.wait(lambda: gate.staged()["clip"]["end_s"] >= 15)
    assert not (gate.folder / "car").exists()
    gate.record_until(18)
    gate.evidence.advance("gate", 18)
    gate.wait(lambda: (gate.folder / "car").exists() and not gate.evidence.waiting)
    assert gate.sealed()["clip"]["end_s"] == pytest.approx(17, abs=0.3)
    assert gate.sealed()["notes"] == []
    assert Event.from_dict(gate.sealed()["event"]) == gate.event()
    assert not gate.evidence.is_growing("gate")
    assert gate.recorder.keep_from_s == math.inf
    gate.wait(gate.is_sealed)


def test_a_clip_that_grows_keeps_its_packets_in_a_ring_that_would_forget_them(gate: Gate) -> None:
    gate.recorder.longest_s = 3.0
    gate.open()
    gate.record_until(18)
    assert gate.recorder.groups[0].start_s <= 2
    gate.evidence.advance("gate", 18)
    gate.wait(gate.is_sealed)
    assert gate.sealed()["clip"]["start_s"] <= 2
    gate.record_until(25)
    assert gate.recorder.groups[0].start_s >= 20


def test_a_full_disk_confirms_nothing_says_so_and_loses_nothing(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    real, full = os.fsync, True

    def fsync(file: int) -> None:
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    gate.open()
    gate.wait(lambda: gate.evidence.trouble)
    assert "No space left" in gate.evidence.trouble
    time.sleep(0.2)
    assert (gate.told, gate.evidence.journal.events) == ([], {})
    assert not gate.evidence.settled("gate")
    full = False
    gate.wait(lambda: gate.told)
    gate.wait(lambda: gate.evidence.trouble == "")
    gate.record_until(18)
    gate.evidence.advance("gate", 18)
    gate.wait(gate.is_sealed)
    assert verify(gate.folder, gate.key.public).ok


def test_a_camera_that_is_gone_is_not_waited_for_for_ever(gate: Gate) -> None:
    gate.open()
    gate.evidence.advance("gate", 40)
    assert gate.evidence.is_growing("gate")
    gate.evidence.advance("gate", 48)
    gate.wait(gate.is_sealed)
    assert gate.sealed()["notes"] == ["the clip ends early: the camera gave no more pictures"]


def test_cleared_before_its_clip_is_whole_it_is_sealed_first(gate: Gate) -> None:
    gate.open()
    gate.record_until(14)
    gate.evidence.cleared(gate.event("cleared"), gate.frames[-1].still)
    gate.wait(lambda: len(gate.told) == 2)
    assert [e.kind for e in gate.told] == ["opened", "cleared"]
    assert (gate.folder / "car" / "cleared.jpg").exists()
    assert verify(gate.folder, gate.key.public).cleared == 1


def test_told_again_nothing_is_written_again(gate: Gate) -> None:
    gate.open()
    gate.record_until(18)
    gate.evidence.advance("gate", 18)
    gate.wait(gate.is_sealed)
    gate.open()
    gate.evidence.advance("gate", 18)
    gate.wait(lambda: not gate.evidence.waiting and gate.evidence.settled("gate"))
    assert len(gate.told) == 1
    assert len((gate.folder / "chain.jsonl").read_bytes().splitlines()) == 1


def test_a_failure_that_is_no_disks_fault_is_counted_and_the_next_one_is_served(gate: Gate) -> None:
    class Broken:
        def decode(self) -> None:
            raise RuntimeError("nobody foresaw this")

    gate.evidence.opened(gate.event(), None, Broken(), {}, gate.recorder)  # type: ignore[arg-type]
    gate.wait(lambda: gate.evidence.failures == 1)
    assert gate.evidence.settled("gate")
    gate.evidence.extended(gate.event("extended"))
    gate.wait(lambda: gate.told)

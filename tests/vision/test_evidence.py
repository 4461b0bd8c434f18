"""Evidence waits for its post-roll, appears only whole and sealed, and a picture that is lost costs only itself."""

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labels.catalogue import load_catalogue
from streams.crops import Cropper, InputShape
from streams.frame import Frame, Picture, StillLost
from streams.reader import RecordingReader
from streams.recorder import Recorder
from streams.sampler import make_sampler
from streams.source import Recording, Segment
from tests.scenery import Thing, street
from vision.evidence import EvidenceFailed, EvidenceWriter, evidence_folder
from vision.keys import SigningKey, load_or_make
from vision.records import SCHEMA_VERSION, Event, EventKind, Violation
from vision.seal import Chain
from vision.verify import verify


class Lost:
    """A picture whose packets do not decode."""

    def decode(self) -> Picture:
        raise StillLost("no picture decodes at 30.00 s of the recording")


@dataclass(slots=True)
class Gate:
    """A camera with 30 s in its recorder and evidence that is about to be written."""

    folder: Path
    frames: list[Frame]
    recorder: Recorder
    writer: EvidenceWriter
    key: SigningKey

    def event(self, kind: EventKind = "opened", id: str = "car", confirmed_s: float = 12.0) -> Event:
        violation = Violation(
            id=id, camera_id="gate", view_id="home", key="motor_vehicle_parking", onset=None, confirmed_at=None,
            cleared_at=None, onset_s=2.0, confirmed_s=confirmed_s, cleared_s=None, xyxy=(0.1, 0.4, 0.3, 0.7),
            size=(320, 192), place=None, score=0.9, sightings=6, proven=True,
        )  # fmt: skip
        return Event(SCHEMA_VERSION, kind, 0, violation, "m", "r", "c")

    def open(self, id: str = "car", confirmed_s: float = 12.0) -> None:
        onset, trigger = self.frames[1].still, self.frames[6].still
        self.writer.opened(self.event("opened", id, confirmed_s), onset, trigger, {"why": "stood"})

    def record(self, id: str = "car", name: str = "manifest.json") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / id / name).read_text(encoding="utf-8"))["record"]
        return found


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    car = Thing("red", (0.1, 0.4, 0.3, 0.7), 2)
    return street(tmp_path_factory.mktemp("gate") / "gate.mp4", seconds=30, fps=5, things=[car])


@pytest.fixture
def gate(recording: Path, tmp_path: Path, key: Path) -> Iterator[Gate]:
    recorder = Recorder()
    shape = InputShape(((320, 192),), False)
    segments = (Segment(str(recording)),)
    reader = RecordingReader(Recording("gate", "home", segments), make_sampler("auto"), Cropper(shape, None), recorder)
    frames = list(reader.frames())
    folder = tmp_path / "evidence"
    signing, _ = load_or_make(key)
    writer = EvidenceWriter(folder, Chain(folder, signing), load_catalogue().types, {"gate": recorder})
    yield Gate(folder, frames, recorder, writer, signing)
    writer.close()


def test_a_clip_waits_until_what_comes_after_is_recorded(gate: Gate) -> None:
    gate.open(confirmed_s=28)
    gate.writer.advance("gate", 28)
    assert not gate.writer.idle("gate")
    assert gate.writer.idle("yard"), "other cameras wait for nothing"
    assert not (gate.folder / "car").exists()
    gate.writer.advance("gate", 30, ended=True)
    gate.writer.flush()
    assert gate.writer.idle("gate")
    assert gate.record()["clip"]["end_s"] == pytest.approx(30)


def test_evidence_is_pictures_clip_and_grounds_under_one_seal(gate: Gate) -> None:
    gate.open()
    gate.writer.advance("gate", 20)
    gate.writer.flush()
    names = {p.name for p in (gate.folder / "car").iterdir()}
    assert names == {"onset.jpg", "trigger.jpg", "clip.mp4", "manifest.json", "manifest.sig"}
    record = gate.record()
    assert Event.from_dict(record["event"]) == gate.event()
    assert record["grounds"] == {"why": "stood"}
    assert record["notes"] == []
    assert record["clip"]["start_s"] <= 2
    assert 17 <= record["clip"]["end_s"] < 18
    assert verify(gate.folder, gate.key.public).ok


def test_clearing_before_the_clip_is_cut_comes_after_it(gate: Gate) -> None:
    gate.open(confirmed_s=27)
    gate.writer.cleared(gate.event("cleared", confirmed_s=27), gate.frames[-1].still)
    gate.writer.advance("gate", 28)
    assert not (gate.folder / "car").exists()
    gate.writer.advance("gate", 30, ended=True)
    gate.writer.flush()
    assert (gate.folder / "car" / "cleared.jpg").exists()
    assert verify(gate.folder, gate.key.public).cleared == 1


def test_told_again_after_a_restart_nothing_is_written_again(gate: Gate) -> None:
    for _ in range(2):
        gate.open()
        gate.writer.advance("gate", 20)
        gate.writer.cleared(gate.event("cleared"), gate.frames[-1].still)
        gate.writer.flush()
    assert len((gate.folder / "chain.jsonl").read_bytes().splitlines()) == 2


def test_a_lost_picture_is_noted_and_the_rest_is_sealed(gate: Gate) -> None:
    gate.writer.opened(gate.event(), None, Lost(), {})
    gate.writer.advance("gate", 20)
    gate.writer.cleared(gate.event("cleared"), Lost())
    gate.writer.flush()
    notes = gate.record()["notes"]
    assert notes == [
        "no onset.jpg: its packets were not kept",
        "no trigger.jpg: no picture decodes at 30.00 s of the recording",
    ]
    assert (gate.folder / "car" / "clip.mp4").exists()
    assert gate.record(name="cleared.json")["notes"][0].startswith("no cleared.jpg: ")
    assert verify(gate.folder, gate.key.public).ok


def test_without_kept_packets_there_is_no_clip_and_that_is_noted(gate: Gate) -> None:
    gate.open()
    gate.recorder.groups.clear()
    gate.writer.advance("gate", 20, ended=True)
    gate.writer.flush()
    assert gate.record()["clip"] is None
    assert gate.record()["notes"] == ["no clip: the recording's packets were not kept"]


def test_a_full_disk_is_told_with_the_folder_and_leaves_nothing(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.open("first")
    gate.writer.advance("gate", 20)
    gate.writer.flush()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        gate.open("second")
        gate.writer.advance("gate", 20)
        with pytest.raises(EvidenceFailed, match="No space left on device") as failed:
            gate.writer.flush()
    assert isinstance(failed.value.__cause__, OSError)
    assert failed.value.__cause__.filename == str(gate.folder / "second")
    assert sorted(p.name for p in gate.folder.iterdir() if not p.name.startswith(".chain")) == ["chain.jsonl", "first"]
    assert verify(gate.folder, gate.key.public).ok


def test_what_is_given_up_is_not_written(gate: Gate) -> None:
    gate.open(confirmed_s=28)
    assert gate.writer.forgo("gate")
    assert not gate.writer.forgo("gate")
    gate.writer.advance("gate", 30, ended=True)
    gate.writer.flush()
    assert not (gate.folder / "car").exists()


def test_what_a_killed_program_was_writing_is_swept_away(gate: Gate) -> None:
    (gate.folder / ".staging-car").mkdir()
    (gate.folder / ".staging-car" / "onset.jpg").write_bytes(b"half")
    other = EvidenceWriter(gate.folder, gate.writer.chain, load_catalogue().types, {})
    other.close()
    assert not (gate.folder / ".staging-car").exists()


def test_the_same_thing_found_again_after_its_evidence_was_buried_gets_a_folder_beside_the_tombstone(
    gate: Gate,
) -> None:
    for name in ("car", "car.2", "car.3"):
        assert evidence_folder(gate.folder, "car") == gate.folder / name
        gate.open()
        gate.writer.advance("gate", 20)
        gate.writer.flush()
        assert (gate.folder / name / "manifest.json").exists()
        gate.writer.chain.bury(gate.folder / name, "scored anew", "a test")
    assert verify(gate.folder, gate.key.public).buried == 3


def test_the_recorder_forgets_what_no_clip_can_need_any_more(gate: Gate) -> None:
    longest = max(t.evidence.pre_s for t in load_catalogue().types.values())
    gate.open(confirmed_s=28)
    gate.writer.advance("gate", 29)
    assert gate.recorder.groups[0].start_s <= min(29 - longest, 18)
    gate.writer.forgo("gate")
    gate.writer.advance("gate", 29 + longest)
    assert gate.recorder.groups[0].start_s == 28

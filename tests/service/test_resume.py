"""A run that is killed, interrupted or changed and started again ends where an undisturbed one would have."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models.detector import load_detector
from service.camera_job import CameraJob, Resume
from service.planning import Request, make_plans
from service.results import claim
from streams.batcher import Batcher
from streams.frame import ViewKey
from streams.recorder import Recorder
from tests.command_line import camera, city_file, read_lines, streetorder, unfinished
from tests.crashes import NEVER, Mishap, run, writes
from tests.scenery import Thing, street
from tests.toy_model import write_toy_model
from vision.keys import load_key
from vision.scene import Scene
from vision.verify import verify

LEFT, RIGHT = (0.1, 0.4, 0.3, 0.7), (0.6, 0.4, 0.8, 0.7)


@dataclass(frozen=True, slots=True)
class Street:
    """Two cameras with three violations between them, and what an undisturbed run made of it."""

    folder: Path
    words: tuple[str | Path, ...]
    key: Path
    undisturbed: Path
    writes: int

    def score(self, results: Path, mishap: Mishap = "nothing", at: int = NEVER, save_every_s: float = 0) -> int:
        words = [*self.words, "--out", results]
        return run(words, self.key, results.with_name("said"), mishap, at, save_every_s)

    def complete(self, results: Path) -> None:
        """Run to the end."""
        assert self.score(results) == 0, results.with_name("said").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def two_cameras(tmp_path_factory: pytest.TempPathFactory, toy_model: Path) -> Street:
    folder = tmp_path_factory.mktemp("street")
    street(folder / "gate.mp4", seconds=36, fps=5, things=[Thing("red", LEFT, 2, 20), Thing("blue", RIGHT, 12)])
    street(folder / "yard.mp4", seconds=20, fps=5, things=[Thing("green", LEFT, 4)], noise_seed=1)
    city = city_file(folder / "city.yaml", camera("gate", "gate.mp4"), camera("yard", "yard.mp4"))
    words = ("score", "--cameras", city, "--model", toy_model, "--jobs", "2")
    found = Street(folder, words, folder / "signing.key", folder / "undisturbed", 0)
    found.complete(found.undisturbed)
    assert len(read_lines(found.undisturbed / "violations.jsonl")) == 3
    return Street(folder, words, found.key, found.undisturbed, writes(folder / "said"))


def assert_as_undisturbed(results: Path, scene: Street) -> None:
    """The same violations, each once, with the same pictures and clips, all of it sealed and intact."""
    assert read_lines(results / "violations.jsonl") == read_lines(scene.undisturbed / "violations.jsonl")
    assert _without_order(results / "tracks.jsonl") == _without_order(scene.undisturbed / "tracks.jsonl")
    for violation in read_lines(scene.undisturbed / "violations.jsonl"):
        ours, theirs = results / violation["evidence"], scene.undisturbed / violation["evidence"]
        for file in theirs.iterdir():
            if file.suffix in (".jpg", ".mp4"):
                assert (ours / file.name).read_bytes() == file.read_bytes(), file.name
        sealed = json.loads((ours / "manifest.json").read_text(encoding="utf-8"))["record"]
        assert sealed == json.loads((theirs / "manifest.json").read_text(encoding="utf-8"))["record"]
    report = verify(results, load_key(scene.key).public)
    assert report.ok, report.lines()
    assert (report.evidence, report.buried) == (3, 0)
    events = read_lines(results / "journal.jsonl")
    for id in {e["violation"]["id"] for e in events}:
        own = [e for e in events if e["violation"]["id"] == id]
        assert [e["seq"] for e in own] == list(range(len(own)))
        assert [e["kind"] for e in own].count("opened") == 1
        assert [e["kind"] for e in own].count("cleared") <= 1
    assert unfinished(results) == []


def _without_order(path: Path) -> list[str]:
    return sorted(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("save_every_s", [0.0, 60.0], ids=["states are saved all the time", "no state was saved yet"])
def test_killed_at_any_moment_and_started_again_nothing_is_lost_or_told_twice(
    two_cameras: Street, tmp_path: Path, save_every_s: float
) -> None:
    moments = range(1, two_cameras.writes + 8, 9 if save_every_s == 0 else 6)
    for moment in moments:
        results = tmp_path / f"killed at {moment}"
        two_cameras.score(results, "killed", moment, save_every_s)
        two_cameras.complete(results)
        assert_as_undisturbed(results, two_cameras)
        shutil.rmtree(results)


def test_killed_again_and_again_it_gets_there_in_the_end(two_cameras: Street, tmp_path: Path) -> None:
    results = tmp_path / "results"
    for _ in range(40):
        if two_cameras.score(results, "killed", 12) == 0:
            break
    assert_as_undisturbed(results, two_cameras)


@pytest.mark.parametrize("mishap", ["interrupt", "terminate"])
def test_interrupted_it_says_so_and_the_same_command_goes_on(
    two_cameras: Street, tmp_path: Path, mishap: Mishap
) -> None:
    for moment in (4, 12, 22, 34):
        results = tmp_path / f"{moment}"
        code = two_cameras.score(results, mishap, moment)
        if code == 0 and moment == 34:  # both cameras had been read to their ends: nothing was left to interrupt
            assert_as_undisturbed(results, two_cameras)
            continue
        assert code == 130
        said = (tmp_path / "said").read_text(encoding="utf-8")
        assert "interrupted; the same command goes on from here" in said
        assert verify(results, load_key(two_cameras.key).public).ok
        two_cameras.complete(results)
        assert_as_undisturbed(results, two_cameras)


def test_a_disk_that_fills_up_at_any_moment_costs_nothing_that_was_sealed(two_cameras: Street, tmp_path: Path) -> None:
    for moment in range(1, two_cameras.writes - 5, 8):  # two threads write: the last few are not always as many
        results = tmp_path / f"full at {moment}"
        code = two_cameras.score(results, "disk full", moment)
        said = (tmp_path / "said").read_text(encoding="utf-8")
        assert "Traceback" not in said, said
        if "signing.key" not in said:
            assert code == 3, said
            assert str(results) in said
            assert "No space left on device" in said
        if (results / "evidence").exists():
            report = verify(results, load_key(two_cameras.key).public)
            assert report.exit_code == 0, report.lines()
        assert unfinished(results) == []
        two_cameras.complete(results)
        assert_as_undisturbed(results, two_cameras)
        shutil.rmtree(results)


@pytest.fixture
def finished(two_cameras: Street, tmp_path: Path) -> Path:
    """A copy of the street and its finished results, to change something and score it again."""
    folder = tmp_path / "street"
    shutil.copytree(two_cameras.folder, folder)
    return folder


def again(folder: Path, model: Path, *words: str, key: Path) -> Any:
    ended = streetorder(
        "score", "--cameras", folder / "city.yaml", "--model", model, "--out", folder / "undisturbed", *words, key=key
    )
    assert ended.code == 0, ended.err
    return ended


def ids(folder: Path, camera_id: str) -> set[str]:
    return {v["id"] for v in read_lines(folder / "undisturbed" / "violations.jsonl") if v["camera_id"] == camera_id}


def tombstones(folder: Path) -> set[str]:
    return {p.name.split(".")[0] for p in (folder / "undisturbed" / "evidence").glob("*.tombstone.json")}


def test_a_changed_recording_is_scored_anew_and_the_other_camera_is_kept(
    two_cameras: Street, finished: Path, toy_model: Path
) -> None:
    gate, yard = ids(finished, "gate"), ids(finished, "yard")
    street(finished / "yard.mp4", seconds=20, fps=5, things=[Thing("red", RIGHT, 6)], noise_seed=1)
    ended = again(finished, toy_model, key=two_cameras.key)
    assert "yard: its recordings changed: it is scored anew" in ended.err
    assert "gate: scored by an earlier run, nothing has changed" in ended.err
    assert ids(finished, "gate") == gate
    assert len(ids(finished, "yard")) == 1
    assert tombstones(finished) == yard
    assert streetorder("verify", finished / "undisturbed", key=two_cameras.key).code == 0


def test_another_dwell_or_model_is_said_and_the_same_things_get_evidence_again(
    two_cameras: Street, finished: Path, toy_model: Path, tmp_path: Path
) -> None:
    before = ids(finished, "gate") | ids(finished, "yard")
    ended = again(finished, toy_model, "--dwell", "motor_vehicle_parking=8", key=two_cameras.key)
    assert "gate: its configuration changed: it is scored anew" in ended.err
    found = read_lines(finished / "undisturbed" / "violations.jsonl")
    assert {v["id"] for v in found} == before, "an id says what was seen, not by which rule it was judged"
    assert all((finished / "undisturbed" / v["evidence"] / "clip.mp4").exists() for v in found)

    other = write_toy_model(tmp_path / "other.onnx", version="2")
    ended = again(finished, other, "--dwell", "motor_vehicle_parking=8", key=two_cameras.key)
    assert "yard: its model changed: it is scored anew" in ended.err
    assert ids(finished, "gate") | ids(finished, "yard") == before
    assert streetorder("verify", finished / "undisturbed", key=two_cameras.key).code == 0


def test_files_that_came_later_continue_the_recording(tmp_path: Path, toy_model: Path) -> None:
    city = city_file(tmp_path / "city.yaml", camera("gate", "gate-*.mp4"))
    words = ("score", "--cameras", city, "--model", toy_model, "--out", tmp_path / "r")
    street(tmp_path / "gate-1.mp4", seconds=16, fps=5, things=[Thing("red", LEFT, 2)])
    (first,) = streetorder(*words, "--json").json["violations"]
    street(tmp_path / "gate-2.mp4", seconds=16, fps=5, things=[Thing("red", LEFT, 0, 6)])
    told = streetorder(*words, "--json").json
    (second,) = told["violations"]
    assert (second["id"], first["cleared_s"], second["cleared_s"]) == (first["id"], None, 22.0)
    assert [(f["start_s"], f["end_s"]) for f in told["cameras"][0]["files"]] == [(0, 16), (16, 32)]
    assert told["cameras"][0]["pictures"] == 160
    assert verify(tmp_path / "r", None).cleared == 1


def test_catching_up_through_a_long_recording_keeps_only_what_clips_may_need(tmp_path: Path, toy_model: Path) -> None:
    street(tmp_path / "gate.mp4", seconds=400, fps=1, size=(160, 96), gop_s=2)
    card = load_detector(toy_model).card
    (plan,) = make_plans(Request((str(tmp_path / "gate.mp4"),), tmp_path / "r"), card)
    scene = Scene(ViewKey("gate", "home"), plan.rules)
    job = CameraJob(plan, scene, Recorder(), Resume(after_s=380.0), [])
    batcher = Batcher()
    job.start(batcher)
    batch = batcher.next()
    assert batch is not None
    assert batch.frames[0].elapsed_s > 380
    assert 310 <= job.recorder.groups[0].start_s <= 322
    job.abandon()


@pytest.mark.parametrize(
    "damage",
    [lambda p: p.unlink(), lambda p: p.write_bytes(p.read_bytes()[:-30]), lambda p: p.write_bytes(b"")],
    ids=["gone", "cut short", "empty"],
)
def test_without_a_readable_state_a_camera_is_scored_anew(
    two_cameras: Street, finished: Path, toy_model: Path, damage: Callable[[Path], object]
) -> None:
    before = ids(finished, "gate")
    damage(finished / "undisturbed" / "state" / "gate.zip")
    ended = again(finished, toy_model, key=two_cameras.key)
    assert "gate: how far an earlier run came is not known: it is scored anew" in ended.err
    assert ids(finished, "gate") == before
    assert streetorder("verify", finished / "undisturbed", key=two_cameras.key).code == 0


def test_a_journal_line_that_cannot_be_read_is_named(two_cameras: Street, finished: Path, toy_model: Path) -> None:
    journal = finished / "undisturbed" / "journal.jsonl"
    journal.write_bytes(b'{"kind": "opened"}\n' + journal.read_bytes())
    ended = streetorder(
        "score", "--cameras", finished / "city.yaml", "--model", toy_model, "--out", finished / "undisturbed",
        key=two_cameras.key,
    )  # fmt: skip
    assert ended.code == 2
    assert f"{journal}:1: not an event of this program" in ended.err


def test_two_runs_never_write_into_one_folder(two_cameras: Street, finished: Path, toy_model: Path) -> None:
    with claim(finished / "undisturbed"):
        ended = streetorder(
            "score", "--cameras", finished / "city.yaml", "--model", toy_model, "--out", finished / "undisturbed",
            key=two_cameras.key,
        )  # fmt: skip
    assert ended.code == 2
    assert "another run is writing here" in ended.err

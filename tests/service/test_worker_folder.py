"""Cameras whose recordings are delivered into a folder, watched by the same worker as live ones."""

import json
import shutil
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streams.simulator.simulator import Simulator
from tests.command_line import city_file, streetorder, unfinished
from tests.scenery import Thing, street
from tests.service.live_worker import LiveWorker, working
from vision.journal import Journal
from vision.keys import load_or_make
from vision.verify import verify

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PIECES, PIECE_S = 4, 12.0
CAR, VAN = Thing("red", (0.1, 0.4, 0.3, 0.7), 2), Thing("blue", (0.6, 0.4, 0.8, 0.7), 20, 33)
"""One stays, one comes in the second piece and leaves in the third: nothing of either is whole in one file."""


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A street in files as recorders name them."""
    folder = tmp_path_factory.mktemp("pieces")
    made = []
    for n in range(PIECES):
        begin_s = n * PIECE_S
        path = folder / f"gate_{NOON + timedelta(seconds=begin_s):%Y%m%d_%H%M%S}.mp4"
        here = [replace(t, from_s=t.from_s - begin_s, to_s=t.to_s - begin_s) for t in (CAR, VAN)]
        made.append(street(path, seconds=PIECE_S, gop_s=1, things=here))
    return made


def camera(folder: Path, more: str = "") -> str:
    return f"  - {{id: gate, start_pattern: '%Y%m%d_%H%M%S', urls: {{detect: {folder}{more}}}}}\n"


def found(results: Path) -> list[tuple[object, ...]]:
    violations = sorted(Journal(results / "journal.jsonl").violations(), key=lambda v: v.onset_s)
    return [(v.id, v.key, v.onset_s, v.confirmed_s, v.cleared_s, v.confirmed_at) for v in violations]


@pytest.fixture(scope="module")
def scored(pieces: list[Path], tmp_path_factory: pytest.TempPathFactory, toy_model: Path) -> list[tuple[object, ...]]:
    home = tmp_path_factory.mktemp("scored")
    city = city_file(home / "city.yaml", camera(pieces[0].parent))
    done = streetorder("score", "--cameras", city, "--out", home / "out", "--model", toy_model)
    assert done.code == 0, done.err
    two = found(home / "out")
    assert len(two) == 2
    return two


def all_read(pieces: list[Path]) -> int:
    return sum(1 for _ in pieces) * round(PIECE_S)


def stop(worker: LiveWorker) -> None:
    assert worker.signal(signal.SIGTERM) == 0


def test_what_is_delivered_is_judged_as_the_same_files_are_scored(tmp_path, pieces, scored, toy_model, key):
    folder, out = tmp_path / "inbox", tmp_path / "out"
    folder.mkdir()
    with working(city_file(tmp_path / "city.yaml", camera(folder)), out, key, "--model", toy_model) as worker:
        worker.wait(lambda w: w.cameras()["gate"]["state"] == "resting", "there is nothing yet")
        for piece in pieces:
            shutil.copy(piece, folder)
        worker.wait(lambda w: w.cameras()["gate"]["frames"] == all_read(pieces), "every picture is judged")
        state = worker.wait(lambda w: (c := w.cameras()["gate"])["state"] == "resting" and c, "and then it waits")
        assert (state["clock"], state["troubles"], state["drops"]) == ("filename", {}, {})
        assert state["frame_age_s"] < 60
        stop(worker)
    assert found(out) == scored
    signing, _ = load_or_make(key)
    assert verify(out / "evidence", signing.public).ok
    for event in worker.events():
        record = json.loads((out / "evidence" / event.id / "manifest.json").read_bytes())["record"]
        assert set(record["pictures"]) == {"onset.jpg", "trigger.jpg"}
        assert record["clip"]["end_s"] - record["clip"]["start_s"] >= 10


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_stopped_in_the_middle_of_a_file_it_goes_on_there(how, tmp_path, pieces, scored, toy_model, key):
    folder, out = tmp_path / "inbox", tmp_path / "out"
    folder.mkdir()
    city = city_file(tmp_path / "city.yaml", camera(folder))
    with working(city, out, key, "--model", toy_model) as worker:
        for piece in pieces[:3]:
            shutil.copy(piece, folder)
        worker.wait(lambda w: w.events(), "something is confirmed")
        worker.signal(how)
    with working(city, out, key, "--model", toy_model) as worker:
        shutil.copy(pieces[3], folder)
        worker.wait(lambda w: w.events("cleared"), "the last file is read")
        worker.wait(lambda w: w.cameras()["gate"]["state"] == "resting", "to its end")
        stop(worker)
    assert found(out) == scored
    signing, _ = load_or_make(key)
    assert verify(out / "evidence", signing.public).ok
    with working(city, out, key, "--model", toy_model) as worker:
        worker.wait(lambda w: w.cameras()["gate"]["state"] == "resting", "nothing is read twice")
        assert worker.cameras()["gate"]["packets"] == 0
        stop(worker)
    assert found(out) == scored


def test_killed_again_and_again_nothing_is_lost_and_nothing_comes_twice(tmp_path, pieces, scored, toy_model, key):
    folder, out = tmp_path / "inbox", tmp_path / "out"
    folder.mkdir()
    for piece in pieces:
        shutil.copy(piece, folder)
    city = city_file(tmp_path / "city.yaml", camera(folder))
    for after_s in (2.1, 2.3, 2.5, 2.7, 3.0):  # a file is read when it was seen twice, 2 s apart
        with working(city, out, key, "--model", toy_model) as worker:
            time.sleep(after_s)
            worker.signal(signal.SIGKILL)
    with working(city, out, key, "--model", toy_model) as worker:
        worker.wait(lambda w: w.events("cleared") and w.cameras()["gate"]["frames"] >= PIECE_S, "it goes on")
        worker.wait(lambda w: w.cameras()["gate"]["state"] == "resting", "to the end")
        stop(worker)
    assert found(out) == scored
    assert len(worker.events()) == 2
    signing, _ = load_or_make(key)
    assert verify(out / "evidence", signing.public).ok
    assert unfinished(out) == []


def test_a_missing_folder_is_said_and_a_live_camera_beside_it_is_not_disturbed(tmp_path, pieces, toy_model, key):
    folder = tmp_path / "inbox"
    with Simulator([pieces[0]], cameras=1) as simulator:
        live = f'  - {{id: live, urls: {{detect: "{simulator.url(0)}"}}}}\n'
        city = city_file(tmp_path / "city.yaml", camera(folder), live)
        with working(city, tmp_path / "out", key, "--model", toy_model) as worker:
            worker.wait(lambda w: w.cameras()["gate"]["trouble"] == "not_found", "it is said")
            assert str(folder) in worker.cameras()["gate"]["why"]
            assert worker.get("/healthz")[0] == 200
            folder.mkdir()
            for piece in pieces:
                shutil.copy(piece, folder)
            worker.wait(lambda w: len([e for e in w.events() if e.violation.camera_id == "gate"]) == 2, "it is read")
            beside = worker.cameras()["live"]
            assert (beside["drops"].get("detection", 0), beside["troubles"]) == (0, {})
            stop(worker)

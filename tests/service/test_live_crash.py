"""Killed at any write, a worker's results stay whole: nothing confirmed is lost, nothing is confirmed twice."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.command_line import camera, city_file, unfinished
from tests.scenery import Thing, street
from tests.service.live_crash import run
from vision.journal import Journal
from vision.keys import load_or_make
from vision.verify import verify

THINGS = (
    Thing("red", (0.1, 0.4, 0.3, 0.7), 2),
    Thing("blue", (0.6, 0.4, 0.8, 0.7), 4, 18),
)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("gate") / "gate.mp4", seconds=28, fps=5, gop_s=1, things=THINGS)


def test_killed_at_every_write_nothing_is_lost_and_nothing_comes_twice(tmp_path, recording, toy_model, key):
    city = city_file(tmp_path / "city.yaml", camera("gate", str(recording)))
    whole = tmp_path / "whole"
    code, writes = run(recording, city, toy_model, whole, key)
    assert code == 0
    expected = {id: [e.kind for e in events] for id, events in Journal(whole / "journal.jsonl").events.items()}
    assert len(expected) == 2
    assert sum("cleared" in kinds for kinds in expected.values()) == 1
    assert 20 < writes < 200
    signing, _ = load_or_make(key)

    def killed(at: int) -> bool:
        results = tmp_path / f"killed-{at}"
        code, _ = run(recording, city, toy_model, results, key, at)
        before = _journal(results)
        assert run(recording, city, toy_model, results, key)[0] == 0
        after = Journal(results / "journal.jsonl").events
        assert all(id in after for id in before), f"killed at write {at}: what the journal held is lost"
        # What had hardly begun to stand may have to begin again, so its id may be another; but each thing is one.
        assert len(after) == len(expected), f"killed at write {at}: {[e[0].violation for e in after.values()]}"
        assert sum(events[-1].kind == "cleared" for events in after.values()) == 1, f"killed at write {at}"
        assert all([e.kind for e in events].count("opened") == 1 for events in after.values())
        checked = verify(results / "evidence", signing.public)
        assert checked.ok, f"killed at write {at}: {checked.findings}"
        for id in after:
            _is_whole(results / "evidence" / id)
        assert unfinished(results / "evidence") == []
        return code == -9

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # Clips grow by the clock, so that a run may come to its end with a write less.
        assert sum(pool.map(killed, range(1, writes + 1))) >= writes - 4


def _journal(results: Path) -> set[str]:
    path = results / "journal.jsonl"
    if not path.exists():
        return set()
    return {json.loads(line)["violation"]["id"] for line in path.read_bytes().splitlines() if line.endswith(b"}")}


def _is_whole(folder: Path) -> None:
    record = json.loads((folder / "manifest.json").read_bytes())["record"]
    assert (folder / "trigger.jpg").exists()
    assert (folder / "onset.jpg").exists(), record["notes"]
    assert (folder / record["clip"]["file"]).exists()
    cut = any("the program ended" in note for note in record["notes"])
    lasts_s = record["clip"]["end_s"] - record["clip"]["start_s"]
    assert lasts_s >= (6 if cut else 10)

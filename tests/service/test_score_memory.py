"""A long recording: what the program keeps of it stays small."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.command_line import camera, city_file, read_lines, streetorder
from tests.scenery import Thing, street

SLOT_S = 60
MINUTES = 20


@pytest.mark.slow
def test_twenty_minutes_of_cars_that_come_and_go_leave_few_tracks_and_no_growing_state(
    toy_model: Path, tmp_path: Path
) -> None:
    things = []
    for minute in range(MINUTES):
        at = minute * SLOT_S
        things += [
            Thing("red", (0.1, 0.4, 0.3, 0.7), at + 5, at + 40),
            Thing("blue", (0.6, 0.4, 0.8, 0.7), at + 10, at + 22),  # too short to be a violation
            Thing("green", (0.0, 0.75, 0.1, 0.9), at + 45, at + 55, moving=(0.1, 0.0)),
        ]
    street(tmp_path / "gate.mp4", seconds=MINUTES * SLOT_S, fps=1, size=(160, 96), gop_s=1, things=things)
    city = city_file(tmp_path / "city.yaml", camera("gate", "gate.mp4"), dwell_s=20, absence_s=8)
    ended = streetorder("score", "--cameras", city, "--model", toy_model, "--out", tmp_path / "r", "--json")
    assert ended.code == 0, ended.err
    violations = ended.json["violations"]
    assert len(violations) == MINUTES
    assert all(v["cleared_s"] is not None for v in violations)
    with zipfile.ZipFile(tmp_path / "r" / "state" / "gate.zip") as archive:
        state = json.loads(archive.read("scene.json"))
        assert len(state["tracks"]) <= 3
        assert len(state["finished"]) <= MINUTES
        assert sum(i.file_size for i in archive.infolist()) < 1_000_000
    events = read_lines(tmp_path / "r" / "journal.jsonl")
    assert len(events) <= 6 * MINUTES

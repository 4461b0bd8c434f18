"""A city file with zones, hours, permits and a camera whose clock is unknown: only what is forbidden is a violation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Ended, city_file, looked, streetorder
from tests.scenery import Thing, street

RED = Thing("red", (0.05, 0.4, 0.25, 0.7))
GREEN = Thing("green", (0.4, 0.4, 0.6, 0.7))
BLUE = Thing("blue", (0.75, 0.4, 0.95, 0.7))

LEFT = "[[0, 0], [0.33, 0], [0.33, 1], [0, 1]]"
MIDDLE = "[[0.34, 0], [0.66, 0], [0.66, 1], [0.34, 1]]"
RIGHT = "[[0.67, 0], [1, 0], [1, 1], [0.67, 1]]"

GATE = f"""\
  - id: gate
    urls: {{detect: gate_*.mp4}}
    start_pattern: "%Y%m%d_%H%M%S"
    views:
      - zones:
          - {{id: kerb, kind: no_parking, polygon: {LEFT}, hours: {{fri: "07:00-09:00"}}}}
          - id: market
            kind: no_parking
            polygon: {MIDDLE}
            permits: [{{types: [motor_vehicle_parking], valid_from: 2026-05-01, valid_to: 2026-05-01, note: fair}}]
          - {{id: bays, kind: bay, polygon: {RIGHT}}}
"""
YARD = f"""\
  - id: yard
    urls: {{detect: yard.mp4}}
    views:
      - zones:
          - {{id: trees, kind: ignore, polygon: {LEFT}}}
          - {{id: gateway, kind: no_parking, polygon: {RIGHT}, hours: {{daily: "01:00-02:00"}}}}
"""


@dataclass(frozen=True, slots=True)
class Scored:
    results: Path
    city: Path
    key: Path
    ended: Ended

    def violations(self, camera_id: str) -> list[dict[str, Any]]:
        return [v for v in self.ended.json["violations"] if v["camera_id"] == camera_id]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, toy_model: Path) -> Scored:
    folder = tmp_path_factory.mktemp("city")
    for name, seed in (("gate_20260501_080000.mp4", 0), ("yard.mp4", 1)):
        street(folder / name, seconds=16, fps=5, things=[RED, GREEN, BLUE], noise_seed=seed)
    city, results, key = city_file(folder / "city.yaml", GATE, YARD), folder / "r", folder / "signing.key"
    ended = streetorder("score", "--cameras", city, "--model", toy_model, "--out", results, "--json", key=key)
    assert ended.code == 0, ended.err
    return Scored(results, city, key, ended)


def test_only_the_car_in_a_zone_at_its_hours_and_without_a_permit_is_a_violation(scored: Scored) -> None:
    (found,) = scored.violations("gate")
    assert found["xyxy"][0] == pytest.approx(RED.xyxy[0] * 320, abs=2)
    assert found["onset"] == "2026-05-01T00:00:00.000Z"


def test_without_a_known_start_hours_are_not_applied_and_that_is_said(scored: Scored) -> None:
    (found,) = scored.violations("yard")
    assert found["xyxy"][0] == pytest.approx(BLUE.xyxy[0] * 320, abs=2)
    assert found["onset"] is None
    (note,) = [n for n in scored.ended.json["notes"] if n.startswith("yard: ")]
    assert "start is unknown" in note
    assert "--start-pattern" in note


def test_outside_its_hours_the_zone_is_not_there(scored: Scored, toy_model: Path, tmp_path: Path) -> None:
    at_night = tmp_path / "gate_20260501_230000.mp4"
    at_night.write_bytes((scored.city.parent / "gate_20260501_080000.mp4").read_bytes())
    ended = streetorder(
        "score", at_night, "--cameras", scored.city, "--model", toy_model, "--out", tmp_path / "r", "--json"
    )
    assert ended.json["violations"] == []
    assert [c["camera_id"] for c in ended.json["cameras"]] == ["gate"], "its name says whose recording it is"


def test_explain_tells_why_a_car_became_a_violation(scored: Scored) -> None:
    (found,) = scored.violations("gate")
    ended = looked("explain", found["id"][:8], "--results", scored.results)
    assert ended.code == 0
    assert "dwell 6 s" in ended.out
    assert "zone kerb" in ended.out
    assert "confirmed at 6.00 s: stood 6.0 s (asked 6 s)" in ended.out
    told = looked("explain", found["id"], "--results", scored.results, "--json").json
    assert told["confirmed"] == found
    assert len(told["sightings"]) >= 3


def test_explain_tells_what_kept_a_car_from_being_one(scored: Scored) -> None:
    tracks = looked("explain", "--results", scored.results, "--json").json["tracks"]
    kept = {(t["camera_id"], round(t["sightings"][0][1], 1)): t["kept_from"] for t in tracks}
    assert (
        kept["gate", 0.4]
        == "a permit (fair) allows motor_vehicle_parking in zone 'market' (no_parking) until 2026-05-01"
    )
    assert kept["gate", 0.8] == "motor_vehicle_parking is no violation in zone 'bays' (bay)"
    assert "counts only in zone 'gateway'" in kept["yard", 0.4]
    assert ("yard", 0.0) not in kept, "nothing is seen in an ignore zone"
    in_bay = next(t for t in tracks if t["kept_from"].endswith("(bay)"))
    ended = looked("explain", in_bay["id"], "--results", scored.results)
    assert f"no violation: {in_bay['kept_from']}" in ended.out


def test_explain_lists_everything_and_names_what_it_does_not_know(scored: Scored, tmp_path: Path) -> None:
    listed = looked("explain", "--results", scored.results).out
    assert all(v["id"][:8] in listed for v in scored.ended.json["violations"])
    unknown = looked("explain", "zzz", "--results", scored.results)
    assert unknown.code == 2
    assert unknown.err.startswith("zzz: nothing in ")
    nothing = looked("explain", "--results", tmp_path)
    assert nothing.code == 2
    assert "no results here; make some with: streetorder score" in nothing.err


def test_check_draws_every_view_and_says_what_to_look_at(scored: Scored, tmp_path: Path) -> None:
    ended = looked("check", scored.city, "--out", tmp_path)
    assert ended.code == 1, "neither camera has a place"
    assert {p.name for p in tmp_path.glob("*.jpg")} == {"gate.home.jpg", "yard.home.jpg"}
    assert "camera 'gate': view 'home': neither control points nor a place" in ended.err


def test_a_wrong_city_file_is_refused_line_by_line(scored: Scored, toy_model: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "city.yaml"
    wrong.write_text(scored.city.read_text(encoding="utf-8").replace("kind: bay", "kind: bai"), encoding="utf-8")
    for words in (("check", wrong, "--out", tmp_path / "c"), ("score", "--cameras", wrong, "--model", toy_model)):
        ended = looked(*words)
        assert ended.code == 2
        assert f"{wrong}:" in ended.err
        assert "no such kind of zone; did you mean bay?" in ended.err


def test_a_camera_of_the_city_without_recordings_is_named(scored: Scored, toy_model: Path, tmp_path: Path) -> None:
    city = tmp_path / "city.yaml"
    city.write_text(scored.city.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "yard.mp4").write_bytes((scored.city.parent / "yard.mp4").read_bytes())
    ended = streetorder("score", "--cameras", city, "--model", toy_model, "--out", tmp_path / "r", "--json")
    assert ended.code == 1
    assert [(Path(f["file"]).name, f["message"]) for f in ended.json["failures"]] == [("gate_*.mp4", "no such file")]
    assert [v["camera_id"] for v in ended.json["violations"]] == ["yard"]

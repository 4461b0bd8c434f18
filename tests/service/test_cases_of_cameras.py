"""Two cameras look at one street from both its ends; their city file says where what they see stands."""

from pathlib import Path
from typing import Any

import pytest

from tests.command_line import camera, city_file, looked, read_lines

LAT, LON = 24.48, 118.09
METRE_N, METRE_E = 1 / 110_770, 1 / 101_340
"""Degrees a metre to the north and to the east."""
WIDTH, HEIGHT, FPS = 1920, 1080, 5
CAR = (240, 160)

Spot = tuple[float, float]


def at(east_m: float, north_m: float) -> dict[str, float]:
    return {"lat": round(LAT + north_m * METRE_N, 7), "lon": round(LON + east_m * METRE_E, 7)}


def surveyed(id: str, northward: bool) -> str:
    """Sees 40 m by 20 m of ground, north at the top of its picture or, from the other end, at the bottom."""
    way = 1 if northward else -1
    corners = [(x, y) for x in (0.1, 0.5, 0.9) for y in (0.2, 0.9)]
    points = [{"picture": [x, y], **at(way * 40 * (x - 0.5), way * 20 * (0.5 - y))} for x, y in corners]
    return camera(id, f"{id}.mp4") + f"    views: [{{control_points: {points}}}]\n"


def unsurveyed(id: str) -> str:
    """Only where the camera hangs is known."""
    return camera(id, f"{id}.mp4") + f"    place: {at(20, 0)}\n"


def seen(folder: Path, id: str, spot: Spot, from_s: float = 5, to_s: float = 60) -> None:
    """Detections of a car that stands with its bottom centre at a relative point, in ninety seconds."""
    left, top = spot[0] * WIDTH - CAR[0] / 2, spot[1] * HEIGHT - CAR[1]
    lines = [f"{n},-1,{left:.1f},{top:.1f},{CAR[0]},{CAR[1]},0.8,2" for n in range(1, 90 * FPS + 1)]
    nothing = [f"{n},-1,-1,-1,-1,-1,0,-1" for n in range(1, 90 * FPS + 1)]
    there = [from_s * FPS <= n <= to_s * FPS for n in range(1, 90 * FPS + 1)]
    folder.mkdir(exist_ok=True)
    text = "\n".join(car if stands else empty for car, empty, stands in zip(lines, nothing, there, strict=True))
    (folder / f"{id}.txt").write_text(text, encoding="utf-8")


def replayed(folder: Path, *cameras: str) -> tuple[list[dict[str, Any]], str]:
    """The lines of ``cases.jsonl`` and what was printed."""
    city = city_file(folder / "city.yaml", *cameras)
    ended = looked(
        "replay", folder / "seen", "--out", folder / "out", "--cameras", city, "--fps", str(FPS),
        "--size", f"{WIDTH}x{HEIGHT}", "--start", "2026-05-01T08:00:00",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert len(read_lines(folder / "out" / "violations.jsonl")) == 2
    return read_lines(folder / "out" / "cases.jsonl"), ended.out


def test_a_car_that_two_surveyed_cameras_see_is_one_case(tmp_path):
    seen(tmp_path / "seen", "gate", (0.3, 0.6))
    seen(tmp_path / "seen", "yard", (0.7, 0.4), from_s=20, to_s=70)
    (case,), said = replayed(tmp_path, surveyed("gate", northward=True), surveyed("yard", northward=False))
    assert case["cameras"] == ["gate", "yard"]
    gate, yard = sorted(read_lines(tmp_path / "out" / "violations.jsonl"), key=lambda v: v["camera_id"])
    assert case["violations"] == [gate["id"], yard["id"]]
    assert (case["onset"], case["cleared_at"]) == (gate["onset"], yard["cleared_at"])
    assert case["place"] == min(gate["place"], yard["place"], key=lambda place: place["radius_m"])
    assert case["place"]["radius_m"] <= 15
    assert case["may_be"] == []
    assert "note: 2 violations of gate, yard are one case" in said


@pytest.mark.parametrize(
    ("spot", "from_s", "to_s"),
    [
        ((0.2, 0.4), 5, 60),  # 20 m farther east in the same street
        ((0.7, 0.4), 70, 89),  # at the same place, after the first had left
    ],
)
def test_another_place_or_another_time_is_another_case(tmp_path, spot, from_s, to_s):
    seen(tmp_path / "seen", "gate", (0.3, 0.6))
    seen(tmp_path / "seen", "yard", spot, from_s, to_s)
    cases, said = replayed(tmp_path, surveyed("gate", northward=True), surveyed("yard", northward=False))
    assert [(len(case["violations"]), case["may_be"]) for case in cases] == [(1, []), (1, [])]
    assert "note:" not in said


def test_a_camera_that_only_knows_where_it_hangs_makes_a_proposal(tmp_path):
    seen(tmp_path / "seen", "gate", (0.3, 0.6))
    seen(tmp_path / "seen", "yard", (0.7, 0.4), from_s=20)
    cases, said = replayed(tmp_path, surveyed("gate", northward=True), unsurveyed("yard"))
    assert [case["cameras"] for case in cases] == [["gate"], ["yard"]]
    first, second = cases
    assert [may["case"] for may in first["may_be"]] == [second["id"]]
    assert [may["case"] for may in second["may_be"]] == [first["id"]]
    assert first["may_be"][0]["metres"] == pytest.approx(28, abs=2)
    assert "50 m" in first["may_be"][0]["why"]
    assert "note: 2 cases may be the same as another one" in said

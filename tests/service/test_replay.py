"""``streetorder replay``: what recorded detections would have given."""

import json
from pathlib import Path

from tests.command_line import streetorder

PARKED = (400, 500, 240, 160)


def recording(path: Path, seconds: int = 60, until: int = 600) -> Path:
    """A car that parks at 10 s, ten pictures a second, and one that passes every 6 s."""
    lines = []
    for n in range(1, seconds * 10 + 1):
        if 100 <= n <= until:
            lines.append(f"{n},-1,{PARKED[0]},{PARKED[1]},{PARKED[2]},{PARKED[3]},0.8,2,-1,-1")
        x = 30 * (n % 60) - 100
        lines.append(f"{n},-1,{x},800,240,160,0.8,2,-1,-1")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


SIZE = ("--size", "1920x1080", "--fps", "10", "--dwell", "motor_vehicle_parking=20")


def test_what_stood_is_one_violation_and_its_tracks_are_told_frame_by_frame(tmp_path):
    done = streetorder(
        "replay", recording(tmp_path / "gate.txt"), "--out", tmp_path / "out", *SIZE,
        "--tracks", tmp_path / "tracks.txt", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    (violation,) = done.json["violations"]
    assert violation["camera_id"] == "gate"
    assert 9.9 <= violation["onset_s"] <= 11.5
    assert 20 <= violation["confirmed_s"] - violation["onset_s"] <= 21
    assert (violation["evidence"], violation["onset"]) == (None, None)
    rows = [line.split(",") for line in (tmp_path / "tracks.txt").read_text().splitlines()]
    assert {row[1] for row in rows} == {"1"}
    assert int(rows[0][0]) == round(violation["confirmed_s"] * 10) + 1
    assert [float(v) for v in rows[0][2:6]] == list(PARKED)


def test_a_tree_is_a_camera_for_each_recording_and_can_be_measured(tmp_path):
    recording(tmp_path / "in/K1/det/det.txt")
    recording(tmp_path / "in/K2/det/det.txt", until=250)
    done = streetorder("replay", tmp_path / "in", "--out", tmp_path / "out", *SIZE, "--tracks", tmp_path / "tracks")
    assert done.code == 0, done.err
    assert "1 violations in 2 recordings of 2.0 minutes" in done.out
    assert (tmp_path / "tracks/K1.txt").stat().st_size
    assert not (tmp_path / "tracks/K2.txt").stat().st_size
    (tmp_path / "truth.csv").write_text("camera,key,onset,cleared\nK1,motor_vehicle_parking,10,\n")
    measured = streetorder(
        "evaluate", "events", "--truth", tmp_path / "truth.csv", "--found", tmp_path / "out", "--json"
    )
    figures = json.loads(measured.out)
    assert [figures[k] for k in ("tp", "missed", "fp", "duplicates")] == [1, 0, 0, 0]
    assert figures["fa_per_camera_day"] == 0


def test_results_of_video_are_not_overwritten(tmp_path):
    (tmp_path / "out/evidence").mkdir(parents=True)
    done = streetorder("replay", recording(tmp_path / "gate.txt"), "--out", tmp_path / "out", *SIZE)
    assert done.code == 2
    assert "holds what was scored from video" in " ".join(done.err.split())


def test_a_recording_of_a_camera_that_the_city_does_not_know_is_named(tmp_path):
    city = tmp_path / "city.yaml"
    city.write_text("name: Harbour\ntime_zone: Asia/Shanghai\ncameras:\n  - {id: quay, urls: {detect: quay.mp4}}\n")
    done = streetorder(
        "replay", recording(tmp_path / "gate.txt"), "--out", tmp_path / "out", *SIZE, "--cameras", city
    )  # fmt: skip
    assert done.code == 2
    assert "camera 'gate' is not in the city file; it knows quay" in " ".join(done.err.split())

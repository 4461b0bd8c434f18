"""``streetorder replay``: what recorded detections would have given."""

import json
from pathlib import Path

from tests.command_line import camera, city_file, read_lines, streetorder
from tests.scenery import Thing, street

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


def test_another_rate_than_the_recording_was_written_with_is_said(tmp_path):
    recording(tmp_path / "K1/det/det.txt")
    (tmp_path / "K1/seqinfo.ini").write_text("[Sequence]\nframeRate=25\nimWidth=1920\nimHeight=1080\n")
    done = streetorder("replay", tmp_path / "K1", "--out", tmp_path / "out", *SIZE)
    assert done.code == 0, done.err
    assert "read as 10 pictures a second, seqinfo.ini says 25" in " ".join(done.out.split())


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


def test_what_a_recording_gave_its_detections_give_again(tmp_path, toy_model):
    """A red car parks from 6 s to 30 s; ``--record`` keeps what the detector said, with the time of day."""
    red = Thing("red", (0.1, 0.4, 0.3, 0.7), from_s=6, to_s=30)
    video = street(tmp_path / "gate.mp4", seconds=48, fps=5, things=[red])
    rules = ("--cameras", city_file(tmp_path / "city.yaml", camera("gate", "gate.mp4")), "--model", toy_model)
    scored = streetorder(
        "score", video, "--out", tmp_path / "scored", *rules, "--start", "2026-05-01T08:00:00+08:00",
        "--record", tmp_path / "kept", "--json",
    )  # fmt: skip
    assert scored.code == 0, scored.err
    again = streetorder("replay", tmp_path / "kept", "--out", tmp_path / "again", *rules, "--json")
    assert again.code == 0, again.err
    (one,), (other,) = scored.json["violations"], again.json["violations"]
    for name in (
        "id",
        "camera_id",
        "key",
        "onset",
        "confirmed_at",
        "cleared_at",
        "onset_s",
        "confirmed_s",
        "cleared_s",
    ):
        assert one[name] == other[name], name
    (case,) = read_lines(tmp_path / "again" / "cases.jsonl")
    assert (case["violations"], case["cameras"], case["may_be"]) == ([one["id"]], ["gate"], [])


def test_the_start_of_recordings_can_be_told(tmp_path):
    told = ("--start", "2026-05-01T08:00:00+08:00")
    done = streetorder("replay", recording(tmp_path / "gate.txt"), "--out", tmp_path / "out", *SIZE, *told, "--json")
    (violation,) = done.json["violations"]
    assert violation["onset"].startswith("2026-05-01T00:00:1")
    refused = streetorder("replay", tmp_path / "gate.txt", "--out", tmp_path / "out", *SIZE, "--start", "today")
    assert refused.code == 2
    assert "a time such as 2026-05-01T08:00:00+08:00 is needed" in " ".join(refused.err.split())


def test_what_an_operator_rejected_stays_quiet_when_it_comes_again(tmp_path):
    """The same spot at 10 s and at 300 s: a second case, unless the first was rejected."""
    path, lines = tmp_path / "gate.txt", []
    for n in range(1, 6001):
        there = 100 <= n < 1200 or n >= 3000
        lines.append(f"{n},-1,400,500,240,160,0.8,2,-1,-1" if there else f"{n},-1,-1,-1,-1,-1,0,-1,-1,-1")
    path.write_text("\n".join(lines), encoding="utf-8")
    first, again = streetorder("replay", path, "--out", tmp_path / "out", *SIZE, "--json").json["violations"]
    assert again["repeat_of"] == first["id"]
    (tmp_path / "said.csv").write_text(f"violation,decision\n{first['id']},rejected\n")
    heeded = streetorder(
        "replay", path, "--out", tmp_path / "out", *SIZE, "--decisions", tmp_path / "said.csv", "--json"
    )
    assert [v["id"] for v in heeded.json["violations"]] == [first["id"]]
    (tmp_path / "said.csv").write_text("violation,decision\nx,perhaps\n")
    refused = streetorder("replay", path, "--out", tmp_path / "out", *SIZE, "--decisions", tmp_path / "said.csv")
    assert refused.code == 2
    assert "allowed are confirmed, rejected" in " ".join(refused.err.split())


def test_a_camera_whose_cases_are_mostly_rejected_is_muted_and_named(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    lines = [{"id": f"v{n}", "camera_id": "gate", "key": "motor_vehicle_parking"} for n in range(25)]
    (out / "violations.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    said = [f"v{n},{'rejected' if n else 'confirmed'}" for n in range(25)]
    (tmp_path / "said.csv").write_text("\n".join(["violation,decision", *said]))
    done = streetorder(
        "replay", recording(tmp_path / "gate.txt"), "--out", out, *SIZE, "--decisions", tmp_path / "said.csv"
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "gate: 24 of the last 25 decided motor_vehicle_parking were rejected; it is muted" in " ".join(
        done.out.split()
    )
    assert "0 violations" in done.out

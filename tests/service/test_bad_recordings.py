"""Recordings as they come, good, odd and broken ones in one folder: the bad ones are named, the rest is scored."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import odd_recordings as odd
from tests.command_line import Ended, streetorder, unfinished
from tests.scenery import Thing, street

CAR = Thing("red", (0.1, 0.4, 0.4, 0.7), from_s=2)

ODD = ("vfr", "phone", "portrait", "bare", "cut", "resized", "hevc")
BROKEN = {
    "truncated.mp4": "is cut short: an mp4 whose index (moov) is missing",
    "empty.mp4": "is empty (0 bytes)",
    "text.mp4": "is not a recording that FFmpeg can read",
    "noise.mkv": "is not a recording that FFmpeg can read",
    "sound.mp4": "no video in it, only audio",
}


@dataclass(frozen=True, slots=True)
class Scored:
    folder: Path
    results: Path
    ended: Ended
    again: Ended

    def violations(self, camera_id: str) -> list[dict[str, Any]]:
        return [v for v in self.ended.json["violations"] if v["camera_id"] == camera_id]

    def camera(self, camera_id: str) -> dict[str, Any]:
        found: dict[str, Any] = next(c for c in self.ended.json["cameras"] if c["camera_id"] == camera_id)
        return found


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, toy_model: Path) -> Scored:
    folder = tmp_path_factory.mktemp("recordings")
    seen: dict[str, Any] = {"things": [CAR], "seconds": 16, "fps": 5}
    street(folder / "plain.mp4", **seen)
    street(folder / "hevc.mkv", codec="libx265", **seen)
    odd.variable_rate(folder / "vfr.mp4", things=[CAR])
    odd.phone_held_upright(folder / "phone.mp4", **seen)
    odd.portrait(folder / "portrait.mp4", **seen)
    odd.without_pts(folder / "bare.mp4", **seen)
    odd.starting_inside_a_group(folder / "cut.mp4", **seen)
    odd.changing_resolution(folder / "resized.mp4", seconds=8, fps=5, things=[Thing("red", CAR.xyxy)])
    odd.truncated(folder / "truncated.mp4")
    odd.zero_bytes(folder / "empty.mp4")
    odd.text(folder / "text.mp4")
    odd.noise(folder / "noise.mkv")
    odd.audio_only(folder / "sound.mp4")
    results, key = folder.with_name("results of recordings"), folder.with_name("signing.key")
    words = ("score", folder, "--model", toy_model, "--out", results, "--json", "--dwell", "motor_vehicle_parking=8")
    return Scored(folder, results, streetorder(*words, key=key), streetorder(*words, key=key))


def test_some_that_cannot_be_read_make_the_exit_code_one_and_leave_nothing_half_written(scored: Scored) -> None:
    assert scored.ended.code == 1
    assert unfinished(scored.results) == []


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_file_is_named_with_what_is_wrong_with_it(scored: Scored, name: str) -> None:
    told = {f["file"]: f["message"] for f in scored.ended.json["failures"]}
    assert told[str(scored.folder / name)].startswith(BROKEN[name])
    assert f"{scored.folder / name}: {BROKEN[name]}" in scored.ended.err


def test_nothing_but_the_broken_files_is_complained_of(scored: Scored) -> None:
    assert {Path(f["file"]).name for f in scored.ended.json["failures"]} == set(BROKEN)


@pytest.mark.parametrize("camera_id", ["plain", *ODD])
def test_the_car_is_one_violation_in_every_recording_that_can_be_read(scored: Scored, camera_id: str) -> None:
    (found,) = scored.violations(camera_id)
    assert found["cleared_s"] is None
    assert found["confirmed_s"] - found["onset_s"] >= 8
    assert found["onset_s"] <= 5
    width, height = found["size"]
    relative = [x / s for x, s in zip(found["xyxy"], (width, height, width, height), strict=True)]
    assert relative == pytest.approx(CAR.xyxy, abs=0.02)


def test_a_phone_held_upright_gives_an_upright_picture(scored: Scored) -> None:
    assert scored.violations("phone")[0]["size"] == [192, 320]
    assert scored.violations("portrait")[0]["size"] == [192, 320]


def test_a_change_of_resolution_moves_nothing_and_costs_nothing(scored: Scored) -> None:
    (found,) = scored.violations("resized")
    assert found["onset_s"] < 1
    assert scored.camera("resized")["duration_s"] == pytest.approx(16, abs=0.5)


def test_what_was_bad_is_told_again_by_a_run_that_reads_nothing_new(scored: Scored) -> None:
    assert scored.again.code == 1
    assert scored.again.json["failures"] == scored.ended.json["failures"]
    assert scored.again.json["scored_s"] == 0
    assert scored.again.json["violations"] == scored.ended.json["violations"]


def test_a_bad_file_among_a_cameras_segments_costs_only_itself(toy_model: Path, tmp_path: Path) -> None:
    for hour in (8, 10):
        street(tmp_path / f"gate_20260501_{hour:02}0000.mp4", seconds=12, fps=5, things=[Thing("red", CAR.xyxy)])
    odd.truncated(tmp_path / "gate_20260501_090000.mp4")
    ended = streetorder(
        "score", tmp_path, "--camera", "gate", "--start-pattern", "%Y%m%d_%H%M%S", "--model", toy_model,
        "--out", tmp_path / "r", "--json", "--dwell", "motor_vehicle_parking=8",
    )  # fmt: skip
    assert ended.code == 1
    (found,) = ended.json["violations"]
    assert (found["onset"], found["cleared_s"]) == ("2026-05-01T08:00:00.000Z", None)
    (failure,) = ended.json["failures"]
    assert failure["file"].endswith("gate_20260501_090000.mp4")

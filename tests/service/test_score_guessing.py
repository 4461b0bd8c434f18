"""What the program guesses when nobody says which files are which camera, and that a guess destroys nothing."""

from pathlib import Path

import pytest

from streams.discover import group_by_camera, one_camera
from tests.command_line import read_lines, streetorder
from tests.scenery import Thing, street

DWELL = ("--dwell", "motor_vehicle_parking=6")


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("a") / "rec.mp4", seconds=16, things=[Thing("red", (0.1, 0.5, 0.3, 0.8))])


@pytest.fixture(scope="module")
def blue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(
        tmp_path_factory.mktemp("b") / "rec.mp4",
        seconds=16,
        noise_seed=9,
        things=[Thing("blue", (0.6, 0.4, 0.8, 0.7))],
    )


def test_another_recording_of_the_same_name_takes_nothing_over(toy_model, red, blue, tmp_path):
    for clip in (red, blue):
        ended = streetorder("score", clip, "--out", tmp_path / "r", "--model", toy_model, *DWELL)
        assert ended.code == 0, ended.err
    found = read_lines(tmp_path / "r" / "violations.jsonl")
    assert [v["camera_id"] for v in found] == ["rec", "rec-2"]
    assert all((tmp_path / "r" / v["evidence"] / "manifest.json").exists() for v in found)
    again = streetorder("score", blue, "--out", tmp_path / "r", "--model", toy_model, *DWELL)
    assert "rec-2: scored by an earlier run" in again.err
    assert read_lines(tmp_path / "r" / "violations.jsonl") == found
    assert streetorder("verify", tmp_path / "r").code == 0


def test_the_same_file_with_other_content_is_scored_anew(toy_model, red, blue, tmp_path):
    clip = tmp_path / "rec.mp4"
    for source in (red, blue):
        clip.write_bytes(source.read_bytes())
        ended = streetorder("score", clip, "--out", tmp_path / "r", "--model", toy_model, *DWELL)
    assert "its recordings changed" in ended.err
    (only,) = read_lines(tmp_path / "r" / "violations.jsonl")
    assert only["camera_id"] == "rec"
    assert only["xyxy"][0] > 100


def test_what_was_guessed_is_told_with_the_way_out(toy_model, red, blue, tmp_path):
    for name, source in (("north", red), ("south", blue)):
        (tmp_path / f"{name}.mp4").write_bytes(source.read_bytes())
    ended = streetorder("score", tmp_path, "--out", tmp_path / "r", "--model", toy_model, *DWELL)
    assert "2 files are read as 2 cameras (north, south); if they are one: --camera ID" in ended.err


def test_names_that_look_like_times_are_told_how_to_be_read(toy_model, red, tmp_path):
    for minute in (0, 1):
        (tmp_path / f"k_20260501_080{minute}00.mp4").write_bytes(red.read_bytes())
    ended = streetorder("score", tmp_path, "--out", tmp_path / "r", "--model", toy_model, *DWELL)
    assert "2 files are read as one recording of camera k" in ended.err
    assert "--start-pattern" in ended.err


def test_a_shells_list_of_parts_is_put_in_order():
    parts = [f"part{n}.mp4" for n in (0, 1, 10, 11, 2, 3)]
    urls = [segment.url for segment in one_camera("k", parts).segments]
    assert urls == [f"part{n}.mp4" for n in (0, 1, 2, 3, 10, 11)]


def test_a_very_long_name_gives_a_camera_id_that_files_can_bear():
    (recording,) = group_by_camera(["街" * 80 + ".mp4"])
    assert 0 < len(recording.camera_id.encode()) <= 100

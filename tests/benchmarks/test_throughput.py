"""The benchmark measures what it says; how fast this machine is does not matter here."""

import subprocess
import sys
from pathlib import Path

import av
import pytest

from benchmarks.clips import Recipe, clip, duration_s
from benchmarks.drawn_street import PARKED, street
from benchmarks.throughput import limit
from models.detector import load_detector
from streams.crops import Cropper, InputShape
from tests.command_line import streetorder


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip(Recipe(size=(320, 180), fps=10, seconds=4, bit_rate=200_000), tmp_path_factory.mktemp("clips"))


def test_parts_that_share_cores_add_their_times_and_others_wait_for_the_slower():
    assert limit(60, 30, shared=True) == pytest.approx(20)
    assert limit(60, 30, shared=False) == 30


@pytest.mark.parametrize(("every", "pictures_a_second"), [("all", 10.0), ("keyframe", 0.5)])
def test_the_pipelines_rate_and_its_multiple_of_real_time_tell_the_same(toy_model, drawn, every, pictures_a_second):
    words = ("--every", every, "--rounds", "1", "--cameras", "2", "--model", toy_model, "--json")
    ended = streetorder("benchmark", "throughput", drawn, *words)
    assert ended.code == 0, ended.err
    (rates,) = ended.json["results"]
    assert rates["limit"] == pytest.approx(1 / (1 / rates["decode"] + 1 / rates["detect"]), rel=0.02)
    assert rates["share"] == pytest.approx(rates["pipeline"] / rates["limit"], abs=0.01)
    # The last picture's own duration is scored time too, so the two differ by a picture in a clip.
    assert rates["times_real_time"] * pictures_a_second == pytest.approx(rates["pipeline"], rel=0.3)
    assert ended.json["machine"]["cores"] >= 1


def test_memory_is_watched_while_video_is_scored(drawn, tmp_path):
    ended = streetorder("benchmark", "memory", drawn, "--hours", "0.01", "--save", tmp_path / "m.json", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["peak_mb"] >= ended.json["median_mb"] > 10
    assert ended.json["hours"] == pytest.approx(0.01, abs=0.001)
    assert (tmp_path / "m.json").exists()


def test_an_unknown_codec_is_told_what_is_allowed():
    ended = streetorder("benchmark", "throughput", "--codec", "vp9")
    assert ended.code == 2
    assert "h264" in ended.err


@pytest.mark.parametrize("command", ["throughput", "memory"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.mp4",), "nowhere.mp4: no such file"),
        (("--every", "now and then"), "--every now and then: allowed are auto, keyframe, all"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(command, words, said):
    ended = streetorder("benchmark", command, *words)
    assert ended.code == 2
    assert ended.err.startswith(said)


def test_a_model_that_is_none_is_said_in_one_line(drawn):
    ended = streetorder("benchmark", "throughput", drawn, "--model", drawn)
    assert ended.code == 2
    assert "cannot be used as a model" in ended.err


def test_the_same_recipe_is_drawn_once_and_as_long_as_it_says(drawn):
    made = drawn.stat().st_mtime_ns
    again = clip(Recipe(size=(320, 180), fps=10, seconds=4, bit_rate=200_000), drawn.parent)
    assert again == drawn
    assert again.stat().st_mtime_ns == made
    assert duration_s(drawn) == pytest.approx(4, abs=0.1)


def test_the_drawn_parked_cars_are_cars_to_the_shipped_model_so_that_evidence_is_measured():
    detector = load_detector(None)
    card = detector.card
    (picture,) = street((1920, 1080), fps=25, seconds=1 / 25, seed=1)
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    (crop,), (region,) = Cropper(InputShape(card.sizes)).crops(frame, 1)
    (boxes,) = detector.detect(crop[None])
    sure = [row for row in boxes if row[4] >= card.start[card.keys[int(row[5])]]]
    lefts = [row[0] * region.scale_x + region.offset_x for row in sure]
    for left, _ in PARKED:
        assert min(abs(found - left) for found in lefts) < 0.02


def test_the_program_starts_where_nothing_for_developers_is_installed():
    starts = """
import sys
sys.modules |= dict.fromkeys(("onnx", "playwright", "pytest"))
sys.argv = ["streetorder", "--help"]
import service.cli
service.cli.main()
"""
    done = subprocess.run([sys.executable, "-c", starts], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "benchmark" in done.stdout

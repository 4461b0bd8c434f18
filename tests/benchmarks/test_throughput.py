"""The benchmark measures what it says; how fast this machine is does not matter here."""

from pathlib import Path

import pytest

from benchmarks.clips import Recipe, clip
from benchmarks.throughput import limit
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

"""Real streets through the real program: what stands is found once, what passes is not."""

import shutil
from pathlib import Path

import av
import pytest

from tests.command_line import read_lines, streetorder

pytestmark = [pytest.mark.shared, pytest.mark.slow]

STANDING = {
    "silver car at the far kerb": (81, 109, 149, 150),
    "red car at the far kerb": (146, 85, 214, 140),
    "dark car at the far kerb": (212, 79, 298, 132),
    "silver car at the left edge": (11, 223, 80, 275),
    "yellow off-roader": (162, 215, 305, 302),
    "silver saloon": (305, 235, 470, 317),
}
"""The six cars of ``ckuhn_traffic.mp4`` that stand all the time, in pixels of 640 x 360."""


def score(results: Path, *words: object) -> list[dict]:
    ended = streetorder("score", *words, "--out", results, "--quiet")
    assert ended.code == 0, ended.err
    return read_lines(results / "violations.jsonl")


def iou(a, b) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


@pytest.fixture(scope="module")
def traffic(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    out = tmp_path_factory.mktemp("traffic")
    return score(out, shared / "data/videos/ckuhn_traffic.mp4", "--dwell", "motor_vehicle_parking=30", "--camera", "k")


def test_the_six_standing_cars_are_one_violation_each_and_nothing_that_passes_is(traffic):
    assert len(traffic) == 6
    for name, box in STANDING.items():
        assert sum(iou(v["xyxy"], box) > 0.7 for v in traffic) == 1, name


def test_their_onset_is_the_first_analysed_picture(traffic):
    assert all(v["onset_s"] - 1.86 <= 3.0 for v in traffic)


@pytest.mark.parametrize(("every", "at_once"), [("0.4", 6), ("0.7", 5), ("0.8", 5)])
def test_the_same_six_are_found_at_other_rates(shared, tmp_path, every, at_once):
    """At some the detector draws one box around two of the three at the far kerb, and one of them is begun anew."""
    clip = shared / "data/videos/ckuhn_traffic.mp4"
    found = score(tmp_path, clip, "--dwell", "motor_vehicle_parking=30", "--every", every)
    assert len(found) == 6
    assert all(sum(iou(v["xyxy"], box) > 0.7 for v in found) == 1 for box in STANDING.values())
    assert sum(v["onset_s"] - 1.86 <= 3.0 for v in found) >= at_once


def cut(clip: Path, folder: Path, parts: int) -> list[Path]:
    """The clip in files that begin at key frames, without re-encoding; each starts its time stamps anew."""
    with av.open(str(clip)) as source:
        packets = [p for p in source.demux(video=0) if p.size]
        keys = [i for i, p in enumerate(packets) if p.is_keyframe]
        begins = [0, *(keys[len(keys) * n // parts] for n in range(1, parts))]
        for number, (first, last) in enumerate(zip(begins, [*begins[1:], len(packets)], strict=True)):
            with av.open(str(folder / f"part{number:03d}.mp4"), "w") as target:
                stream = target.add_stream_from_template(source.streams.video[0], opaque=True)
                base = packets[first].dts
                for packet in packets[first:last]:
                    packet.pts, packet.dts, packet.stream = packet.pts - base, packet.dts - base, stream
                    target.mux(packet)
    return sorted(folder.iterdir())


def test_the_clip_cut_into_eight_files_gives_the_same_violations_boxes_and_times(shared, traffic, tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    assert len(cut(shared / "data/videos/ckuhn_traffic.mp4", folder, 8)) == 8
    named = score(tmp_path / "a", folder, "--dwell", "motor_vehicle_parking=30", "--camera", "k")
    assert [v["id"] for v in named] == [v["id"] for v in traffic]
    for v, w in zip(named, traffic, strict=True):
        assert v["xyxy"] == pytest.approx(w["xyxy"], abs=0.5)
        for time in ("onset_s", "confirmed_s"):
            assert v[time] == pytest.approx(w[time], abs=0.02)
    guessed = score(tmp_path / "b", folder, "--dwell", "motor_vehicle_parking=30")
    assert len({v["camera_id"] for v in guessed}) == 1
    assert len(guessed) == 6


def test_the_vans_in_the_back_are_one_violation_each_and_no_person_is(shared, tmp_path):
    found = score(tmp_path, shared / "data/videos/opencv_vtest.avi", "--dwell", "motor_vehicle_parking=20")
    assert {v["key"] for v in found} == {"motor_vehicle_parking"}
    assert sorted(round(v["xyxy"][0], -1) for v in found) == [650, 730]


def test_hazy_woods_and_passing_lorries_are_nothing(shared, tmp_path):
    """What stands on that road is smaller than the model sees; every other type keeps its own, short dwell."""
    found = score(tmp_path, shared / "data/videos/roadtrack_sample.mp4", "--dwell", "motor_vehicle_parking=20")
    assert {v["key"] for v in found} <= {"motor_vehicle_parking"}


@pytest.mark.parametrize(
    ("clip", "every"),
    [("bgs_video.avi", "0.2")]
    + [(c, e) for c in ("bgs_video.avi", "bgs_video03.avi", "intel_car-detection.mp4") for e in ("auto", "0.5", "1.5")],
)
def test_where_nothing_stops_nothing_is_found(shared, tmp_path, clip, every):
    dwell = ("--dwell", "motor_vehicle_parking=5", "--dwell", "non_motor_parking=5", "--dwell", "street_umbrella=5")
    assert not score(tmp_path, shared / "data/videos" / clip, *dwell, "--every", every)


@pytest.mark.parametrize("clip", ["bgs_video.avi", "bgs_video03.avi", "intel_car-detection.mp4"])
def test_where_nothing_stops_for_four_minutes_nothing_is_found(shared, tmp_path, clip):
    """The clip over and over, as segments of one camera."""
    source = shared / "data/videos" / clip
    with av.open(str(source)) as container:
        times = int(240 / (container.duration / av.time_base)) + 1
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in range(times):
        shutil.copy(source, folder / f"loop{number:03d}{source.suffix}")
    assert not score(tmp_path / "out", folder, "--camera", "k", "--dwell", "motor_vehicle_parking=5")

"""From a file to frames: the right pictures, each once, at the right times."""

import itertools
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.crops import Cropper, InputShape
from streams.frame import Clock, Frame
from streams.reader import Checkpoint, RecordingReader
from streams.recorder import Recorder
from streams.sampler import make_sampler
from streams.source import Recording, Segment
from tests import odd_recordings as odd
from tests.scenery import Thing, picture, street
from tests.streams.wall_clock import cut, hands, reader, recording, time_shown, times, watch

Make = Callable[..., Path]
B_FRAMES = {"bframes": 3, "b-adapt": 0}
OPEN = {"bframes": 3, "b-adapt": 0, "open-gop": 1}
CODECS: dict[str, tuple[str, dict[str, Any]]] = {
    "h264": ("c.mp4", {}),
    "h264 with B-frames": ("c.mp4", {"encoder": B_FRAMES}),
    "h264 with B-frames in Matroska": ("c.mkv", {"encoder": B_FRAMES}),
    "h264 with B-frames in a transport stream": ("c.ts", {"encoder": B_FRAMES}),
    "h264 with open groups": ("c.mp4", {"encoder": OPEN}),
    "h265": ("c.mp4", {"codec": "libx265"}),
    "h265 with B-frames and open groups": ("c.mkv", {"codec": "libx265", "encoder": OPEN}),
    "mpeg4 in avi": ("c.avi", {"codec": "mpeg4"}),
    "mjpeg": ("c.avi", {"codec": "mjpeg"}),
    "bare h264": ("c.h264", {}),
    "bare h264 with B-frames": ("c.h264", {"encoder": B_FRAMES}),
    "h264 with B-frames in avi": ("c.avi", {"encoder": B_FRAMES}),
}


def assert_true_to_the_clock(frames: list[Frame], seconds: float, within_s: float = 0.04) -> None:
    for frame in frames:
        assert time_shown(frame.crops[0], seconds) == pytest.approx(frame.elapsed_s, abs=within_s)


@pytest.fixture(params=CODECS)
def coded(request: pytest.FixtureRequest, clock_street: Make) -> Path:
    name, how = CODECS[request.param]
    return clock_street(name, **how)


def test_all_shows_every_picture_once_and_in_order(coded: Path) -> None:
    frames = watch(coded)
    assert times(frames) == [round(i / 10, 3) for i in range(60)]
    assert_true_to_the_clock(frames, 6)


def test_all_shows_the_same_with_several_decoding_threads(clock_street: Make) -> None:
    frames = watch(clock_street("c.mp4", encoder=B_FRAMES), decode_threads=3)
    assert times(frames) == [round(i / 10, 3) for i in range(60)]
    assert_true_to_the_clock(frames, 6)


def test_keyframe_shows_the_key_frames_and_nothing_else(coded: Path) -> None:
    frames = watch(coded, "keyframe")
    expected = range(0, 60, 20) if "mjpeg" not in _codec(coded) else range(60)
    assert times(frames) == [round(i / 10, 3) for i in expected]
    assert_true_to_the_clock(frames, 6)


def test_auto_takes_the_key_frames_where_they_come_every_two_seconds(coded: Path) -> None:
    frames = watch(coded, "auto")
    step = 1 if "mjpeg" in _codec(coded) else 2
    assert times(frames) == list(range(0, 6, step))
    assert_true_to_the_clock(frames, 6)


@pytest.mark.parametrize("period", [0.2, 1, 3, 7])
def test_seconds_show_one_picture_in_each_period(coded: Path, period: float) -> None:
    frames = watch(coded, str(period))
    shuffled = coded.suffix in (".avi", ".h264") and _b_frames(coded)
    assert [int(f.elapsed_s / period + 1e-6) for f in frames] == list(range(len(np.arange(0, 6 - 1e-6, period))))
    late = 0.31 if _b_frames(coded) else 0.0011
    assert all(f.elapsed_s % period < late or period - f.elapsed_s % period < 1e-3 for f in frames)
    assert_true_to_the_clock(frames, 6, within_s=0.41 if shuffled else 0.04)


def _codec(path: Path) -> str:
    with av.open(str(path)) as container:
        return container.streams.video[0].codec_context.name


def _b_frames(path: Path) -> bool:
    with av.open(str(path)) as container:
        return bool(container.streams.video[0].codec_context.has_b_frames)


@pytest.mark.parametrize(
    ("gop_s", "how"),
    [(10, {}), (25, {}), (25, {"encoder": B_FRAMES}), (10, {"codec": "libx265"}), (25, {"codec": "mpeg4"})],
)
def test_auto_looks_every_two_seconds_once_key_frames_turn_out_to_be_rare(
    clock_street: Make, gop_s: int, how: dict[str, Any]
) -> None:
    path = clock_street("rare.mp4", seconds=52, fps=5, gop_s=gop_s, **how)
    late_s = 0.61 if "encoder" in how else 0.001  # three B-frames are decoded after the picture they stand before
    frames = watch(path, "auto")
    assert_true_to_the_clock(frames, 52, within_s=0.06)
    seen = times(frames)
    assert seen[0] == 0
    assert 4 <= seen[1] <= 4 + late_s
    steps = [b - a for a, b in itertools.pairwise(seen[1:])]
    assert all(1 <= step <= 2 + late_s for step in steps)
    keys = [k for k in range(gop_s, 52, gop_s) if not any(0 < k - s < 0.98 for s in seen)]
    assert set(keys) <= set(seen)
    if not late_s and gop_s == 10:
        assert seen == [0, *range(4, 52, 2)]


def test_auto_changes_over_when_a_smart_codec_sets_in_and_when_it_ends(tmp_path: Path) -> None:
    often = street(tmp_path / "often.mp4", seconds=12, fps=5, gop_s=2)
    rare = street(tmp_path / "rare.mp4", seconds=24, fps=5, gop_s=12)
    seen = times(watch([often, rare, often], "auto"))
    assert seen[:6] == [0, 2, 4, 6, 8, 10]
    assert seen[6:18] == [12, *range(16, 38, 2)]  # from its fourth second on, and in the second group at once
    assert seen[18:] == [38, 40, 42, 44, 46]  # the first short group is still decoded on, with nothing more taken


def test_auto_takes_at_most_one_key_frame_a_second(clock_street: Make) -> None:
    assert times(watch(clock_street("c.mp4", gop_s=0.4), "auto")) == [0, 1.2, 2.4, 3.6, 4.8]


@pytest.mark.parametrize("marked", [False, True], ids=["without marks", "with recovery points"])
@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_intra_refresh_shows_a_picture_every_two_seconds_without_any_key_frame(
    clock_street: Make, marked: bool, suffix: str
) -> None:
    path = clock_street(f"refresh.{suffix}", seconds=12, writer=odd.intra_refresh, recovery_points=marked)
    frames = watch(path, "auto")
    assert times(frames) == [0, 4, 6, 8, 10]
    assert_true_to_the_clock(frames, 12)
    assert times(watch(path, "keyframe")) == [0]
    assert times(watch(path, "all")) == [round(i / 10, 3) for i in range(120)]
    assert_true_to_the_clock(watch(path, "3"), 12)


@pytest.mark.parametrize("every", ["auto", "1", "100", "all"])
def test_a_stream_without_key_frames_is_read_on_when_its_packets_are_put_into_a_new_group(
    clock_street: Make, every: str
) -> None:
    path = clock_street("refresh.mp4", seconds=130, fps=2, writer=odd.intra_refresh, recovery_points=True)
    recorder = Recorder()
    frames = watch(path, every, recorder=recorder)
    assert len(recorder.groups) == 3
    assert len(frames) == {"auto": 64, "1": 130, "100": 2, "all": 260}[every]
    assert_true_to_the_clock(frames, 130, within_s=0.1)
    recorder.release(1e9)  # a still keeps what it needs
    assert time_shown(frames[-1].still.decode(), 130) == pytest.approx(frames[-1].elapsed_s, abs=0.1)


def test_a_recording_that_begins_inside_a_group_begins_with_its_first_key_frame(clock_street: Make) -> None:
    path = clock_street("inside.ts", writer=odd.starting_inside_a_group, lost=7)
    for every, expected in {"all": range(20, 60), "auto": (20, 40), "keyframe": (20, 40)}.items():
        frames = watch(path, every)
        assert times(frames) == [round((i - 7) / 10, 3) for i in expected]
        assert [round(time_shown(f.crops[0], 6) - f.elapsed_s, 1) for f in frames] == [0.7] * len(frames)


def test_a_variable_rate_keeps_its_own_times(clock_street: Make) -> None:
    path = clock_street("vfr.mp4", seconds=20, writer=odd.variable_rate)
    frames = watch(path)
    assert times(frames) == [
        round(float(t), 3) for t in (*np.arange(0, 5, 0.1), *range(5, 15), *np.arange(15, 20, 0.1))
    ]
    assert_true_to_the_clock(frames, 20, within_s=0.06)
    assert times(watch(path, "1")) == list(range(20))


@pytest.mark.parametrize("rotate", [90, 180, 270])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_turned_recording_comes_out_upright(tmp_path: Path, rotate: int, codec: str) -> None:
    thing = Thing("red", (0.0, 0.0, 0.4, 0.2))
    path = street(tmp_path / "t.mp4", seconds=2, rotate=rotate, size=(192, 320), codec=codec, things=[thing])
    for every in ("all", "keyframe"):
        frame = watch(path, every)[-1]
        assert frame.size == (192, 320)
        assert _red_box(frame) == pytest.approx((0, 0, 0.4, 0.2), abs=0.05)
        still = frame.still.decode()
        assert still.shape == (320, 192, 3)
        assert still[20, 20, 0] > 180 > 100 > still[20, 20, 1]
        assert still[100, 20, 1] > 60


def test_pixels_become_square(tmp_path: Path) -> None:
    thing = Thing("red", (0.5, 0.5, 1.0, 1.0))
    wide = watch(street(tmp_path / "w.mp4", seconds=1, sar=Fraction(4, 3), things=[thing]))[0]
    tall = watch(street(tmp_path / "t.mp4", seconds=1, sar=Fraction(3, 4), things=[thing]))[0]
    assert (wide.size, tall.size) == ((427, 192), (320, 256))
    assert wide.still.decode().shape == (192, 427, 3)
    assert tall.still.decode().shape == (256, 320, 3)
    for frame in (wide, tall):
        assert _red_box(frame) == pytest.approx((0.5, 0.5, 1.0, 1.0), abs=0.02)


def test_a_portrait_recording_keeps_its_shape(tmp_path: Path) -> None:
    thing = Thing("red", (0.5, 0.25, 1.0, 0.5))
    frame = watch(odd.portrait(tmp_path / "p.mp4", seconds=1, things=[thing]))[0]
    assert frame.size == (192, 320)
    assert _red_box(frame) == pytest.approx((0.5, 0.25, 1.0, 0.5), abs=0.02)


@pytest.mark.parametrize("every", ["all", "keyframe", "1"])
def test_a_change_of_resolution_moves_nothing(tmp_path: Path, every: str) -> None:
    thing = Thing("red", (0.25, 0.25, 0.75, 0.75))
    frames = watch(odd.changing_resolution(tmp_path / "r.ts", things=[thing]), every)
    step = {"all": 0.1, "keyframe": 2, "1": 1}[every]
    assert times(frames) == [round(float(t), 3) for t in np.arange(0, 12 - 1e-6, step)]
    assert [f.size for f in frames] == [(320, 192) if f.elapsed_s < 5.99 else (640, 384) for f in frames]
    for frame in frames:
        assert _red_box(frame) == pytest.approx((0.25, 0.25, 0.75, 0.75), abs=0.02)
        if every != "all":
            assert frame.still.decode().shape == (frame.size[1], frame.size[0], 3)


def _red_box(frame: Frame) -> tuple[float, ...]:
    crop = frame.crops[0].astype(int)
    rows, columns = np.nonzero((crop[..., 0] > 160) & (crop[..., 1] < 105) & (crop[..., 2] < 105))
    r = frame.regions[0]
    return (
        columns.min() * r.scale_x + r.offset_x,
        rows.min() * r.scale_y + r.offset_y,
        (columns.max() + 1) * r.scale_x + r.offset_x,
        (rows.max() + 1) * r.scale_y + r.offset_y,
    )


# --- many files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reset", [False, True], ids=["running", "from zero"])
@pytest.mark.parametrize("suffix", ["mp4", "ts"])
@pytest.mark.parametrize("pieces", [2, 8])
@pytest.mark.parametrize("b_frames", [False, True])
def test_a_recording_cut_into_files_shows_what_the_whole_one_shows(
    clock_street: Make, pieces: int, suffix: str, reset: bool, b_frames: bool
) -> None:
    whole = clock_street("whole.mp4", seconds=16, fps=5, gop_s=2, **({"encoder": B_FRAMES} if b_frames else {}))
    files = cut(whole, pieces, suffix, reset=reset)
    for every in ("all", "keyframe", "auto", "1", "7"):
        expected, found = watch(whole, every), watch(files, every)
        assert [f.elapsed_s for f in found] == pytest.approx([f.elapsed_s for f in expected], abs=0.002)
        assert_true_to_the_clock(found, 16, within_s=0.06)


@pytest.mark.parametrize("reset", [False, True], ids=["running", "from zero"])
def test_auto_judges_the_key_frames_over_the_ends_of_files(clock_street: Make, reset: bool) -> None:
    whole = clock_street("rare.mp4", seconds=50, fps=5, gop_s=10)
    expected = times(watch(whole, "auto"))
    assert expected == [0, *range(4, 50, 2)]
    for pieces in (2, 5):
        reading = reader(cut(whole, pieces, "mp4", reset=reset), "auto")
        assert times(list(reading.frames())) == expected
        assert not reading.statistics.failures


def test_an_open_group_cut_off_from_the_one_before_it_keeps_its_times(clock_street: Make) -> None:
    whole = clock_street("open.mp4", encoder=OPEN)
    for reset in (False, True):
        frames = watch(cut(whole, 3, "mp4", reset=reset))
        assert 50 <= len(frames) < 60  # what leads a group needs the group before
        assert_true_to_the_clock(frames, 6)


def test_pictures_at_the_end_of_a_file_have_that_files_utc(clock_street: Make) -> None:
    path = clock_street("c.mp4", encoder=B_FRAMES)
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    segments = tuple(
        Segment(str(path), start, Clock.FILENAME)
        for start in (noon, noon - timedelta(hours=1), noon + timedelta(hours=1))
    )
    frames = watch(Recording("cam", "home", segments))
    assert [f.captured_at for f in frames[:60]] == [noon + timedelta(seconds=i / 10) for i in range(60)]
    assert [f.captured_at for f in frames[60:120]] == [noon + timedelta(seconds=i / 10 - 3600) for i in range(60)]
    assert frames[120].elapsed_s == pytest.approx(12 + 7194)  # from the second file's end, as its clock has it


def test_no_start_means_no_utc_and_no_clock(clock_street: Make) -> None:
    assert {(f.captured_at, f.clock) for f in watch(clock_street("c.mp4"), "keyframe")} == {(None, None)}


def test_a_given_start_holds_for_the_files_after_the_first(tmp_path: Path) -> None:
    made = street(tmp_path / "made.mp4", seconds=2, metadata={"creation_time": "2020-01-01T00:00:00Z"})
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    whole = Recording("cam", "home", (Segment(str(made), noon, Clock.OPTION), Segment(str(made))))
    frames = watch(whole, "keyframe")
    assert [f.captured_at for f in frames] == [noon, noon + timedelta(seconds=2)]
    assert {f.clock for f in frames} == {Clock.OPTION}


def test_pieces_that_all_carry_the_creation_time_of_the_whole_go_on_in_time(tmp_path: Path) -> None:
    made = street(tmp_path / "made.mp4", seconds=6, metadata={"creation_time": "2026-05-01T00:00:00Z"})
    frames = watch([made, made, made], "keyframe")
    start = datetime(2026, 5, 1, tzinfo=UTC)
    assert [f.captured_at for f in frames] == [start + timedelta(seconds=2 * i) for i in range(9)]
    assert {f.clock for f in frames} == {Clock.CONTAINER}


# --- failures --------------------------------------------------------------------------------------------------------


def test_a_bad_file_among_good_ones_costs_only_itself(clock_street: Make, tmp_path: Path) -> None:
    good, bad = clock_street("c.mp4"), odd.truncated(tmp_path / "bad.mp4")
    reading = reader([good, bad, tmp_path / "gone.mp4", good], "keyframe")
    assert times(list(reading.frames())) == [0, 2, 4, 6, 8, 10]
    first, second = reading.statistics.failures
    assert first.fatal
    assert first.segment.url == str(bad)
    assert "moov" in first.message
    assert second.message == "no such file"
    assert [round(end - start, 3) for _, start, end, _ in reading.statistics.segments] == [6, 6]


def test_files_shorter_than_the_period_are_no_failures(clock_street: Make) -> None:
    reading = reader([clock_street("short.mp4", seconds=2)] * 6, "5")
    assert times(list(reading.frames())) == [0, 5, 10]
    assert not reading.statistics.failures


def test_a_file_of_one_picture_is_no_failure_though_it_comes_out_at_the_end(clock_street: Make) -> None:
    reading = reader(clock_street("one.mp4", seconds=0.1, encoder=B_FRAMES))
    assert times(list(reading.frames())) == [0]
    assert not reading.statistics.failures


def test_a_file_of_damaged_pictures_is_one_failure(clock_street: Make, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.avi"
    data = bytearray(clock_street("c.avi", codec="mpeg4").read_bytes())
    body = data.index(b"movi") + 4
    end = data.index(b"idx1")
    data[body + 8 : end] = bytes(np.random.default_rng(1).integers(1, 255, end - body - 8, np.uint8))
    damaged.write_bytes(data)
    reading = reader(damaged)
    assert list(reading.frames()) == []
    (failure,) = reading.statistics.failures
    assert failure.fatal


def test_a_stop_ends_reading_between_two_pictures(clock_street: Make) -> None:
    seen: list[Frame] = []
    for frame in reader(clock_street("c.mp4")).frames(stopping=lambda: len(seen) >= 5):
        seen.append(frame)
    assert len(seen) == 5


# --- going on after an interruption ----------------------------------------------------------------------------------


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_reading_that_goes_on_shows_exactly_what_was_left(clock_street: Make, data: st.DataObject) -> None:
    encoder = data.draw(st.sampled_from([{}, B_FRAMES, OPEN]), "encoder")
    every = data.draw(st.sampled_from(["all", "keyframe", "auto", "0.2", "1", "3", "7"]), "every")
    gop_s = data.draw(st.sampled_from([2, 6]), "gop")
    whole = clock_street("whole.mp4", seconds=12, fps=5, gop_s=gop_s / 2, encoder=encoder)
    files = cut(whole, 3, "mp4", reset=True)
    uninterrupted = reader(files, every)
    expected = list(uninterrupted.frames())
    done = data.draw(st.integers(0, len(expected) - 1), "observed")
    after_s = expected[done].elapsed_s
    possible = [c for c in uninterrupted.checkpoints if c.timeline["end_s"] <= after_s] or uninterrupted.checkpoints[:1]
    start = data.draw(st.sampled_from(possible), "checkpoint")
    recorder = Recorder()
    rest = watch(files, every, resume=Checkpoint(**_through_json(start)), after_s=after_s, recorder=recorder)
    assert [f.elapsed_s for f in rest] == [f.elapsed_s for f in expected[done + 1 :]]
    for again, first in zip(rest, expected[done + 1 :], strict=True):
        assert np.array_equal(again.crops[0], first.crops[0])
    if start.segment < 3:
        assert recorder.groups[0].start_s <= start.timeline["end_s"] + 0.61  # what leads an open group comes later


def _through_json(checkpoint: Checkpoint) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(json.dumps(asdict(checkpoint)))
    return record


def test_going_on_does_not_decode_what_was_observed(clock_street: Make) -> None:
    path = clock_street("c.mp4")
    first = reader(path, "keyframe")
    list(first.frames())
    again = reader(path, "keyframe", resume=first.checkpoints[0], after_s=1e9)
    assert list(again.frames()) == []
    assert again.statistics.packets == 60
    assert not again.statistics.failures


# --- long recordings -------------------------------------------------------------------------------------------------


def test_two_hours_are_read_with_a_bounded_ring(tmp_path: Path) -> None:
    hour = _two_hours(tmp_path)
    recorder = Recorder()
    reading = RecordingReader(recording([hour]), make_sampler("keyframe"), Cropper(InputShape(((160, 96),))), recorder)
    largest = groups = seen = 0
    last_s = 0.0
    for frame in reading.frames():
        recorder.release(frame.elapsed_s - 30)
        largest, groups, seen = max(largest, recorder.size_bytes), max(groups, len(recorder.groups)), seen + 1
        last_s = frame.elapsed_s
        assert reading._decoder.pending == 0
    assert (seen, last_s) == (720, 7190)
    assert groups <= 5
    assert largest < 8 * 10 * 4000


def test_two_hours_of_pictures_that_do_not_decode_leave_nothing_waiting(tmp_path: Path) -> None:
    hour = _two_hours(tmp_path, damaged=True)
    recorder = Recorder()
    reading = RecordingReader(recording([hour]), make_sampler("all"), Cropper(InputShape(((160, 96),))), recorder)
    assert list(reading.frames()) == []
    assert reading._decoder.pending <= 64
    assert all(f.fatal for f in reading.statistics.failures)


def _two_hours(folder: Path, damaged: bool = False) -> Path:
    """A ten-second group at one picture a second, written 720 times."""
    group = street(folder / "group.mp4", seconds=10, fps=1, gop_s=10, size=(160, 96), encoder={"bframes": 0})
    path = folder / "hours.mkv"
    with av.open(str(group)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        packets = [bytes(p) for p in source.demux(video=0) if p.size]
        junk = [data[:5] + b"\xff" * (len(data) - 5) for data in packets]
        for n in range(7200):
            packet = av.Packet((junk if damaged else packets)[n % 10])
            packet.pts = packet.dts = n * 1000
            packet.time_base, packet.duration = Fraction(1, 1000), 1000
            packet.is_keyframe, packet.stream = n % 10 == 0, stream
            target.mux(packet)
    return path


# --- real clips ------------------------------------------------------------------------------------------------------

REAL = {
    "bgs_video.avi": 374,
    "bgs_video03.avi": 1680,
    "ckuhn_traffic.mp4": 735,
    "intel_car-detection.mp4": 377,
    "opencv_vtest.avi": 795,
    "roadtrack_sample.mp4": 690,
}


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_real_clips_are_read_to_their_end(shared: Path, name: str) -> None:
    path = shared / "data" / "videos" / name
    reading = reader(path, "all", decode_threads=2)
    frames = list(reading.frames())
    assert len(frames) >= REAL[name]
    assert all(a.elapsed_s < b.elapsed_s for a, b in itertools.pairwise(frames))
    sampled = reader(path, "auto")
    looked = times(list(sampled.frames()))
    assert not sampled.statistics.failures
    assert max(b - a for a, b in itertools.pairwise([*looked, frames[-1].elapsed_s])) < 4.5


def test_hands_tell_the_time() -> None:
    for t in (0.0, 0.3, 1.9, 2.0, 25.1, 51.8):
        assert time_shown(picture((320, 192), hands(52), t), 52) == pytest.approx(t, abs=0.03)

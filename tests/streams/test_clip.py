"""Clips play anywhere: complete, from zero, upright."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from streams.clip import ClipProblem, needs_preview, write_clip, write_preview
from streams.recorder import PacketSpan, Recorder
from tests import odd_recordings as odd
from tests.scenery import Thing, street
from tests.streams.test_reader import B_FRAMES, CODECS, OPEN
from tests.streams.wall_clock import cut, time_shown, watch

Make = Callable[..., Path]


def span_of(paths: Path | list[Path], start_s: float, end_s: float) -> PacketSpan:
    recorder = Recorder()
    watch(paths, "keyframe", recorder=recorder)
    span = recorder.clip(start_s, end_s, (start_s + end_s) / 2)
    assert span is not None
    return span


def play(path: Path) -> tuple[list[float], list[np.ndarray]]:
    """Times and pictures as a player sees them."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        assert not any(f.is_corrupt for f in frames)
        return [round(f.time, 3) for f in frames], [f.to_ndarray(format="rgb24") for f in frames]


def packet_times(path: Path) -> list[tuple[float, float]]:
    with av.open(str(path)) as container:
        found = [p for p in container.demux(video=0) if p.size]
        assert found[0].is_keyframe
        return [
            (float((p.pts or 0) * p.time_base), float((p.dts if p.dts is not None else p.pts or 0) * p.time_base))
            for p in found
        ]


@pytest.mark.parametrize(
    "coded", [name for name, (file, _) in CODECS.items() if not ("B-frames" in name and file[-3:] in ("avi", "264"))]
)
def test_a_clip_plays_from_zero_at_its_true_speed(clock_street: Make, tmp_path: Path, coded: str) -> None:
    name, how = CODECS[coded]
    span = span_of(clock_street(name, **how), 2, 4)
    clip = write_clip(span, tmp_path)
    times, pictures = play(clip)
    assert times[0] == pytest.approx(0, abs=0.001)
    assert all(b - a == pytest.approx(0.1, abs=0.002) for a, b in itertools.pairwise(times))
    assert 21 <= len(times) <= 26
    begin_s = time_shown(pictures[-1], 6) - times[-1]
    for at, picture in zip(times, pictures, strict=True):
        assert time_shown(picture, 6) == pytest.approx(begin_s + at, abs=0.05)
    stamps = packet_times(clip)
    assert all(a[1] < b[1] for a, b in itertools.pairwise(stamps))
    assert all(pts >= dts for pts, dts in stamps)
    with av.open(str(clip)) as container:
        assert (container.duration or 0) / av.time_base == pytest.approx(times[-1] + 0.1, abs=0.11)


@pytest.mark.parametrize(
    ("how", "suffix"),
    [({}, ".mp4"), ({"codec": "libx265"}, ".mp4"), ({"codec": "mpeg4"}, ".mp4"), ({"codec": "mjpeg"}, ".mp4")],
)
def test_mp4_takes_what_cameras_send(clock_street: Make, tmp_path: Path, how: dict[str, Any], suffix: str) -> None:
    span = span_of(clock_street("c.mkv", **how), 0, 2)
    clip = write_clip(span, tmp_path)
    assert clip == tmp_path / f"clip{suffix}"
    assert needs_preview(span, clip) == (how != {})


@pytest.mark.shared
@pytest.mark.parametrize("name", ["bgs_video.avi", "opencv_vtest.avi", "bgs_video03.avi", "ckuhn_traffic.mp4"])
def test_real_clips_are_cut_and_previewed(shared: Path, tmp_path: Path, name: str) -> None:
    span = span_of(shared / "data" / "videos" / name, 5, 9)
    clip = write_clip(span, tmp_path)
    with av.open(str(clip)) as container:
        count = sum(1 for _ in container.decode(video=0))
    assert len(span.packets) * 0.95 - 3 <= count <= len(span.packets)
    if name != "ckuhn_traffic.mp4":
        assert needs_preview(span, clip)
    write_preview(span, tmp_path / "preview.mp4")
    times, _ = play(tmp_path / "preview.mp4")
    assert len(times) >= 0.9 * count
    assert times[-1] == pytest.approx(span.end_s - span.start_s, abs=0.3)


def test_a_clip_over_three_files_has_one_time(clock_street: Make, tmp_path: Path) -> None:
    for encoder in ({}, B_FRAMES):
        files = cut(clock_street("c.mp4", encoder=encoder), 3, "mp4", reset=True)
        span = span_of(files, 1, 5.5)
        times, pictures = play(write_clip(span, tmp_path))
        write_preview(span, tmp_path / "preview.mp4")
        preview_times, previews = play(tmp_path / "preview.mp4")
        for shown, at in ((pictures, times), (previews, preview_times)):
            assert at[:55] == [pytest.approx(i / 10, abs=0.002) for i in range(55)]
            assert [time_shown(p, 6) for p in shown] == pytest.approx(at, abs=0.05)


def test_a_clip_over_a_change_of_resolution_plays(tmp_path: Path) -> None:
    path = odd.changing_resolution(tmp_path / "r.ts")
    times, _ = play(write_clip(span_of(path, 4, 8), tmp_path))
    assert times == [pytest.approx(i / 10, abs=0.002) for i in range(41)]


def test_a_clip_of_a_stream_without_key_frames_plays(clock_street: Make, tmp_path: Path) -> None:
    path = clock_street("refresh.mp4", seconds=12, writer=odd.intra_refresh)
    times, _ = play(write_clip(span_of(path, 6, 8), tmp_path))
    assert len(times) == 81  # from its only key frame on


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_clip_stays_turned_and_its_preview_is_upright(tmp_path: Path, rotate: int) -> None:
    thing = Thing("red", (0.0, 0.0, 0.4, 0.2))
    path = street(tmp_path / "t.mp4", seconds=2, rotate=rotate, size=(192, 320), codec="libx265", things=[thing])
    span = span_of(path, 0, 1)
    clip = write_clip(span, tmp_path)
    with av.open(str(clip)) as container:
        frame = next(container.decode(video=0))
        assert round(frame.rotation) % 360 == -rotate % 360
    write_preview(span, tmp_path / "preview.mp4")
    (first, *_) = play(tmp_path / "preview.mp4")[1]
    assert first.shape == (320, 192, 3)
    assert first[20, 20, 0] > 180 > 100 > first[20, 20, 1]
    with av.open(str(tmp_path / "preview.mp4")) as container:
        assert next(container.decode(video=0)).rotation == 0


@pytest.mark.parametrize(
    "how", [{"codec": "libx265"}, {"codec": "mpeg4"}, {"codec": "mjpeg"}, {"encoder": B_FRAMES}, {"encoder": OPEN}]
)
def test_a_preview_is_h264_that_browsers_play_at_the_true_speed(
    clock_street: Make, tmp_path: Path, how: dict[str, Any]
) -> None:
    write_preview(span_of(clock_street("c.mkv", **how), 2, 5), tmp_path / "preview.mp4")
    with av.open(str(tmp_path / "preview.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
    times, pictures = play(tmp_path / "preview.mp4")
    begin_s = time_shown(pictures[-1], 6) - times[-1]
    assert times[0] < 0.5
    assert begin_s == pytest.approx(2, abs=0.35)
    for at, picture in zip(times, pictures, strict=True):
        assert time_shown(picture, 6) == pytest.approx(begin_s + at, abs=0.06)


def test_a_preview_has_at_most_720_lines(tmp_path: Path) -> None:
    span = span_of(street(tmp_path / "big.mp4", seconds=0.3, size=(1920, 1080)), 0, 1)
    write_preview(span, tmp_path / "preview.mp4")
    assert play(tmp_path / "preview.mp4")[1][0].shape == (720, 1280, 3)


def test_a_full_disk_is_said_and_leaves_nothing(clock_street: Make, tmp_path: Path) -> None:
    span = span_of(clock_street("c.mp4"), 0, 4)
    for name in ("clip.mp4", "preview.mp4"):
        (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(OSError, match="no space left"):
        write_clip(span, tmp_path)
    with pytest.raises(OSError, match="no space left"):
        write_preview(span, tmp_path / "preview.mp4")
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_decodes_makes_no_preview(clock_street: Make, tmp_path: Path) -> None:
    path = clock_street("inside.ts", writer=odd.starting_inside_a_group, lost=7)
    recorder = Recorder()
    watch(path, "keyframe", recorder=recorder)
    span = recorder.clip(0, 1, 0.5)
    assert span is not None
    with pytest.raises(ClipProblem, match="nothing of the clip decodes"):
        write_preview(span, tmp_path / "preview.mp4")
    assert not (tmp_path / "preview.mp4").exists()

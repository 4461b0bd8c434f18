"""A still is the very picture that the detector saw, in full size, whenever it is asked for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from streams.frame import Frame, StillLost
from streams.recorder import PacketStill
from tests import odd_recordings as odd
from tests.streams.test_reader import B_FRAMES, CODECS, OPEN
from tests.streams.wall_clock import SIZE, cut, time_shown, watch

Make = Callable[..., Path]


def assert_same_picture(frame: Frame) -> None:
    still = cv2.resize(frame.still.decode(), SIZE, interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(still - frame.crops[0]).mean() < 2.5


@pytest.mark.parametrize("coded", CODECS)
@pytest.mark.parametrize("every", ["auto", "1", "all"])
def test_a_still_shows_the_picture_of_its_crop(clock_street: Make, coded: str, every: str) -> None:
    name, how = CODECS[coded]
    frames = watch(clock_street(name, **how), every)
    for frame in frames[:: max(1, len(frames) // 6)]:
        assert_same_picture(frame)


@pytest.mark.parametrize("how", [{}, {"encoder": B_FRAMES}, {"codec": "mpeg4"}])
def test_a_still_deep_inside_a_long_group_decodes(clock_street: Make, how: dict[str, Any]) -> None:
    for frame in watch(clock_street("rare.mp4", seconds=52, fps=5, gop_s=25, **how), "auto")[::5]:
        assert_same_picture(frame)
        assert time_shown(frame.still.decode(), 52) == pytest.approx(frame.elapsed_s, abs=0.06)


def test_a_still_that_leads_an_open_group_brings_the_group_before(clock_street: Make) -> None:
    for codec in ("libx264", "libx265"):
        frames = watch(clock_street("open.mp4", codec=codec, encoder=OPEN), "all")
        leading = [f for f in frames if isinstance(f.still, PacketStill) and f.still.lead is not None]
        assert leading
        for frame in leading[:4]:
            assert_same_picture(frame)


@pytest.mark.parametrize("marked", [False, True])
def test_a_still_of_a_stream_without_key_frames_decodes(clock_street: Make, marked: bool) -> None:
    path = clock_street("refresh.mp4", seconds=12, writer=odd.intra_refresh, recovery_points=marked)
    for frame in watch(path, "auto"):
        assert_same_picture(frame)


def test_a_still_outlives_its_file(clock_street: Make, tmp_path: Path) -> None:
    (copy,) = cut(clock_street("c.mp4"), 1, "mkv", reset=True)
    moved = copy.rename(tmp_path / "moved.mkv")
    frames = watch(moved, "1")
    moved.unlink()
    for frame in frames:
        assert_same_picture(frame)


@pytest.mark.parametrize("index", [0, 5])
def test_a_still_whose_packets_are_damaged_is_lost_rather_than_another_picture(clock_street: Make, index: int) -> None:
    frame = watch(clock_street("c.mp4"), "all")[index]
    assert isinstance(frame.still, PacketStill)
    group = frame.still.group
    packet = group.packets[index]
    group.packets[index] = replace(packet, data=packet.data[:5] + bytes(len(packet.data) - 5))
    with pytest.raises(StillLost, match=f"{frame.elapsed_s:.2f} s"):
        frame.still.decode()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["bgs_video.avi", "bgs_video03.avi", "opencv_vtest.avi", "roadtrack_sample.mp4"])
def test_stills_of_real_clips_show_the_picture_of_their_crop(shared: Path, name: str) -> None:
    for frame in watch(shared / "data" / "videos" / name, "auto")[1:24:5]:
        assert_same_picture_scaled(frame)


def assert_same_picture_scaled(frame: Frame) -> None:
    """Real clips do not have the crop's shape: compare what lies inside its borders."""
    still = frame.still.decode()
    region = frame.regions[0]
    width, height = round(1 / region.scale_x), round(1 / region.scale_y)
    left, top = round(-region.offset_x * width), round(-region.offset_y * height)
    small = cv2.resize(still, (width, height), interpolation=cv2.INTER_AREA).astype(float)
    crop = frame.crops[0][top : top + height, left : left + width].astype(float)
    assert np.abs(cv2.blur(small, (7, 7)) - cv2.blur(crop, (7, 7))).mean() < 4

"""Not everything that is marked as a key frame decodes alone."""

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from streams.intra import decodes_alone
from tests import odd_recordings as odd
from tests.streams.test_reader import OPEN

Make = Callable[..., Path]


def marked(path: Path) -> list[bool]:
    """For each packet that the container marks as a key frame, whether it decodes alone."""
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        return [
            decodes_alone(context.name, context.extradata or b"", bytes(p))
            for p in container.demux(video=0)
            if p.size and p.is_keyframe
        ]


@pytest.mark.parametrize("suffix", ["mp4", "ts", "mkv", "h264"])
def test_proper_key_frames_do_in_open_groups_too(clock_street: Make, suffix: str) -> None:
    assert marked(clock_street(f"c.{suffix}")) == [True] * 3
    assert marked(clock_street(f"o.{suffix}", encoder=OPEN)) == [True] * 3


@pytest.mark.parametrize("codec", ["libx265", "mpeg4", "mjpeg"])
def test_those_of_other_codecs_do(clock_street: Make, codec: str) -> None:
    assert set(marked(clock_street("c.mkv", codec=codec))) == {True}


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_the_recovery_points_of_intra_refresh_do_not(clock_street: Make, suffix: str) -> None:
    path = clock_street(f"r.{suffix}", writer=odd.intra_refresh, recovery_points=True)
    first, *later = marked(path)
    assert first
    assert later
    assert not any(later)


@pytest.mark.shared
def test_the_empty_packets_of_an_old_avi_do_not(shared: Path) -> None:
    assert marked(shared / "data" / "videos" / "bgs_video03.avi") == [True, False, False, *[True] * 5]


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x00\x01", b"\x00\x00\x00\x09\x06\x06", b"\xff" * 9])
def test_garbage_is_answered(data: bytes) -> None:
    for codec in ("h264", "mpeg4", "hevc"):
        for extradata in (b"", b"\x01\x64\x00\x1f\xff"):
            assert decodes_alone(codec, extradata, data) in (True, False)

"""The test recordings have the properties that other tests rely on."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from tests import odd_recordings as odd
from tests.scenery import COLOURS, Thing, picture, street

BUS = Thing("red", (0.25, 0.25, 0.75, 0.75), from_s=1, to_s=2)


def packets(path: Path) -> list[av.Packet]:
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(video=0) if packet.size]


def key_times(path: Path) -> list[float]:
    return [float(p.pts * p.time_base) for p in packets(path) if p.is_keyframe and p.pts is not None]


def frames(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def is_red(shown: np.ndarray) -> np.ndarray:
    return (shown[..., 0] > 140) & (shown[..., 1] < 110) & (shown[..., 2] < 110)


@pytest.mark.parametrize(
    ("codec", "name", "stored"),
    [
        ("libx264", "h264", "s.mp4"),
        ("libx265", "hevc", "s.mkv"),
        ("mpeg4", "mpeg4", "s.avi"),
        ("mjpeg", "mjpeg", "s.avi"),
    ],
)
def test_each_codec_shows_the_bus_exactly_where_and_when_it_stands(
    tmp_path: Path, codec: str, name: str, stored: str
) -> None:
    path = street(tmp_path / stored, seconds=3, codec=codec, things=[BUS])
    shown = frames(path)
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == name
    assert len(shown) == 30
    assert [bool(is_red(f.to_ndarray(format="rgb24")).any()) for f in shown] == [10 <= i < 20 for i in range(30)]
    rows, columns = np.nonzero(is_red(shown[15].to_ndarray(format="rgb24")))
    # chroma is stored at half the resolution, so an edge may move by a pixel or two
    assert np.allclose([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], [80, 48, 240, 144], atol=2)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
def test_key_frames_come_exactly_as_often_as_asked(tmp_path: Path, codec: str) -> None:
    assert key_times(street(tmp_path / "street.mp4", seconds=6, gop_s=2, codec=codec)) == [0, 2, 4]


def test_two_recordings_of_one_street_are_the_same_to_the_byte(tmp_path: Path) -> None:
    one, two = (street(tmp_path / name, seconds=1, things=[BUS]).read_bytes() for name in ("one.mp4", "two.mp4"))
    assert one == two


def test_another_seed_shows_another_street() -> None:
    here, there = (picture((320, 192), noise_seed=seed).astype(int) for seed in (1, 2))
    assert np.abs(here - there).mean() > 5


def test_a_walker_moves_and_what_is_painted_later_stands_in_front() -> None:
    walker = Thing("yellow", (0.0, 0.4, 0.1, 0.6), moving=(0.1, 0.0))
    wall = Thing("grey", (0.3, 0.0, 0.5, 1.0))
    assert walker.at(2) == pytest.approx((0.2, 0.4, 0.3, 0.6))
    shown = picture((320, 192), [walker, wall], time_s=3.5)
    assert abs(shown[96, 130].astype(int) - COLOURS["grey"]).max() < 12


def test_a_recording_can_start_late_and_say_when_it_was_made(tmp_path: Path) -> None:
    made = "2026-05-01T00:00:00.000000Z"
    path = street(tmp_path / "late.mp4", seconds=2, start_s=3, metadata={"creation_time": made})
    assert key_times(path) == [3]
    with av.open(str(path)) as container:
        assert container.metadata["creation_time"] == made


def test_a_fragmented_file_has_no_index_over_the_whole(tmp_path: Path) -> None:
    path = street(tmp_path / "f.mp4", seconds=4, options={"movflags": "frag_keyframe+empty_moov"})
    assert path.read_bytes().count(b"moof") == 2


def test_sound_runs_beside_the_picture(tmp_path: Path) -> None:
    with av.open(str(street(tmp_path / "loud.mp4", seconds=3, audio=True))) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert container.streams.audio[0].duration * container.streams.audio[0].time_base == pytest.approx(
            2.9, abs=0.15
        )


def test_pixels_can_be_wider_than_high(tmp_path: Path) -> None:
    with av.open(str(street(tmp_path / "sar.mp4", seconds=1, sar=Fraction(4, 3)))) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_turned_recording_is_upright_after_its_own_display_matrix(tmp_path: Path, rotate: int) -> None:
    thing = Thing("red", (0.0, 0.0, 0.4, 0.2))
    frame = frames(street(tmp_path / "turned.mp4", seconds=1, rotate=rotate, size=(192, 320), things=[thing]))[5]
    assert round(frame.rotation) % 360 == -rotate % 360
    assert (frame.width, frame.height) == ((320, 192) if rotate != 180 else (192, 320))
    upright = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation) // 90)
    assert upright.shape == (320, 192, 3)
    assert is_red(upright)[4:60, 4:72].all()
    assert not is_red(upright)[70:].any()


def test_the_phone_is_stored_lying_and_the_portrait_upright(tmp_path: Path) -> None:
    phone, portrait = (
        frames(odd.phone_held_upright(tmp_path / "phone.mp4", seconds=1))[0],
        frames(odd.portrait(tmp_path / "portrait.mp4", seconds=1))[0],
    )
    assert (phone.width, phone.height, round(phone.rotation)) == (320, 192, -90)
    assert (portrait.width, portrait.height, round(portrait.rotation)) == (192, 320, 0)


def test_a_variable_rate_has_different_gaps(tmp_path: Path) -> None:
    times = [float(f.pts * f.time_base) for f in frames(odd.variable_rate(tmp_path / "vfr.mp4"))]
    assert {round(b - a, 3) for a, b in pairwise(times)} == {0.1, 1.0}
    assert times[-1] == pytest.approx(19.9)


def test_b_frames_put_packets_into_another_order_than_pictures(tmp_path: Path) -> None:
    stamps = [packet.pts for packet in packets(odd.with_b_frames(tmp_path / "b.mp4", seconds=3))]
    assert stamps != sorted(stamps)


def test_a_smart_codec_lets_25_seconds_pass_between_key_frames(tmp_path: Path) -> None:
    assert key_times(odd.rare_key_frames(tmp_path / "smart.mp4")) == [0, 25, 50]


def test_intra_refresh_has_one_key_frame_and_no_intra_picture_after_it(tmp_path: Path) -> None:
    path = odd.intra_refresh(tmp_path / "refresh.mp4", seconds=8, things=[BUS])
    assert key_times(path) == [0]
    shown = frames(path)
    assert [frame.pict_type for frame in shown].count(PictureType.I) == 1
    assert is_red(shown[15].to_ndarray(format="rgb24")).sum() == pytest.approx(160 * 96, rel=0.03)


def test_recovery_points_look_like_key_frames_and_are_none(tmp_path: Path) -> None:
    path = odd.intra_refresh(tmp_path / "refresh.mp4", seconds=8, recovery_points=True)
    assert len(key_times(path)) > 1
    assert [frame.pict_type for frame in frames(path)].count(PictureType.I) == 1


def test_a_bare_stream_has_no_time_stamp(tmp_path: Path) -> None:
    path = odd.without_pts(tmp_path / "bare", seconds=2)
    assert path.suffix == ".h264"
    assert {packet.pts for packet in packets(path)} == {None}
    assert len(frames(path)) == 20


def test_a_recording_that_starts_inside_a_group_has_no_key_frame_at_first(tmp_path: Path) -> None:
    path = odd.starting_inside_a_group(tmp_path / "middle", lost=7, seconds=6)
    found = packets(path)
    assert not any(packet.is_keyframe for packet in found[:13])
    assert found[13].is_keyframe


def test_the_resolution_changes_half_way_and_time_runs_on(tmp_path: Path) -> None:
    shown = frames(odd.changing_resolution(tmp_path / "changed", seconds=3))
    assert [(f.width, f.height) for f in shown] == [(320, 192)] * 30 + [(640, 384)] * 30
    times = [float(f.pts * f.time_base) for f in shown]
    assert {round(b - a, 3) for a, b in pairwise(times)} == {0.1}


@pytest.mark.parametrize(
    ("write", "name"),
    [(odd.truncated, "cut.mp4"), (odd.zero_bytes, "empty.mp4"), (odd.text, "text.mp4"), (odd.noise, "noise.mkv")],
)
def test_a_broken_file_cannot_be_opened(tmp_path: Path, write: Callable[[Path], Path], name: str) -> None:
    with pytest.raises(av.FFmpegError):
        av.open(str(write(tmp_path / name)))


def test_the_truncated_file_still_holds_its_pictures(tmp_path: Path) -> None:
    content = odd.truncated(tmp_path / "cut.mp4").read_bytes()
    assert b"mdat" in content
    assert b"moov" not in content


def test_sound_alone_has_no_picture(tmp_path: Path) -> None:
    with av.open(str(odd.audio_only(tmp_path / "sound.mp4"))) as container:
        assert not container.streams.video
        assert container.streams.audio

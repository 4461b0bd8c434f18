"""A changed picture format shows in the parameter sets that key frames carry."""

from pathlib import Path

import av
import pytest

from streams.parameter_sets import FormatWatch, parameter_sets
from tests.scenery import street


def key_frames(path: Path, filter: str) -> list[bytes]:
    """As a network stream carries them: start codes, parameter sets in band."""
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        bits = av.BitStreamFilterContext(filter, stream)
        for packet in container.demux(stream):
            for out in bits.filter(packet if packet.size else None):
                if out.is_keyframe:
                    found.append(bytes(out))
    return found


@pytest.mark.parametrize(("codec", "name", "filter"), [
    ("libx264", "h264", "h264_mp4toannexb"), ("libx265", "hevc", "hevc_mp4toannexb"),
])  # fmt: skip
def test_they_stay_while_the_format_does_and_change_with_the_size(tmp_path, codec, name, filter):
    small = key_frames(street(tmp_path / "a.mp4", seconds=4, codec=codec), filter)
    large = key_frames(street(tmp_path / "b.mp4", seconds=2, codec=codec, size=(640, 384)), filter)
    sets = {parameter_sets(name, data) for data in small}
    assert len(sets) == 1
    assert b"" not in sets
    assert parameter_sets(name, large[0]) not in sets


def test_other_codecs_and_other_framing_have_none():
    assert parameter_sets("mpeg4", b"\x00\x00\x01\xb0abc") == b""
    assert parameter_sets("h264", b"\x00\x00\x00\x08avcc-framed") == b""
    assert parameter_sets("h264", b"\x00\x00\x01") == b""


def test_a_jpeg_states_its_size(tmp_path):
    found = []
    for size in ((320, 192), (640, 384)):
        with av.open(str(street(tmp_path / f"{size[0]}.avi", seconds=0.5, codec="mjpeg", size=size))) as container:
            sets = {parameter_sets("mjpeg", bytes(p)) for p in container.demux(video=0) if p.size}
        assert len(sets) == 1
        found.append(sets.pop())
    assert [(int.from_bytes(s[7:9], "big"), int.from_bytes(s[5:7], "big")) for s in found] == [(320, 192), (640, 384)]
    assert parameter_sets("mjpeg", b"\xff\xd8\xff") == b""
    assert parameter_sets("mjpeg", b"") == b""


def packet(data: bytes) -> av.Packet:
    made = av.Packet(data)
    made.is_keyframe = True
    return made


def test_lengths_that_look_like_start_codes_are_no_new_format():
    watch = FormatWatch("h264", b"\x01\x64\x00\x1e\xff\xe1")
    # A unit of 0x107 bytes, then one of 0x127: read as start codes both begin parameter sets.
    assert not watch.changed(packet(b"\x00\x00\x01\x07" + bytes(0x107)))
    assert not watch.changed(packet(b"\x00\x00\x01\x27" + b"\x65" * 0x127))


def test_start_codes_are_read_where_the_connection_began_with_them():
    watch = FormatWatch("h264", b"\x00\x00\x00\x01\x67\x64")
    assert not watch.changed(packet(b"\x00\x00\x00\x01\x67\x64\x00\x00\x01\x65\x88"))
    assert not watch.changed(packet(b"\x00\x00\x00\x01\x67\x64\x00\x00\x01\x65\x88"))
    assert watch.changed(packet(b"\x00\x00\x00\x01\x67\x4d\x00\x00\x01\x65\x88"))

"""A changed picture format shows in the parameter sets that key frames carry."""

from pathlib import Path

import av
import pytest

from streams.parameter_sets import parameter_sets
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

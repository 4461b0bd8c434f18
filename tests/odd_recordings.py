"""Recordings as cameras, networks and people really hand them over: legal but odd ones, then broken ones."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.bitstream import BitStreamFilterContext

from tests.scenery import AUDIO_RATE, hum, street

# --- legal, and every program has to read them -----------------------------------------------------------------------


def variable_rate(path: Path, **street_options: Any) -> Path:
    """20 s in which the camera saves bits: ten pictures a second, then one a second, then ten again."""
    times = [*np.arange(0, 5, 0.1), *np.arange(5, 15, 1.0), *np.arange(15, 20, 0.1)]
    return street(path, times=[float(t) for t in times], **street_options)


def phone_held_upright(path: Path, **street_options: Any) -> Path:
    """A phone's video: stored lying, with a display matrix that turns it by 90 degrees clockwise to 192x320."""
    return street(path, size=(192, 320), rotate=90, **street_options)


def portrait(path: Path, **street_options: Any) -> Path:
    """Higher than wide, and stored so."""
    return street(path, size=(192, 320), **street_options)


def with_b_frames(path: Path, **street_options: Any) -> Path:
    """Packets in another order than their pictures: dts and pts differ."""
    return street(path, encoder={"bframes": 3, "b-adapt": 0}, **street_options)


def rare_key_frames(path: Path, **street_options: Any) -> Path:
    """A smart codec: 25 s from key frame to key frame, 60 s in all."""
    return street(path, **{"seconds": 60, "fps": 5, "gop_s": 25, **street_options})


def intra_refresh(path: Path, *, recovery_points: bool = False, **street_options: Any) -> Path:
    """One key frame at the start and none after it: a column of fresh blocks wanders through the pictures instead.

    recovery_points: keep x264's notes (SEI) that a round of refreshing begins. FFmpeg marks the packets that carry one
    as key frames although their pictures are no intra pictures and do not decode alone: a trap.
    """
    whole = path.with_name("marked-" + path.name)
    street(whole, encoder={"intra-refresh": 1}, **street_options)
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        without_sei = BitStreamFilterContext("filter_units=remove_types=6", source.streams.video[0])
        for packet in _packets(source):
            for kept in [packet] if recovery_points else without_sei.filter(packet):
                kept.is_keyframe = kept.pts == 0
                kept.stream = stream
                target.mux(kept)
    whole.unlink()
    return path


def without_pts(path: Path, **street_options: Any) -> Path:
    """A bare H.264 stream (``.h264``): no container, so no time stamp and no duration."""
    return street(path.with_suffix(".h264"), **street_options)


def starting_inside_a_group(path: Path, *, lost: int = 7, **street_options: Any) -> Path:
    """An MPEG transport stream somebody began to record ``lost`` packets after a key frame (``.ts``)."""
    path = path.with_suffix(".ts")
    whole = street(path.with_name("whole-" + path.name), **street_options)
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for index, packet in enumerate(_packets(source)):
            if index >= lost:
                packet.stream = stream
                target.mux(packet)
    whole.unlink()
    return path


def changing_resolution(
    path: Path,
    *,
    sizes: tuple[tuple[int, int], ...] = ((320, 192), (640, 384)),
    seconds: float = 6.0,
    **street_options: Any,
) -> Path:
    """An MPEG transport stream (``.ts``) whose camera was set to another size every ``seconds``; time runs on."""
    path = path.with_suffix(".ts")
    parts = [
        street(
            path.with_name(f"part{i}-{path.name}"), size=size, seconds=seconds, start_s=i * seconds, **street_options
        )
        for i, size in enumerate(sizes)
    ]
    with av.open(str(path), "w") as target:
        stream = None
        for part in parts:
            with av.open(str(part)) as source:
                stream = stream or target.add_stream_from_template(source.streams.video[0])
                for packet in _packets(source):
                    packet.stream = stream
                    target.mux(packet)
            part.unlink()
    return path


def _packets(container: "av.container.InputContainer") -> Iterator[av.Packet]:
    return (packet for packet in container.demux(video=0) if packet.size)


# --- broken, and every program has to say so -------------------------------------------------------------------------


def truncated(path: Path) -> Path:
    """An mp4 whose recorder lost power: the index (``moov``), written last, is missing."""
    whole = street(path.with_name("whole-" + path.name), seconds=4).read_bytes()
    path.with_name("whole-" + path.name).unlink()
    path.write_bytes(whole[: whole.rindex(b"moov") - 4])
    return path


def zero_bytes(path: Path) -> Path:
    """An empty file."""
    path.write_bytes(b"")
    return path


def text(path: Path) -> Path:
    """A text file under the name of a video."""
    path.write_text("Camera 12 was moved to the north gate on Monday.\n" * 40, encoding="utf-8")
    return path


def noise(path: Path) -> Path:
    """64 KiB of noise under the name of a video."""
    path.write_bytes(np.random.default_rng(5).bytes(1 << 16))
    return path


def audio_only(path: Path, seconds: float = 4.0) -> Path:
    """A proper file with sound and without a picture."""
    with av.open(str(path), "w") as container:
        tone = container.add_stream("aac", rate=AUDIO_RATE, layout="mono", time_base=Fraction(1, AUDIO_RATE))
        for frame in hum(seconds):
            container.mux(tone.encode(frame))
        container.mux(tone.encode())
    return path

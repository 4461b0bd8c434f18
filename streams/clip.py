"""Clips: packets remuxed, never re-encoded; and a preview in H.264 where browsers cannot play the codec."""

import errno
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from streams.recorder import PacketSpan
from streams.upright import scaled, upright_size

CLOCK = Fraction(1, 90000)
CONTAINERS = ("mp4", "mkv", "avi", "nut")
"""Tried in this order: mp4 plays everywhere, nut takes every codec."""
PREVIEW_HEIGHT = 720


class ClipProblem(Exception):
    """No container takes the packets, or nothing of them decodes."""


def write_clip(span: PacketSpan, folder: Path) -> Path:
    """Remux to ``folder/clip.<container>``, timestamps from zero. Raises ``ClipProblem``, ``OSError`` (disk full)."""
    reasons = []
    for container in CONTAINERS:
        path = folder / f"clip.{container}"
        try:
            _remux(span, path)
            return path
        except (OSError, ValueError, av.error.FFmpegError) as error:
            path.unlink(missing_ok=True)
            if getattr(error, "errno", None) == errno.ENOSPC:
                raise OSError(errno.ENOSPC, "no space left on the disk", str(path)) from None
            reasons.append(f"{container}: {error}")
    raise ClipProblem("; ".join(reasons))


def needs_preview(span: PacketSpan, clip: Path) -> bool:
    """Browsers play 8-bit 4:2:0 H.264 in mp4; everything else gets a preview beside it."""
    parameters = span.group.parameters
    return not (
        clip.suffix == ".mp4" and parameters.codec == "h264" and parameters.pix_fmt in ("yuv420p", "yuvj420p", "")
    )


def write_preview(span: PacketSpan, path: Path) -> None:
    """Re-encode to H.264, upright, at most 720 lines, timestamps from zero.

    Raises ``ClipProblem`` when nothing decodes, ``OSError`` when it cannot be written; then nothing is left.
    """
    try:
        _encode(span, path)
    except (ClipProblem, OSError, av.error.FFmpegError) as error:
        path.unlink(missing_ok=True)
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise OSError(errno.ENOSPC, "no space left on the disk", str(path)) from None
        raise


def _encode(span: PacketSpan, path: Path) -> None:
    parameters = span.group.parameters
    decoder = parameters.decoder()
    size: tuple[int, int] | None = None
    last = -1
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as output:
        stream = output.add_stream(
            "libx264", rate=min(parameters.rate, Fraction(30)), options={"preset": "veryfast", "crf": "26"}
        )
        stream.pix_fmt, stream.time_base = "yuv420p", CLOCK
        stream.codec_context.time_base = CLOCK
        for packet in (*_from_zero(span), None):
            try:
                frames = decoder.context.decode(packet)
            except av.error.FFmpegError:
                continue
            for frame in frames:
                if size is None:
                    size = _preview_size(upright_size(frame, parameters.pixel_aspect))
                    stream.width, stream.height = size
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(scaled(frame, size)), format="rgb24")
                # Pictures leave the decoder in their order, whatever their time stamps say.
                last = max(last + 1, frame.pts or 0)
                picture.pts, picture.time_base = last, CLOCK
                output.mux(stream.encode(picture))
        if size is None:
            raise ClipProblem("nothing of the clip decodes")
        output.mux(stream.encode(None))


def _remux(span: PacketSpan, path: Path) -> None:
    options = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as output:
        stream = output.add_stream_from_template(span.group.parameters.template, opaque=True)
        stream.time_base = CLOCK
        for packet in _from_zero(span):
            packet.stream = stream
            output.mux(packet)


def _from_zero(span: PacketSpan) -> Iterator[av.Packet]:  # type: ignore[type-arg]
    """The packets with times of their own: the earliest picture at zero, decoding times rising and never after pts."""
    base_s = min(p.elapsed_s for p in span.packets)
    last_dts: int | None = None
    for packet in span.packets:
        moved = packet.to_av()
        pts = round((packet.elapsed_s - base_s) / CLOCK)
        dts = min(pts, round((packet.decode_s - base_s) / CLOCK))
        dts = dts if last_dts is None else max(dts, last_dts + 1)
        moved.pts, moved.dts, last_dts = max(pts, dts), dts, dts
        moved.duration, moved.time_base = round(packet.duration_s / CLOCK), CLOCK
        moved.is_keyframe = packet.keyframe or packet is span.packets[0]
        yield moved


def _preview_size(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, PREVIEW_HEIGHT / min(size))
    return max(2, round(size[0] * scale / 2) * 2), max(2, round(size[1] * scale / 2) * 2)


def clip_length_s(path: Path) -> float:
    """Seconds from the first picture to the end of the last. Raises ``av.error.FFmpegError`` for what is no clip."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        base = stream.time_base or CLOCK
        ends = [float((p.pts + (p.duration or 0)) * base) for p in container.demux(stream) if p.pts is not None]
    return max(ends, default=0.0)

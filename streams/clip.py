"""Clips: packets remuxed, never re-encoded; and a preview in H.264 where browsers cannot play the codec."""

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
        except (ValueError, av.error.FFmpegError) as error:
            path.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno == 28:
                raise OSError(28, "no space left on the disk", str(path)) from None
            reasons.append(f"{container}: {error}")
    raise ClipProblem("; ".join(reasons))


def needs_preview(span: PacketSpan, clip: Path) -> bool:
    """Browsers play 8-bit 4:2:0 H.264 in mp4; everything else gets a preview beside it."""
    parameters = span.group.parameters
    return not (
        clip.suffix == ".mp4" and parameters.codec == "h264" and parameters.pix_fmt in ("yuv420p", "yuvj420p", "")
    )


def write_preview(span: PacketSpan, path: Path) -> None:
    """Re-encode to H.264, upright, at most 720 lines. Raises ``ClipProblem`` when nothing decodes."""
    parameters = span.group.parameters
    decoder = parameters.decoder()
    start_s = span.start_s
    rate = min(parameters.rate, Fraction(30))
    size: tuple[int, int] | None = None
    last = -1
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as output:
        stream = output.add_stream("libx264", rate=rate, options={"preset": "veryfast", "crf": "26"})
        stream.pix_fmt, stream.time_base = "yuv420p", CLOCK
        stream.codec_context.time_base = CLOCK
        times = {p.pts: p.elapsed_s for p in span.packets}
        for packet in (*span.packets, None):
            try:
                frames = decoder.context.decode(packet.to_av() if packet else None)
            except av.error.FFmpegError:
                continue
            for frame in frames:
                pts = round((times.get(frame.pts or 0, start_s) - start_s) / CLOCK)
                if pts <= last:
                    continue
                last = pts
                if size is None:
                    size = _preview_size(upright_size(frame, parameters.pixel_aspect))
                    stream.width, stream.height = size
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(scaled(frame, size)), format="rgb24")
                picture.pts, picture.time_base = pts, CLOCK
                output.mux(stream.encode(picture))
        if size is None:
            raise ClipProblem("nothing of the clip decodes")
        output.mux(stream.encode(None))


def _remux(span: PacketSpan, path: Path) -> None:
    base_s = min(p.elapsed_s for p in span.packets)
    options = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as output:
        stream = output.add_stream_from_template(span.group.parameters.template, opaque=True)
        stream.time_base = CLOCK
        last_dts: int | None = None
        # Timestamps start at zero with the first picture; decoding times that lie before it move up together.
        early = min(0, round((min(p.decode_s for p in span.packets) - base_s) / CLOCK))
        for packet in span.packets:
            moved = packet.to_av()
            moved.stream = stream
            pts = round((packet.elapsed_s - base_s) / CLOCK)
            dts = min(pts, round((packet.decode_s - base_s) / CLOCK))
            dts = max(dts, early) if last_dts is None else max(dts, last_dts + 1)
            moved.pts, moved.dts, last_dts = max(pts, dts), dts, dts
            moved.duration, moved.time_base = round(packet.duration_s / CLOCK), CLOCK
            output.mux(moved)


def _preview_size(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, PREVIEW_HEIGHT / min(size))
    return max(2, round(size[0] * scale / 2) * 2), max(2, round(size[1] * scale / 2) * 2)

"""Test recordings with exact ground truth: a grey, noisy street on which saturated rectangles stand, walk and leave.

To the toy detector pure red, green and blue are vehicles and yellow and magenta are persons; black, grey and white are
seen by nobody, so that they stand for what hides a thing (or, over the whole picture, for a covered lens).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]

COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "magenta": (255, 0, 255),
    "black": (0, 0, 0),
    "grey": (118, 118, 118),
    "white": (255, 255, 255),
}
AUDIO_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Thing:
    """A rectangle of one colour that is there from ``from_s`` until just before ``to_s``.

    xyxy: relative to the picture, where it is at ``from_s``. moving: what is added to x and y per second.
    """

    colour: str
    xyxy: Box
    from_s: float = 0.0
    to_s: float = math.inf
    moving: tuple[float, float] = (0.0, 0.0)

    def at(self, time_s: float) -> Box | None:
        """Where it is, or None while it is not there. May reach over the edge of the picture."""
        if not self.from_s <= time_s < self.to_s:
            return None
        dx, dy = ((time_s - self.from_s) * speed for speed in self.moving)
        x1, y1, x2, y2 = self.xyxy
        return x1 + dx, y1 + dy, x2 + dx, y2 + dy


def empty_street(size: tuple[int, int], seed: int = 0) -> Picture:
    """The grey ``(H, W, 3)`` background: smooth stains and a lane marking, so that pictures of it can be compared."""
    width, height = size
    coarse = np.random.default_rng(seed).normal(0.0, 1.0, (max(2, height // 8), max(2, width // 8)))
    stains = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    grey = np.clip(118 + 16 * stains, 70, 170)
    cv2.line(grey, (0, int(height * 0.95)), (width, int(height * 0.62)), 205.0, max(1, height // 90))
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)


def picture(size: tuple[int, int], things: Sequence[Thing] = (), time_s: float = 0.0, noise_seed: int = 0) -> Picture:
    """The street ``(H, W, 3)`` at one moment, with sensor noise; things are painted in order, the last one in front."""
    width, height = size
    canvas = empty_street(size, noise_seed)
    for thing in things:
        if (box := thing.at(time_s)) is not None:
            x1, y1, x2, y2 = (np.clip(box, 0, 1) * (width, height, width, height)).round().astype(int)
            canvas[y1:y2, x1:x2] = COLOURS[thing.colour]
    noise = np.random.default_rng((noise_seed, round(time_s * 1000))).normal(0, 2, (height, width, 1))
    return np.clip(canvas + noise, 0, 255).astype(np.uint8)


def street(
    path: Path,
    *,
    seconds: float = 10.0,
    fps: int = 10,
    size: tuple[int, int] = (320, 192),
    codec: str = "libx264",
    gop_s: float = 2.0,
    things: Sequence[Thing] = (),
    times: Sequence[float] | None = None,
    noise_seed: int = 0,
    start_s: float = 0.0,
    encoder: Mapping[str, str | int] | None = None,
    options: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
    audio: bool = False,
    rotate: int = 0,
    sar: Fraction | None = None,
) -> Path:
    """Write a recording and return ``path``; its suffix chooses the container.

    codec: libx264, libx265, mpeg4 or mjpeg. gop_s: seconds from key frame to key frame, exactly.
    times: when each picture is taken, seconds, rising; instead of ``seconds`` and ``fps`` for a variable rate.
    start_s: what the first time stamp says. encoder: further parameters of x264 or x265.
    options, metadata: of the container, for example ``{"movflags": "frag_keyframe"}`` and
    ``{"creation_time": "2026-05-01T00:00:00Z"}``.
    rotate: the camera was held turned: stored pictures have to be turned by so many degrees clockwise to be upright.
    ``size`` and ``things`` are those of the upright picture.
    sar: the shape of the stored pixels, width to height.
    """
    moments = [i / fps for i in range(round(seconds * fps))] if times is None else list(times)
    time_base = Fraction(1, fps if times is None else 1000)
    with av.open(str(path), "w", options=dict(options or {})) as container:
        container.metadata.update(metadata or {})
        stream = container.add_stream(
            codec, rate=fps, options=_encoder_options(codec, round(gop_s * fps), encoder or {})
        )
        stream.width, stream.height = size if rotate % 180 == 0 else size[::-1]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = time_base
        stream.codec_context.gop_size = round(gop_s * fps)
        stream.codec_context.thread_count = 1
        if sar is not None:
            stream.codec_context.sample_aspect_ratio = sar
        if rotate:
            stream.set_display_rotation(-rotate)  # FFmpeg counts counterclockwise
        tone = container.add_stream("aac", rate=AUDIO_RATE, layout="mono") if audio else None
        for moment in moments:
            shown = np.rot90(picture(size, things, moment, noise_seed), rotate // 90)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(shown), format="rgb24")
            frame.pts, frame.time_base = round((start_s + moment) / time_base), time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if tone is not None:
            for sound in hum(moments[-1], start_s):
                container.mux(tone.encode(sound))
            container.mux(tone.encode())
    return path


def hum(seconds: float, start_s: float = 0.0) -> Iterator[av.AudioFrame]:
    """A quiet 220 Hz tone, mono, 1024 samples a frame."""
    for first in range(0, int(seconds * AUDIO_RATE), 1024):
        wave = 0.1 * np.sin(2 * np.pi * 220 * (first + np.arange(1024)) / AUDIO_RATE)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = AUDIO_RATE, Fraction(1, AUDIO_RATE)
        frame.pts = first + round(start_s * AUDIO_RATE)
        yield frame


def _encoder_options(codec: str, gop: int, encoder: Mapping[str, str | int]) -> dict[str, str]:
    if codec in ("libx264", "libx265"):
        params = {"keyint": gop, "min-keyint": gop, "scenecut": 0, "bframes": 0, "open-gop": 0, **encoder}
        text = ":".join(f"{name}={value}" for name, value in params.items())
        quiet = {"x265-params": text + ":log-level=error"} if codec == "libx265" else {"x264-params": text}
        return {"preset": "ultrafast" if codec == "libx265" else "veryfast", "crf": "18", **quiet}
    return {"qscale": "3", "flags": "qscale", "sc_threshold": "1000000000"} if codec == "mpeg4" else {"qscale": "3"}

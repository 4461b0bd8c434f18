"""Makes the recordings that are measured: a drawn street, encoded as street cameras encode, and kept."""

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream
from platformdirs import user_cache_path

from benchmarks.drawn_street import Pixels, street
from streams.opening import Unreadable, open_video
from streams.source import Segment

ENCODERS = {"h264": "libx264", "hevc": "libx265"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a clip is made of. Sizes in pixels, ``gop_s`` seconds from key frame to key frame, bits a second.

    stays: part of the clip that each parked vehicle is there. frozen: from its first second on the same picture.
    """

    size: tuple[int, int] = (1920, 1080)
    fps: int = 25
    seconds: float = 60.0
    codec: str = "h264"
    gop_s: float = 2.0
    bit_rate: int = 4_000_000
    seed: int = 1
    stays: float = 1.0
    frozen: bool = False

    @property
    def name(self) -> str:
        width, height = self.size
        rate = f"{self.bit_rate // 1000}kbps"
        stays = ("" if self.stays == 1 else f"-stays{self.stays:g}") + ("-frozen" if self.frozen else "")
        every = f"key{self.gop_s:g}s-{self.seconds:g}s"
        return f"{width}x{height}p{self.fps}-{self.codec}-{rate}-{every}-{self.seed}{stays}.mp4"


def cache_folder() -> Path:
    """Where made clips are kept between runs."""
    return user_cache_path("streetorder") / "benchmarks"


def clip(recipe: Recipe, folder: Path | None = None) -> Path:
    """The clip of a recipe, made if it is not there yet. Raises ``OSError`` and ``av.error.FFmpegError``."""
    path = (folder or cache_folder()) / recipe.name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.part")  # tests run side by side
        _encode(recipe, unfinished)
        unfinished.replace(path)
    return path


def duration_s(path: Path) -> float:
    """How long a recording is. Raises ``Unreadable`` naming the file, also where its container does not say."""
    try:
        container, stream = open_video(Segment(str(path)))
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from None
    with container:
        if container.duration:
            return container.duration / av.time_base
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
    raise Unreadable(f"{path}: does not say how long it is; copy it into an mp4 or mkv first")


def _encode(recipe: Recipe, path: Path) -> None:
    gop = max(1, round(recipe.gop_s * recipe.fps))
    # As cameras encode: no B-frames, key frames at fixed distances, a constant bit rate.
    regular = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0"
    library = "x265-params" if recipe.codec == "hevc" else "x264-params"
    quiet = ":log-level=none" if recipe.codec == "hevc" else ""
    quiet += ":qp=26" if recipe.frozen else ""
    options = {"preset": "superfast", library: regular + quiet}
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = cast(VideoStream, container.add_stream(ENCODERS[recipe.codec], rate=recipe.fps, options=options))
        stream.width, stream.height = recipe.size
        stream.pix_fmt = "yuv420p"
        if not recipe.frozen:  # at a constant quantiser the same picture gives the same bits, as a stuck sensor does
            stream.bit_rate = recipe.bit_rate
        shown: Pixels = np.zeros((1, 1, 3), np.uint8)
        for index, picture in enumerate(street(recipe.size, recipe.fps, recipe.seconds, recipe.seed, recipe.stays)):
            shown = picture if not recipe.frozen or index < recipe.fps else shown
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, recipe.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())

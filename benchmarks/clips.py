"""Makes the recordings that are measured: a drawn street with traffic, encoded as street cameras encode.

What decoding costs depends on bit rate, codec and key frames, and evidence is written only where something stands.
So parked vehicles stand still, others drive past, every surface is textured, and the sensor is noisy. All of it is
drawn from a seed: the same recipe gives the same pictures everywhere. It is no measure of accuracy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray
from platformdirs import user_cache_path

Pixels = NDArray[np.uint8]

ENCODERS = {"h264": "libx264", "hevc": "libx265"}
NOISE = 2.0
"""Standard deviation of the sensor's noise, in levels of 255."""
LANES = ((0.62, 0.006), (0.74, -0.009))
"""Where traffic drives: the height of the wheels, and the speed, both as parts of the picture (per frame)."""
PARKED = ((0.04, 0.50), (0.38, 0.52), (0.70, 0.50))
"""Left edge and height of the wheels of what is parked."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a clip is made of. Sizes in pixels, ``gop_s`` seconds from key frame to key frame, bits a second."""

    size: tuple[int, int] = (1920, 1080)
    fps: int = 25
    seconds: float = 60.0
    codec: str = "h264"
    gop_s: float = 2.0
    bit_rate: int = 4_000_000
    seed: int = 1

    @property
    def name(self) -> str:
        width, height = self.size
        rate = f"{self.bit_rate // 1000}kbps"
        return f"{width}x{height}p{self.fps}-{self.codec}-{rate}-key{self.gop_s:g}s-{self.seconds:g}s-{self.seed}.mp4"


def cache_folder() -> Path:
    """Where made clips are kept between runs."""
    return user_cache_path("streetorder") / "benchmarks"


def clip(recipe: Recipe, folder: Path | None = None) -> Path:
    """The clip of a recipe, made if it is not there yet. Raises ``OSError`` and ``av.error.FFmpegError``."""
    path = (folder or cache_folder()) / recipe.name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        _encode(recipe, unfinished)
        unfinished.replace(path)
    return path


def _encode(recipe: Recipe, path: Path) -> None:
    gop = max(1, round(recipe.gop_s * recipe.fps))
    # As cameras encode: no B-frames, key frames at fixed distances, a constant bit rate.
    regular = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0"
    library = "x265-params" if recipe.codec == "hevc" else "x264-params"
    quiet = ":log-level=none" if recipe.codec == "hevc" else ""
    options = {"preset": "superfast", library: regular + quiet}
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = cast(VideoStream, container.add_stream(ENCODERS[recipe.codec], rate=recipe.fps, options=options))
        stream.width, stream.height = recipe.size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = recipe.bit_rate
        for index, picture in enumerate(street(recipe)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, recipe.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def street(recipe: Recipe) -> Iterator[Pixels]:
    """The pictures, each ``(H, W, 3)`` RGB."""
    random = np.random.default_rng(recipe.seed)
    width, height = recipe.size
    scene = _background(random, width, height)
    vehicles = [_vehicle(random, width // 5, height // 6) for _ in range(len(PARKED) + 2 * len(LANES))]
    for (left, wheels), vehicle in zip(PARKED, vehicles, strict=False):
        _paste(scene, vehicle, round(left * width), round(wheels * height))
    driving = vehicles[len(PARKED) :]
    grain = random.normal(0, NOISE, (height + 32, width + 32, 1)).astype(np.int16)
    for index in range(round(recipe.seconds * recipe.fps)):
        picture = scene.copy()
        for i, vehicle in enumerate(driving):
            wheels, speed = LANES[i % len(LANES)]
            span = 1.4  # from beyond one edge to beyond the other
            left = (i * 0.45 + speed * index * 25 / recipe.fps) % span - 0.2
            _paste(picture, vehicle, round(left * width), round(wheels * height))
        y, x = random.integers(0, 32, 2)
        noisy = picture + grain[y : y + height, x : x + width]
        yield np.clip(noisy, 0, 255).astype(np.uint8)


def _background(random: np.random.Generator, width: int, height: int) -> Pixels:
    """A house front, a pavement and a road, with texture at several scales."""
    bands = ((0.0, (150, 128, 112)), (0.42, (168, 166, 160)), (0.52, (92, 94, 98)), (0.9, (150, 150, 146)))
    base = np.zeros((height, width, 3), np.float32)
    for top, colour in bands:
        base[round(top * height) :] = colour
    for cells in (8, 40, 200):
        coarse = random.normal(0, 9, (max(2, cells * height // width), cells, 1)).astype(np.float32)
        base += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    scene = np.clip(base, 0, 255).astype(np.uint8)
    for column in range(8):
        left, right = round((column + 0.2) * width / 8), round((column + 0.8) * width / 8)
        cv2.rectangle(scene, (left, height // 12), (right, height // 4), (58, 66, 78), cv2.FILLED)
        cv2.rectangle(scene, (left, height // 12), (right, height // 4), (214, 208, 200), max(1, height // 180))
    return scene


def _vehicle(random: np.random.Generator, width: int, height: int) -> Pixels:
    """A car from its side, ``(height, width, 4)`` RGBA: body, cabin, windows, wheels, lamps."""
    car = np.zeros((height, width, 4), np.uint8)

    def fill(points: list[tuple[float, float]], colour: tuple[int, ...]) -> None:
        corners = np.array([[round(x * width), round(y * height)] for x, y in points], np.int32)
        cv2.fillPoly(car, [corners], (*colour, 255), cv2.LINE_AA)

    paint = tuple(int(c) for c in random.integers(20, 236, 3))
    dark = tuple(c * 3 // 5 for c in paint)
    fill([(0.18, 0.45), (0.32, 0.08), (0.66, 0.08), (0.82, 0.45)], paint)
    fill([(0.01, 0.55), (0.05, 0.44), (0.85, 0.42), (0.97, 0.50), (0.99, 0.80), (0.01, 0.80)], paint)
    fill([(0.01, 0.70), (0.99, 0.70), (0.99, 0.82), (0.01, 0.82)], dark)
    fill([(0.24, 0.43), (0.34, 0.14), (0.48, 0.14), (0.48, 0.43)], (44, 56, 66))
    fill([(0.51, 0.43), (0.51, 0.14), (0.64, 0.14), (0.76, 0.43)], (52, 64, 74))
    fill([(0.94, 0.50), (0.98, 0.52), (0.98, 0.60), (0.94, 0.60)], (246, 240, 200))
    fill([(0.01, 0.52), (0.04, 0.52), (0.04, 0.62), (0.01, 0.62)], (196, 24, 24))
    for x in (0.2, 0.79):
        centre = (round(x * width), round(0.80 * height))
        for part, grey in ((0.19, 22), (0.11, 168), (0.04, 60)):
            cv2.circle(car, centre, round(part * height), (grey, grey, grey, 255), cv2.FILLED, cv2.LINE_AA)
    return car


def _paste(picture: Pixels, sprite: Pixels, left: int, bottom: int) -> None:
    """Draw a sprite, cut at the picture's edges. Written into ``picture``."""
    height, width = sprite.shape[:2]
    first, last = max(0, left), min(picture.shape[1], left + width)
    if first >= last:
        return
    part = sprite[:, first - left : last - left]
    place = picture[bottom - height : bottom, first:last]
    solid = part[..., 3:] > 127
    np.copyto(place, part[..., :3], where=solid)

"""A drawn street with traffic: what decoders, detectors and evidence are given to do while they are measured.

What decoding costs depends on texture, movement and noise, and evidence is written only where something stands. So
parked cars stand still, drawn well enough that a detector takes them for cars, others drive past, every surface is
textured, and the sensor is noisy. A seed gives the same pictures everywhere. It is no measure of accuracy.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Colour = tuple[float, float, float]

NOISE = 2.0
"""Standard deviation of the sensor's noise, in levels of 255."""
LANES = ((0.62, 0.006), (0.74, -0.009))
"""Where traffic drives: the height of the wheels, and the speed, both as parts of the picture (per frame)."""
PARKED = ((0.04, 0.50), (0.38, 0.52), (0.70, 0.50))
"""Left edge and height of the wheels of what is parked."""


def street(size: tuple[int, int], fps: int, seconds: float, seed: int, stays: float = 1.0) -> Iterator[Pixels]:
    """The pictures of a clip, each ``(H, W, 3)`` RGB of ``size`` (width, height).

    stays: part of the clip that each parked vehicle is there, in (0, 1]; they come one after the other, and where the
    clip is looped one that is there at its end is there at its beginning.
    """
    random = np.random.default_rng(seed)
    width, height = size
    empty = _background(random, width, height)
    vehicles = [_vehicle(random, width // 5, width // 16) for _ in range(len(PARKED) + 2 * len(LANES))]
    driving = vehicles[len(PARKED) :]
    stand: list[bool] = []
    grain = random.normal(0, NOISE, (height + 32, width + 32, 1)).astype(np.int16)
    for index in range(round(seconds * fps)):
        there = [(index / (seconds * fps) + k / len(PARKED)) % 1 < stays for k in range(len(PARKED))]
        if there != stand:
            stand, scene = there, empty.copy()
            for (left, wheels), vehicle, is_there in zip(PARKED, vehicles, there, strict=False):
                if is_there:
                    _paste(scene, vehicle, round(left * width), round(wheels * height))
        picture = scene.copy()
        for i, vehicle in enumerate(driving):
            wheels, speed = LANES[i % len(LANES)]
            span = 1.4  # from beyond one edge to beyond the other
            left = (i * 0.45 + speed * index * 25 / fps) % span - 0.2
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
    """A car from its side, ``(height, width, 4)`` RGBA, drawn four times as large and scaled down."""
    car = np.zeros((4 * height, 4 * width, 4), np.uint8)
    light = np.linspace(1.25, 0.75, 4 * height)[:, None, None]  # from above

    def fill(points: list[tuple[float, float]], colour: Colour, rounded: bool = True, shaded: bool = False) -> None:
        corners = _smooth(np.array(points)) if rounded else np.array(points)
        shape = np.zeros(car.shape[:2], np.uint8)
        cv2.fillPoly(shape, [np.round(corners * (4 * width, 4 * height)).astype(np.int32)], 1)
        tone = np.clip(np.array(colour) * (light if shaded else np.ones_like(light)), 0, 255).astype(np.uint8)
        np.copyto(car[..., :3], tone, where=shape[..., None] == 1)
        car[..., 3][shape == 1] = 255

    tint = random.integers(40, 230) + random.integers(-25, 25, 3)
    red, green, blue = (float(c) for c in np.clip(tint, 0, 255))
    paint, dark = (red, green, blue), (red * 0.55, green * 0.55, blue * 0.55)
    fill([(0.03, 0.84), (0.97, 0.84), (0.95, 0.93), (0.05, 0.93)], (25, 25, 28), rounded=False)
    cabin = [
        (0.13, 0.46),
        (0.25, 0.10),
        (0.36, 0.04),
        (0.60, 0.04),
        (0.72, 0.12),
        (0.86, 0.46),
        (0.86, 0.5),
        (0.13, 0.5),
    ]
    fill(cabin, paint, shaded=True)
    back = [(0.03, 0.86), (0.0, 0.80), (0.0, 0.52), (0.02, 0.42), (0.15, 0.38)]
    fill([*back, (0.80, 0.40), (0.95, 0.46), (1.0, 0.58), (1.0, 0.80), (0.97, 0.86)], paint, shaded=True)
    fill([(0.19, 0.41), (0.28, 0.14), (0.36, 0.11), (0.455, 0.11), (0.455, 0.41)], (38, 44, 50))
    fill([(0.48, 0.41), (0.48, 0.11), (0.59, 0.11), (0.68, 0.16), (0.78, 0.41)], (48, 56, 64))
    for x in (0.24, 0.47, 0.76):
        fill([(x, 0.42), (x + 0.004, 0.42), (x + 0.004, 0.80), (x, 0.80)], dark, rounded=False)
    fill([(0.0, 0.74), (1.0, 0.74), (1.0, 0.80), (0.0, 0.80)], dark, rounded=False)
    fill([(0.93, 0.50), (0.985, 0.54), (0.99, 0.62), (0.94, 0.58)], (235, 235, 225))
    fill([(0.005, 0.48), (0.05, 0.46), (0.05, 0.58), (0.005, 0.60)], (170, 25, 25))
    for x in (0.19, 0.80):
        for part, grey in ((0.19, 22), (0.125, 150), (0.10, 95), (0.03, 50)):
            centre, radius = (round(x * 4 * width), round(0.8 * 4 * height)), round(part * 4 * height)
            cv2.circle(car, centre, radius, (grey, grey, grey, 255), cv2.FILLED)
    return np.asarray(cv2.resize(car, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _smooth(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """A closed polygon with its corners cut three times (Chaikin's algorithm)."""
    for _ in range(3):
        following = np.roll(corners, -1, axis=0)
        pairs = [0.75 * corners + 0.25 * following, 0.25 * corners + 0.75 * following]
        corners = np.stack(pairs, axis=1).reshape(-1, 2)
    return corners


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

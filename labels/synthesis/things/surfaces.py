"""Pictures of surfaces that solids are covered with: ``(h, w, 3)`` float32 RGB in [0, 1]."""

import cv2
import numpy as np

from labels.synthesis.things.noise import fractal, streaks
from labels.synthesis.things.painting import Colour, Layer, ink, lit, sheet
from labels.synthesis.things.text import lettering

CARTON_WORDS = "小心轻放 矿泉水 纯净水 方便面 水果 苹果 易碎品 向上 啤酒 饮料 电器 瓷砖 建材 家具 酸奶 香蕉".split()


def bricks(rng: np.random.Generator, rows: int, columns: int, loose: bool = False) -> Layer:
    """Courses of bricks; ``loose`` without mortar, as they are stacked before they are used."""
    tall, wide = 8, 18
    base = np.array([(0.56, 0.27, 0.2), (0.5, 0.45, 0.42), (0.62, 0.36, 0.26), (0.55, 0.53, 0.5)][rng.integers(4)])
    joint = base * 0.4 if loose else np.array([0.62, 0.6, 0.56])
    wall = np.full((rows * tall, columns * wide, 3), joint, np.float32)
    for row in range(rows):
        shift = (row % 2) * wide // 2
        for column in range(columns + 1):
            x, y = column * wide - shift, row * tall
            gap = rng.integers(0, 2)
            wall[y : y + tall - 1, max(x, 0) : max(x + wide - 1 - gap, 0)] = base * rng.uniform(0.7, 1.25)
    wall *= 1 + 0.35 * fractal(rng, *wall.shape[:2], 9, 3)[..., None]
    return np.clip(wall, 0, 1).astype(np.float32)


def wood(rng: np.random.Generator, colour: Colour, height: int = 24, width: int = 96) -> Layer:
    """Grain along the width."""
    grain = streaks(rng, width, height, 3, 40).T
    return _painted(colour, 0.25 * grain + 0.12 * fractal(rng, height, width, 30, 3))


def carton(rng: np.random.Generator, size: int = 72) -> Layer:
    """A side of a cardboard box: print, tape, dents."""
    colours: tuple[Colour, ...] = ((0.68, 0.5, 0.33), (0.6, 0.44, 0.28), (0.74, 0.58, 0.4), (0.85, 0.82, 0.76))
    face = sheet(size, size, colours[rng.integers(len(colours))])
    printed: tuple[Colour, ...] = ((0.15, 0.12, 0.1), (0.6, 0.12, 0.1), (0.1, 0.2, 0.5), (0.1, 0.4, 0.2))
    paint = printed[rng.integers(len(printed))]
    if rng.random() < 0.35:
        face[int(size * 0.55) :, :, :3] = paint
        paint = (0.9, 0.9, 0.85)
    word = CARTON_WORDS[rng.integers(len(CARTON_WORDS))]
    if rng.random() < 0.8:
        ink(
            face,
            0.85 * lettering(word, int(size * 0.8 / len(word))),
            paint,
            int(size * 0.1),
            int(size * rng.uniform(0.2, 0.6)),
        )
    if rng.random() < 0.7:
        middle = size // 2
        face[:, middle - 4 : middle + 4, :3] *= 0.9
        face[: size // 3, middle - 4 : middle + 4, :3] = (0.72, 0.62, 0.45)
    lit(face, 1 + 0.18 * fractal(rng, size, size, 40, 4))
    return face[..., :3]


def fruit(rng: np.random.Generator, rows: int = 5, columns: int = 8) -> Layer:
    """A crate of round things from above."""
    kinds: tuple[Colour, ...] = (
        (0.8, 0.13, 0.1), (0.95, 0.55, 0.1), (0.95, 0.8, 0.2), (0.45, 0.65, 0.15), (0.35, 0.12, 0.3), (0.2, 0.5, 0.15),
        (0.85, 0.45, 0.35), (0.75, 0.7, 0.45),
    )  # fmt: skip
    colour = np.array(kinds[rng.integers(len(kinds))], np.float32)
    cell = 14
    heap = np.full((rows * cell, columns * cell, 3), colour * 0.25, np.float32)
    for y in range(rows + 1):
        for x in range(columns + 1):
            middle = (int((x + (y % 2) / 2) * cell + rng.integers(-2, 3)), int(y * cell + rng.integers(-2, 3)))
            tone = colour * rng.uniform(0.75, 1.15)
            for radius, light, up in ((8, 0.6, 0), (7, 0.9, 0), (5, 1.1, 1), (2, 1.5, 3)):
                shade = [float(v) for v in np.minimum(tone * light, 1)]
                cv2.circle(heap, (middle[0] - up, middle[1] - up), radius, shade, -1)
    return heap


def greens(rng: np.random.Generator, size: int = 64) -> Layer:
    """Leaves: vegetables in a crate, plants in a pot."""
    relief = fractal(rng, size, size, 12, 3, 0.8)
    tone = np.clip(0.55 + 0.8 * relief, 0.1, 1)[..., None]
    colour = np.array([rng.uniform(0.2, 0.45), rng.uniform(0.5, 0.7), rng.uniform(0.12, 0.25)], np.float32)
    return np.asarray(tone * colour, np.float32)


def packets(rng: np.random.Generator, rows: int, columns: int) -> Layer:
    """Shelves or crates of small packed goods seen from the front."""
    cell = 12
    face = np.full((rows * cell, columns * cell, 3), 0.15, np.float32)
    for y in range(rows):
        x = 0
        while x < columns * cell:
            wide, tall = int(rng.integers(5, 13)), int(rng.integers(7, 12))
            colour = rng.uniform(0.1, 0.95, 3)
            run = wide * int(rng.integers(1, 5))  # the same goods stand side by side
            part = face[y * cell + cell - tall : y * cell + cell - 1, x : x + run]
            part[:] = colour
            part[tall // 3 : tall // 3 + 3] = np.clip(colour + rng.uniform(-0.5, 0.5, 3), 0, 1)
            part[:, ::wide] *= 0.4
            x += run
        face[y * cell + cell - 1] = 0.55
    return face


def worn(rng: np.random.Generator, colour: Colour, size: int = 64, wear: float = 0.2) -> Layer:
    """Paint or plastic with stains and dust."""
    return _painted(colour, wear * fractal(rng, size, size, size / 2, 5, 0.65))


def _painted(colour: Colour, tone: Layer) -> Layer:
    return np.asarray(np.clip(np.asarray(colour) * (1 + tone[..., None]), 0, 1), np.float32)

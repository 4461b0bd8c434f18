"""Clothes and bedding as they hang: outline, print, folds."""

from collections.abc import Sequence

import cv2
import numpy as np

from labels.synthesis.things.noise import Field, fractal, slope_light, streaks
from labels.synthesis.things.painting import Layer, displaced, lit, sheet

Outline = Sequence[tuple[float, float]]
"""Corners as parts of width and height."""

SHIRT: Outline = (
    (0.36, 0.0), (0.64, 0.0), (0.78, 0.05), (1.0, 0.36), (0.84, 0.45), (0.76, 0.34), (0.77, 1.0), (0.23, 1.0),
    (0.24, 0.34), (0.16, 0.45), (0.0, 0.36), (0.22, 0.05),
)  # fmt: skip
LONG_SLEEVES: Outline = (
    (0.38, 0.0), (0.62, 0.0), (0.76, 0.05), (0.9, 0.4), (0.97, 0.8), (0.84, 0.83), (0.74, 0.36), (0.75, 1.0),
    (0.25, 1.0), (0.26, 0.36), (0.16, 0.83), (0.03, 0.8), (0.1, 0.4), (0.24, 0.05),
)  # fmt: skip
TROUSERS: Outline = ((0.12, 0.0), (0.88, 0.0), (0.97, 1.0), (0.6, 1.0), (0.5, 0.32), (0.4, 1.0), (0.03, 1.0))
SHORTS: Outline = ((0.1, 0.0), (0.9, 0.0), (1.0, 1.0), (0.56, 1.0), (0.5, 0.5), (0.44, 1.0), (0.0, 1.0))
DRESS: Outline = ((0.35, 0.0), (0.65, 0.0), (0.72, 0.35), (0.98, 1.0), (0.02, 1.0), (0.28, 0.35))
CLOTH: Outline = ((0.0, 0.0), (1.0, 0.0), (0.99, 1.0), (0.01, 1.0))

GARMENTS: tuple[tuple[Outline, float, float], ...] = (
    (SHIRT, 0.75, 0.7), (SHIRT, 0.7, 0.65), (LONG_SLEEVES, 0.8, 0.75), (LONG_SLEEVES, 0.85, 0.95),
    (TROUSERS, 0.45, 1.0), (TROUSERS, 0.4, 0.9), (SHORTS, 0.45, 0.45),
    (DRESS, 0.6, 1.0), (CLOTH, 0.35, 0.7), (CLOTH, 0.7, 1.1),
)  # fmt: skip
"""Outline, width and height in metres."""


def garment(rng: np.random.Generator, px_per_m: float) -> Layer:
    """One piece of clothing or a towel."""
    outline, width_m, height_m = GARMENTS[rng.integers(len(GARMENTS))]
    narrow = rng.uniform(0.55, 1.0)  # on a hanger and turned, it is seen narrower than it lies
    return hanging_cloth(
        rng, outline, int(width_m * narrow * px_per_m), int(height_m * rng.uniform(0.85, 1.15) * px_per_m)
    )


def bedding(rng: np.random.Generator, px_per_m: float) -> Layer:
    """A sheet or a quilt over a line or a rail."""
    width, height = int(rng.uniform(1.0, 2.0) * px_per_m), int(rng.uniform(0.7, 1.3) * px_per_m)
    return hanging_cloth(rng, CLOTH, width, height, quilted=rng.random() < 0.5)


def hanging_cloth(rng: np.random.Generator, outline: Outline, width: int, height: int, quilted: bool = False) -> Layer:
    """``(height, width, 4)`` of a cloth with this outline: folds fall from where it is held."""
    width, height = max(width, 8), max(height, 8)
    cloth = _printed(rng, height, width)
    mask = np.zeros((height, width), np.float32)
    corners = np.array([(x * (width - 3) + 1, y * (height - 3) + 1) for x, y in outline])
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1.0)
    cloth[..., 3] = cv2.GaussianBlur(mask, (0, 0), 0.6)
    fall = streaks(rng, height, width, width * rng.uniform(0.12, 0.35), height * 1.5)
    crumple = fractal(rng, height, width, width * 0.4, 4, 0.65)
    down = np.linspace(0.4, 1, height, dtype=np.float32)[:, None]
    folds: Field = down * fall * rng.uniform(0.5, 1) + crumple * rng.uniform(0.15, 0.6)
    reach = rng.uniform(0.03, 0.09) * width
    cloth = displaced(
        cloth, (reach * folds * down).astype(np.float32), (0.5 * reach * crumple * down).astype(np.float32)
    )
    soft = np.asarray(cv2.GaussianBlur(folds, (0, 0), 0.8), np.float32)
    lit(cloth, slope_light(soft, rng.uniform(0.1, 0.24), rng.uniform(-0.5, 0.9)))
    if quilted:
        cell = max(height // 6, 5)
        ys, xs = np.mgrid[:height, :width].astype(np.float32)
        lit(cloth, (0.88 + 0.15 * np.abs(np.sin(np.pi * xs / cell) * np.sin(np.pi * ys / cell))).astype(np.float32))
    x = np.linspace(-1, 1, width, dtype=np.float32)
    lit(cloth, np.broadcast_to(1.05 - 0.25 * np.abs(x - rng.uniform(-0.5, 0.5)), (height, width)).astype(np.float32))
    return cloth


def _printed(rng: np.random.Generator, height: int, width: int) -> Layer:
    """Plain, striped, checked, flowered or with a picture on the breast, in the colours clothes have."""
    tone = rng.uniform(0.12, 0.95)
    colour = np.clip(tone + rng.normal(0, rng.choice([0.02, 0.1, 0.2]), 3), 0.05, 0.97)
    other = np.clip(rng.uniform(0.05, 0.95) + rng.normal(0, 0.2, 3), 0.03, 0.97)
    cloth = sheet(height, width, colour)
    step = max(int(height * rng.uniform(0.04, 0.12)), 3)
    kind = rng.choice(
        ["plain", "stripes", "columns", "checks", "flowers", "picture"], p=[0.6, 0.1, 0.05, 0.08, 0.1, 0.07]
    )
    if kind in ("stripes", "checks"):
        for y in range(0, height, 2 * step):
            cloth[y : y + step, :, :3] = other if kind == "stripes" else (colour + other) / 2
    if kind in ("columns", "checks"):
        for x in range(0, width, 2 * step):
            cloth[:, x : x + step, :3] = 0.5 * cloth[:, x : x + step, :3] + 0.5 * other
    if kind == "flowers":
        for _ in range(int(height * width / (step * step * 8)) + 3):
            middle = (int(rng.integers(0, width)), int(rng.integers(0, height)))
            paint = np.clip(other + rng.normal(0, 0.15, 3), 0, 1)
            cv2.circle(cloth, middle, int(rng.integers(step // 3 + 1, step + 1)), (*(float(v) for v in paint), 1.0), -1)
    if kind == "picture":
        middle = (width // 2, int(height * 0.35))
        cv2.ellipse(cloth, middle, (width // 6, height // 9), 0, 0, 360, (*(float(v) for v in other), 1.0), -1)
    return cloth

"""Heaps of rubble, soil and sand."""

import cv2
import numpy as np

from labels.synthesis.cutout import Cutout
from labels.synthesis.things.mesh import Group, Points, drawn, some_look
from labels.synthesis.things.noise import Field, fractal
from labels.synthesis.things.painting import Colour, Layer, finished, lit, over
from labels.synthesis.things.solids import box, tube

EARTHS: dict[str, tuple[Colour, ...]] = {
    "sand": ((0.74, 0.62, 0.43), (0.66, 0.56, 0.42), (0.78, 0.7, 0.55)),
    "soil": ((0.4, 0.29, 0.2), (0.5, 0.34, 0.22), (0.3, 0.24, 0.19), (0.55, 0.4, 0.26)),
    "rubble": ((0.58, 0.56, 0.53), (0.66, 0.62, 0.57), (0.55, 0.48, 0.43)),
}
FRAGMENTS: tuple[Colour, ...] = (
    (0.62, 0.6, 0.57),
    (0.55, 0.26, 0.18),
    (0.75, 0.73, 0.7),
    (0.45, 0.44, 0.43),
    (0.85, 0.84, 0.8),
    (0.6, 0.36, 0.26),
)


def construction_waste(rng: np.random.Generator) -> Cutout:
    """A heap of 1.2 to 6 m, 0.4 to 1.8 m high."""
    kind = str(rng.choice(["sand", "soil", "rubble"], p=[0.25, 0.3, 0.45]))
    width_m = float(rng.uniform(1.2, 6.0))
    height_m = width_m * float(rng.uniform(0.18, 0.38))
    px_per_m = 320 / width_m
    heap, surface = _heap(rng, kind, height_m * px_per_m)
    pieces = int(rng.integers(40, 130)) if kind == "rubble" else int(rng.integers(0, 25))
    _scatter(rng, heap, surface, pieces, px_per_m, min(0.45, 0.13 * width_m))
    return finished(heap, rng, "construction_waste", f"heap of {kind}", px_per_m, "ground")


def _heap(rng: np.random.Generator, kind: str, height: float) -> tuple[Layer, Field]:
    """The picture of a heap seen from a little above, and for each pixel how far back its ground lies (0 to 1).

    A height field is seen as its nearest points leave it to be seen: the running maximum, from front to back, of where
    each point comes to lie in the picture.
    """
    deep, wide = 110, 340
    ys, xs = np.mgrid[-1 : 1 : deep * 1j, -1 : 1 : wide * 1j].astype(np.float32)
    heights: Field = np.zeros((deep, wide), np.float32)
    for _ in range(int(rng.integers(1, 4))):  # several loads tipped beside each other
        x, y, size = rng.uniform(-0.4, 0.4), rng.uniform(-0.2, 0.2), rng.uniform(0.5, 0.75)
        edge = 1 + 0.3 * fractal(rng, deep, wide, 90, 3)
        far = np.sqrt(((xs - x) / (size * edge)) ** 2 + ((ys - y) / (0.9 * edge)) ** 2)
        heights = np.maximum(heights, np.clip(1 - far, 0, None) ** rng.uniform(0.7, 1.0) * rng.uniform(0.6, 1))
    rough = {"sand": 0.05, "soil": 0.16, "rubble": 0.28}[kind]
    lumps = fractal(rng, deep, wide, 50, 5, 0.5 if kind == "sand" else 0.65)
    heights = np.clip(heights + rough * lumps * np.sqrt(heights), 0, None)
    heights *= np.clip(6 * (1 - np.abs(ys)), 0, 1) * np.clip(
        10 * (1 - np.abs(xs)), 0, 1
    )  # it ends before its field does
    lean = float(rng.uniform(0.12, 0.4))  # how much of the depth is seen: the sine of the camera's angle
    up = heights * height + np.linspace(0, 1, deep, dtype=np.float32)[:, None] * wide * 0.5 * lean
    right = np.gradient(heights * 60, axis=1)
    back = np.gradient(heights * 60, axis=0)
    sun = rng.uniform(-1, 1)
    light = np.clip(0.85 + 0.5 * (sun * right - 0.4 * back) / np.sqrt(1 + right**2 + back**2), 0.3, 1.35)
    light *= np.clip(0.8 + 0.35 * (heights - cv2.blur(heights, (9, 5))) / max(rough * 0.25, 0.02), 0.55, 1.2)
    base = np.asarray(EARTHS[kind][rng.integers(len(EARTHS[kind]))], np.float32)
    tint = 1 + 0.07 * fractal(rng, deep, wide, 80, 4)[..., None] * rng.uniform(-1, 1, 3).astype(np.float32)
    paint = np.clip(base * tint * light[..., None], 0, 1)
    rows = int(up.max()) + 4
    visible = np.maximum.accumulate(up, axis=0)
    layer = np.zeros((rows, wide, 4), np.float32)
    surface = np.zeros((rows, wide), np.float32)
    lines = np.arange(rows)
    for x in range(wide):
        hit = np.searchsorted(visible[:, x], lines)
        bare = heights[np.minimum(hit, deep - 1), x] < 0.015
        shown = (hit < deep) & ~bare
        hit = np.minimum(hit, deep - 1)
        layer[rows - 1 - lines[shown], x, :3] = paint[hit[shown], x]
        layer[rows - 1 - lines[shown], x, 3] = 1
        surface[rows - 1 - lines, x] = hit / deep
    grain = fractal(rng, rows, wide, 6, 3, 0.8) + rng.normal(0, 0.5, (rows, wide)).astype(np.float32)
    lit(layer, 1 + np.float32({"sand": 0.1, "soil": 0.25, "rubble": 0.4}[kind]) * grain)
    layer[..., 3] = cv2.GaussianBlur(layer[..., 3], (0, 0), 0.7) * (layer[..., 3] > 0)
    return layer, surface


def _scatter(
    rng: np.random.Generator, heap: Layer, surface: Field, count: int, px_per_m: float, largest: float
) -> None:
    """Broken bricks, slabs, plaster and a few sticks, lying on the heap and at its foot; the farthest first."""
    places = np.argwhere(heap[..., 3] > 0.5)
    if count == 0 or len(places) == 0:
        return
    stones = [_fragment(rng) for _ in range(7)]
    dots = places[rng.integers(0, len(places), count)]
    for y, x in dots[np.argsort(-surface[dots[:, 0], dots[:, 1]])]:
        stone = stones[rng.integers(len(stones))]
        size = max(float(np.clip(rng.lognormal(-2.2, 0.6), 0.04, largest)) * px_per_m, 3)
        scale = size / max(stone.shape[:2])
        high, wide = (max(round(side * scale), 1) for side in stone.shape[:2])
        small = np.asarray(cv2.resize(stone, (wide, high), interpolation=cv2.INTER_AREA), np.float32)
        if rng.random() < 0.5:
            small = small[:, ::-1]
        left, top = int(x) - wide // 2, int(y) - high // 2
        over(heap, small * np.array([0, 0, 0, 0.5], np.float32), left + 1, top + 2)  # its shadow
        tone = float(rng.uniform(0.75, 1.15))
        over(heap, small * np.array([tone, tone, tone, 1], np.float32), left, top)


def _fragment(rng: np.random.Generator) -> Layer:
    """A broken piece of brick, concrete or tile, or a stick."""
    colour = np.asarray(FRAGMENTS[rng.integers(len(FRAGMENTS))]) * rng.uniform(0.85, 1.1)
    groups: list[Group]
    if rng.random() < 0.12:
        groups = [tube((-0.5, 0, 0.02), (0.5, rng.normal(0, 0.3), rng.uniform(0, 0.5)), 0.03, (0.5, 0.38, 0.25), 5)]
    else:
        body = box((0, 0, 0), (1, rng.uniform(0.4, 1), rng.uniform(0.15, 0.7)), colour, float(rng.uniform(0, 3)))
        corners: dict[tuple[float, ...], Points] = {}
        for face in body:  # knocked about: each corner moves the same way in all three faces that share it
            for i, point in enumerate(face.points):
                key = tuple(np.round(point, 3))
                corners.setdefault(key, rng.normal(0, 0.1, 3).astype(np.float32))
                face.points[i] = point + corners[key]
        groups = [body]
    return drawn(groups, some_look(rng, 3.0, 0.2, 0.6), rng, 56)[0]

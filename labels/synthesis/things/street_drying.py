"""Laundry along the street: clothes on a line, on hangers, over a rail; bedding in the sun."""

import cv2
import numpy as np

from labels.synthesis.cutout import Cutout
from labels.synthesis.things.garments import bedding, garment
from labels.synthesis.things.noise import Field
from labels.synthesis.things.painting import Layer, blank, finished, lit, over, seen_askew

KEY = "street_drying"


def street_drying(rng: np.random.Generator) -> Cutout:
    """Two to nine pieces, 1.2 to 5 m wide."""
    px_per_m = float(rng.uniform(75, 110))
    if rng.random() < 0.25:
        return finished(
            seen_askew(_over_a_rail(rng, px_per_m), rng), rng, KEY, "bedding over a rail", px_per_m, "ground"
        )
    return finished(seen_askew(_on_a_line(rng, px_per_m), rng), rng, KEY, "clothes on a line", px_per_m, "between")


def _on_a_line(rng: np.random.Generator, px_per_m: float) -> Layer:
    """Pieces side by side, here and there over each other; on hangers or pinned to the line."""
    count = int(rng.integers(2, 10))
    pieces = [bedding(rng, px_per_m) if rng.random() < 0.12 else garment(rng, px_per_m) for _ in range(count)]
    crowded = rng.uniform(0.5, 1.25)
    lefts, x = [], 10.0
    for piece in pieces:
        lefts.append(int(x))
        x += max(piece.shape[1] * crowded * rng.uniform(0.85, 1.2), 6)
    width = int(max(left + piece.shape[1] for left, piece in zip(lefts, pieces, strict=True))) + 12
    hook = int(0.14 * px_per_m)
    sag = rng.uniform(0.0, 0.05) * width
    height = max(piece.shape[0] for piece in pieces) + int(sag) + hook + 12
    layer = blank(height, width)
    tone = float(rng.choice([0.15, 0.3, 0.75]))
    line = (tone, tone, tone, 1.0)

    def drop(at: float) -> int:
        part = at / width
        return int(4 + sag * 4 * part * (1 - part))

    points = np.array([(at, drop(at)) for at in range(0, width, 6)], np.int32)
    cv2.polylines(layer, [points], False, line, int(rng.integers(1, 4)), cv2.LINE_AA)
    hangers = rng.random() < 0.6
    for left, piece in zip(lefts, pieces, strict=True):
        middle = left + piece.shape[1] // 2
        top = drop(middle) + (hook // 2 if hangers else -2)
        if hangers:
            cv2.line(layer, (middle, drop(middle) - 2), (middle, top + 3), line, 1, cv2.LINE_AA)
        else:  # pins
            for at in (left + 3, left + piece.shape[1] - 4):
                cv2.line(
                    layer,
                    (at, drop(at) - 3),
                    (at, drop(at) + 3),
                    (*(float(v) for v in rng.uniform(0.2, 0.9, 3)), 1.0),
                    2,
                )
        over(layer, _shadow(piece), left + 3, top + 2)
        over(layer, piece, left, top)
    return layer


def _shadow(piece: Layer) -> Layer:
    """What a piece takes of the light of the one behind it."""
    shade = blank(*piece.shape[:2])
    shade[..., 3] = 0.35 * cv2.GaussianBlur(piece[..., 3], (0, 0), 2)
    shade[..., 3] *= cv2.erode(piece[..., 3], np.ones((5, 5)))  # inside only: nothing is darkened where nothing hangs
    return shade


def _over_a_rail(rng: np.random.Generator, px_per_m: float) -> Layer:
    """Quilts, sheets and clothes laid over a railing, which shows between them."""
    width, height = int(rng.uniform(1.6, 4.0) * px_per_m), int(1.25 * px_per_m)
    layer = blank(height, width)
    metal = rng.choice([0.2, 0.45, 0.8])
    paint = (*(float(np.clip(metal + v, 0, 1)) for v in rng.normal(0, 0.05, 3)), 1.0)
    top, foot = int(0.1 * px_per_m), height - 4
    bar = max(int(0.04 * px_per_m), 2)
    for y in (top, foot - int(0.12 * px_per_m)):
        cv2.line(layer, (2, y), (width - 3, y), paint, bar)
    for x in range(4, width - 2, int(rng.uniform(0.1, 0.16) * px_per_m)):
        cv2.line(layer, (x, top), (x, foot - int(0.1 * px_per_m)), paint, max(bar // 2, 1))
    for x in np.linspace(3, width - 4, max(int(width / px_per_m / 1.5), 2)):
        cv2.line(layer, (int(x), top - 3), (int(x), foot), paint, bar + 2)
    left = rng.uniform(0, 0.2) * width
    while left < width * 0.85:
        piece = bedding(rng, px_per_m) if rng.random() < 0.55 else garment(rng, px_per_m)
        piece = piece[: height - top]
        rounded: Field = np.ones(piece.shape[:2], np.float32)
        rounded[: bar * 2] = np.linspace(1.25, 1, len(rounded[: bar * 2]), dtype=np.float32)[:, None]
        lit(piece, rounded)
        over(layer, piece, int(left), top - bar)
        left += piece.shape[1] * rng.uniform(0.7, 1.3)
    return layer

"""Single bags piled to a heap: one heap is one violation, so it is one cut-out with one box."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.synthesis.cutout import Cutout

CANVAS_PX = 320
BAG_M = 0.55


def heap(bags: Sequence[Cutout], rng: np.random.Generator) -> Cutout:
    """One to six bags, taken at random, side by side and on each other; the lower ones in front."""
    count = int(rng.choice([1, 2, 3, 4, 6], p=[0.3, 0.25, 0.2, 0.15, 0.1]))
    bag_px = CANVAS_PX / (1.0 + 0.45 * (count - 1))
    canvas = np.zeros((CANVAS_PX, 2 * CANVAS_PX, 4), np.float32)
    origins = []
    for x, y in sorted(_places(count, rng), key=lambda place: place[1]):
        bag = bags[int(rng.integers(len(bags)))]
        origins.append(bag.origin)
        high = bag_px * rng.uniform(0.8, 1.1)
        wide = min(high * bag.rgba.shape[1] / bag.rgba.shape[0], 1.5 * high)
        piece = bag.rgba[:, ::-1] if rng.random() < 0.5 else bag.rgba
        scaled = cv2.resize(piece, (max(int(wide), 2), max(int(high), 2)), interpolation=cv2.INTER_AREA)
        left = int(CANVAS_PX + x * bag_px - wide / 2)
        top = int(CANVAS_PX - 1 + y * bag_px - high)
        _over(canvas, scaled, left, top)
    ys, xs = np.flatnonzero(canvas[..., 3].max(axis=1) > 12), np.flatnonzero(canvas[..., 3].max(axis=0) > 12)
    rgba = canvas[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1].astype(np.uint8)
    return Cutout(rgba, "exposed_garbage", BAG_M * len(rgba) / bag_px, "+".join(dict.fromkeys(origins)))


def _places(count: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Middle and lower edge of each bag, in bags, from the middle of the heap's front: up is farther or higher."""
    return [((i - (count - 1) / 2) * 0.55 + rng.uniform(-0.15, 0.15), -rng.uniform(0.0, 0.35)) for i in range(count)]


def _over(canvas: NDArray[Any], piece: NDArray[Any], left: int, top: int) -> None:
    y1, x1 = max(top, 0), max(left, 0)
    y2, x2 = min(top + piece.shape[0], canvas.shape[0]), min(left + piece.shape[1], canvas.shape[1])
    if y2 <= y1 or x2 <= x1:
        return
    new = piece[y1 - top : y2 - top, x1 - left : x2 - left].astype(np.float32)
    alpha = new[..., 3:] / 255
    below = canvas[y1:y2, x1:x2]
    below[..., :3] = below[..., :3] * (1 - alpha) + new[..., :3] * alpha
    below[..., 3:] = np.maximum(below[..., 3:], new[..., 3:])

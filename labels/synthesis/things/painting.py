"""Layers of paint: ``(H, W, 4)`` float32, RGB and opacity in [0, 1], not premultiplied."""

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.synthesis.cutout import Cutout, Where
from labels.synthesis.things.noise import Field, fractal

Layer = NDArray[np.float32]
Colour = Sequence[float] | NDArray[np.floating[Any]]
"""Red, green, blue in [0, 1]."""

CLEAR = 0.04
"""Opacity below which nothing is to be seen."""


def blank(height: int, width: int) -> Layer:
    return np.zeros((height, width, 4), np.float32)


def sheet(height: int, width: int, colour: Colour) -> Layer:
    """An opaque layer of one colour."""
    layer = np.ones((height, width, 4), np.float32)
    layer[..., :3] = colour
    return layer


def over(below: Layer, above: Layer, x: int = 0, y: int = 0) -> None:
    """Paints ``above`` on ``below`` with its corner at ``x, y``; what reaches out is cut off."""
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + above.shape[0], below.shape[0]), min(x + above.shape[1], below.shape[1])
    if bottom <= top or right <= left:
        return
    paint = above[top - y : bottom - y, left - x : right - x]
    ground = below[top:bottom, left:right]
    opacity = paint[..., 3:]
    rest = ground[..., 3:] * (1 - opacity)
    total = opacity + rest
    ground[..., :3] = (paint[..., :3] * opacity + ground[..., :3] * rest) / np.maximum(total, 1e-4)
    ground[..., 3:] = total


def ink(layer: Layer, mask: Field, colour: Colour, x: int, y: int) -> None:
    """Prints ``mask`` (opacity) in one colour at ``x, y``; the opacity of the layer itself stays."""
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + mask.shape[0], layer.shape[0]), min(x + mask.shape[1], layer.shape[1])
    if bottom <= top or right <= left:
        return
    part = mask[top - y : bottom - y, left - x : right - x, None]
    ground = layer[top:bottom, left:right, :3]
    ground += part * (np.asarray(colour, np.float32) - ground)


def lit(layer: Layer, light: Field) -> None:
    """Multiplies the colours by ``light``."""
    layer[..., :3] = np.clip(layer[..., :3] * light[..., None], 0, 1)


def warped(layer: Layer, corners: NDArray[np.float32], height: int, width: int) -> Layer:
    """The layer in perspective: ``corners`` are where its own come to lie, from the top left clockwise."""
    h, w = layer.shape[:2]
    source = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    return _resampled(layer, lambda paint: cv2.warpPerspective(
        paint, cv2.getPerspectiveTransform(source, corners.astype(np.float32)), (width, height), flags=cv2.INTER_LINEAR
    ))  # fmt: skip


def displaced(layer: Layer, dx: Field, dy: Field) -> Layer:
    """The layer pulled about: the pixel at ``x, y`` shows what lay at ``x + dx, y + dy``. Outside it is clear."""
    height, width = dx.shape
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    return _resampled(layer, lambda paint: cv2.remap(paint, xs + dx, ys + dy, cv2.INTER_LINEAR))


def seen_askew(layer: Layer, rng: np.random.Generator, most: float = 0.18) -> Layer:
    """As a camera sees it that does not stand in front of it: one side shorter, the other one lower."""
    h, w = layer.shape[:2]
    squeeze, lower = rng.uniform(-most, most, 2)
    shrink = 1 - 0.8 * abs(squeeze)
    near, far = (0.0, abs(squeeze) * h / 2)
    left, right = (near, far) if squeeze > 0 else (far, near)
    drop = lower * w * 0.35
    ys = np.array([left, right + drop, h - right + drop, h - left], np.float32)
    ys -= ys.min()
    xs = np.array([0, w * shrink, w * shrink, 0], np.float32)
    corners = np.stack([xs, ys], 1)
    return warped(layer, corners, int(ys.max()) + 2, int(w * shrink) + 1)


def finished(layer: Layer, rng: np.random.Generator, key: str, name: str, px_per_m: float, where: Where) -> Cutout:
    """The layer in the light of some day, cut to what is to be seen.

    px_per_m: pixels of the layer to a metre of the thing. Raises ``ValueError`` where nothing is to be seen.
    """
    seen = np.argwhere(layer[..., 3] > CLEAR)
    if len(seen) == 0:
        raise ValueError(f"{name}: the drawing is empty")
    (top, left), (bottom, right) = seen.min(0), seen.max(0) + 1
    paint = layer[top:bottom, left:right].copy()
    height, width = paint.shape[:2]
    colour = paint[..., :3]
    grey = colour @ np.array([0.3, 0.59, 0.11], np.float32)
    colour += rng.uniform(0, 0.25) * (grey[..., None] - colour)  # dust and haze take colour away
    colour *= 1 + 0.06 * fractal(rng, height, width, max(height, width) / 2, 3)[..., None]
    colour *= rng.normal(1, 0.02, 3).astype(np.float32)
    colour += rng.normal(0, rng.uniform(0.005, 0.02), colour.shape).astype(np.float32)
    rgba = np.clip(paint * 255, 0, 255).astype(np.uint8)
    return Cutout(rgba, key, height / px_per_m, f"drawn: {name}", where)


def _resampled(layer: Layer, resample: Callable[[Layer], Any]) -> Layer:
    """Premultiplied while it is resampled, so that no colour of clear pixels bleeds in at the edges."""
    paint = layer.copy()
    paint[..., :3] *= paint[..., 3:]
    paint = np.asarray(resample(paint), np.float32)
    paint[..., :3] /= np.maximum(paint[..., 3:], 1e-3)
    return paint

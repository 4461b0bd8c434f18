"""Training samples: labelled pictures put onto a square, alone or several together, the same for the same number.

Sample i depends on the seed and i alone, whichever process makes it, so a run that was interrupted goes on with the
very samples it would have seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.datasets.records import Picture, Xyxy

GREY = 114
VISIBLE = 0.35
"""A box of which less is left in the sample is no example of its class: its place becomes unknown."""


@dataclass(frozen=True, slots=True)
class Taught:
    """What a sample says. boxes: ``(n, 4)`` xyxy pixels; cls: ``(n,)``; regions: ``(r, 4)`` xyxy pixels, and for each
    the classes of which nothing is known there, ``unknown`` ``(r, C)`` bool."""

    boxes: NDArray[np.float32]
    cls: NDArray[np.int64]
    regions: NDArray[np.float32]
    unknown: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Look:
    """How much samples vary. zoom: of a picture alone, times its fit; together: how many pictures a side, with shares;
    light: largest change of brightness, saturation and hue; stretch: of a picture's shape, as a logarithm. turned:
    share of the samples that are turned and tilted, as a camera high above sees a street; boxes do not survive that, so
    only a teacher says what they show."""

    zoom: tuple[float, float] = (0.35, 1.6)
    sides: tuple[tuple[int, float], ...] = ((1, 0.45), (2, 0.3), (3, 0.15), (4, 0.1))
    light: tuple[float, float, float] = (0.35, 0.4, 0.015)
    stretch: float = 0.12
    turned: float = 0.0


def taught(picture: Picture, keys: Sequence[str], unknown_boxes: Sequence[tuple[Xyxy, str]] = ()) -> Taught:
    """What one picture says, relative. unknown_boxes: places where one class is uncertain."""
    index = {key: i for i, key in enumerate(keys)}
    boxes = [box for box in picture.boxes if box.cls in index]
    regions: list[Xyxy] = [(0.0, 0.0, 1.0, 1.0)]
    unknown = [[key not in picture.labelled for key in keys]]
    for region in picture.ignore:
        regions.append(region)
        unknown.append([True] * len(keys))
    for region, key in (*picture.unknown, *unknown_boxes):
        regions.append(region)
        unknown.append([k == key for k in keys])
    return Taught(
        np.array([box.xyxy for box in boxes], np.float32).reshape(-1, 4),
        np.array([index[box.cls] for box in boxes], np.int64),
        np.array(regions, np.float32).reshape(-1, 4),
        np.array(unknown, bool).reshape(-1, len(keys)),
    )


@dataclass(frozen=True, slots=True)
class Example:
    """image: ``(H, W, 3)`` uint8 RGB. said: what it says, relative. weight: how often it is drawn, 1 is normal."""

    image: NDArray[np.uint8]
    said: Taught
    weight: float = 1.0


class Samples:
    """``samples[i]``: ``(size, size, 3)`` uint8 RGB and what it says.

    groups: examples, and the share of the samples each group gets.
    """

    def __init__(
        self,
        groups: Sequence[tuple[float, Sequence[Example]]],
        size: int,
        seed: int,
        look: Look | None = None,
    ):
        self.groups = [examples for _, examples in groups]
        self.weights = [_weights(examples) for examples in self.groups]
        shares = np.array([share for share, _ in groups], float)
        self.shares = shares / shares.sum()
        self.size = size
        self.seed = seed
        self.look = look or Look()

    def __getitem__(self, number: int) -> tuple[NDArray[np.uint8], Taught]:
        rng = np.random.default_rng((self.seed, number))
        sides, shares = zip(*self.look.sides, strict=True)
        side = int(rng.choice(sides, p=np.array(shares) / sum(shares)))
        if side == 1:
            image, said = self._alone(*self._draw(rng), rng)
        else:
            image, said = self._together(side, rng)
        if self.look.turned and rng.random() < self.look.turned:
            image, said = _turned(image, rng), _nothing_known(said, self.size)
        image = _lit(image, self.look.light, rng)
        if rng.random() < 0.15:
            image = _worn(image, rng)
        return image, said

    def _draw(self, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Taught]:
        number = int(rng.choice(len(self.groups), p=self.shares))
        group, weights = self.groups[number], self.weights[number]
        drawn = group[int(rng.integers(len(group)) if weights is None else rng.choice(len(group), p=weights))]
        return drawn.image, drawn.said

    def _alone(
        self, picture: NDArray[np.uint8], said: Taught, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], Taught]:
        low, high = self.look.zoom
        zoom = float(np.exp(rng.uniform(np.log(low), np.log(high)))) if rng.random() < 0.6 else 1.0
        scale = self.size / max(picture.shape[:2]) * zoom
        return self._placed(picture, said, (self.size, self.size), scale, rng)

    def _together(self, side: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Taught]:
        image = np.full((self.size, self.size, 3), GREY, np.uint8)
        xs, ys = (self._cuts(side, rng) for _ in range(2))
        parts = []
        for left, right in pairwise(xs):
            for top, bottom in pairwise(ys):
                picture, said = self._draw(rng)
                fit = max((right - left) / picture.shape[1], (bottom - top) / picture.shape[0])
                scale = fit * float(np.exp(rng.uniform(np.log(0.8), np.log(1.3))))
                cell, part = self._placed(picture, said, (right - left, bottom - top), scale, rng)
                image[top:bottom, left:right] = cell
                parts.append(_moved(part, left, top))
        return image, Taught(*(np.concatenate([getattr(p, name) for p in parts]) for name in Taught.__slots__))

    def _cuts(self, side: int, rng: np.random.Generator) -> list[int]:
        widths = rng.uniform(0.7, 1.3, side)
        inner = np.cumsum(widths / widths.sum() * self.size)[:-1]
        return [0, *(round(x) for x in inner), self.size]

    def _placed(
        self,
        picture: NDArray[np.uint8],
        said: Taught,
        window: tuple[int, int],
        scale: float,
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.uint8], Taught]:
        """A window, width and height, over the scaled picture; what the picture does not reach is grey."""
        stretch = float(np.exp(rng.uniform(-self.look.stretch, self.look.stretch)))
        width, height = (
            max(1, round(picture.shape[1] * scale * stretch)),
            max(1, round(picture.shape[0] * scale / stretch)),
        )
        x, y = (int(rng.integers(min(0, room), max(0, room) + 1)) for room in (window[0] - width, window[1] - height))
        # Only the part that shows is scaled: at high zoom most of the picture is outside.
        sx, sy = picture.shape[1] / width, picture.shape[0] / height
        left, top = max(0, int(-x * sx)), max(0, int(-y * sy))
        right = min(picture.shape[1], int(np.ceil((window[0] - x) * sx)))
        bottom = min(picture.shape[0], int(np.ceil((window[1] - y) * sy)))
        shown: Any = picture[top:bottom, left:right]
        at = (max(0, x), max(0, y))
        to = (min(window[0], x + width) - at[0], min(window[1], y + height) - at[1])
        shrinks = to[0] < shown.shape[1]
        shown = cv2.resize(shown, to, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        flipped = rng.random() < 0.5
        image = np.full((window[1], window[0], 3), GREY, np.uint8)
        image[at[1] : at[1] + to[1], at[0] : at[0] + to[0]] = shown
        if flipped:
            image = image[:, ::-1]
        return image, _fitted(said, x, y, width, height, window, flipped)


def _weights(examples: Sequence[Example]) -> NDArray[np.float64] | None:
    """How likely each is drawn; None where all are alike, which is far quicker to draw from."""
    weights = np.array([example.weight for example in examples], float)
    return None if (weights == weights[0]).all() else weights / weights.sum()


def _fitted(said: Taught, x: int, y: int, width: int, height: int, window: tuple[int, int], flipped: bool) -> Taught:
    scale, shift = np.array([width, height] * 2, np.float32), np.array([x, y] * 2, np.float32)
    boxes, regions = said.boxes * scale + shift, said.regions * scale + shift
    if flipped:
        boxes, regions = (
            np.stack([window[0] - b[:, 2], b[:, 1], window[0] - b[:, 0], b[:, 3]], 1) for b in (boxes, regions)
        )
    limit = np.array([*window] * 2, np.float32)
    cut, regions = boxes.clip(0, limit), regions.clip(0, limit)
    sides = cut[:, 2:] - cut[:, :2]
    left = sides.prod(1) / (boxes[:, 2:] - boxes[:, :2]).prod(1).clip(1e-6)
    seen = (sides > 3).all(1)
    good = seen & (left >= VISIBLE)
    partly = (sides > 0).all(1) & ~good
    classes = said.unknown.shape[1]
    return Taught(
        cut[good],
        said.cls[good],
        np.concatenate([regions, cut[partly]]),
        np.concatenate([said.unknown, np.eye(classes, dtype=bool)[said.cls[partly]]]),
    )


def _moved(said: Taught, x: int, y: int) -> Taught:
    shift = np.array([x, y] * 2, np.float32)
    return Taught(said.boxes + shift, said.cls, said.regions + shift, said.unknown)


def _turned(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Seen from elsewhere: turned by up to 45 degrees, flattened to as little as half, and leaning to one side."""
    side = len(image)
    angle = np.deg2rad(rng.uniform(-45, 45))
    centred = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float) * side / 2
    turned = centred @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned = turned * (1, rng.uniform(0.5, 1.0)) * rng.uniform(0.8, 1.3)
    turned *= 1 + rng.uniform(-0.25, 0.25) * np.sign(centred[:, 1:])  # what is farther away is smaller
    corners, moved = ((points + side / 2).astype(np.float32) for points in (centred, turned))
    matrix = cv2.getPerspectiveTransform(corners, moved)
    warped: Any = cv2.warpPerspective(image, matrix, (side, side), flags=cv2.INTER_LINEAR, borderValue=(GREY,) * 3)
    return np.asarray(warped, np.uint8)


def _nothing_known(said: Taught, size: int) -> Taught:
    everywhere, every = np.array([[0, 0, size, size]], np.float32), np.ones((1, said.unknown.shape[1]), bool)
    return Taught(said.boxes[:0], said.cls[:0], everywhere, every)


def _lit(image: NDArray[np.uint8], most: tuple[float, float, float], rng: np.random.Generator) -> NDArray[np.uint8]:
    value, saturation, hue = (float(rng.uniform(-m, m)) for m in most)
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    steps = np.arange(256, dtype=np.float32)
    tables = ((steps + hue * 180) % 180, steps * (1 + saturation), 255 * (steps / 255) ** np.exp(-value))
    planes = [
        cv2.LUT(plane, table.clip(0, 255).astype(np.uint8)) for plane, table in zip(cv2.split(hsv), tables, strict=True)
    ]
    lit: NDArray[np.uint8] = cv2.cvtColor(cv2.merge(planes), cv2.COLOR_HSV2RGB)  # type: ignore[assignment]
    return lit


def _worn(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """As a street camera would send it: soft, compressed, or grey at night."""
    worn: Any = image
    kind = rng.integers(3)
    if kind == 0:
        worn = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.5, 1.5)))
    elif kind == 1:
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 60))])
        worn = cv2.imdecode(data, cv2.IMREAD_COLOR)
    else:
        worn = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.ascontiguousarray(worn, np.uint8)

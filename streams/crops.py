"""The model's input, cut from a decoded picture: the whole picture, and tiles of it where a camera asks for them."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from streams.frame import Picture, Region
from streams.upright import scaled, upright_size

PADDING = 114
"""Grey value beside a letterboxed picture, the value that YOLO models are trained with."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """A grid laid over the picture; neighbouring tiles share ``overlap`` of their side, in [0, 0.5]."""

    columns: int
    rows: int
    overlap: float = 0.2


@dataclass(frozen=True, slots=True)
class InputShape:
    """What a model takes: sizes (width, height) in pixels, of which the best for a picture is used, and how it fits."""

    sizes: tuple[tuple[int, int], ...]
    stretch: bool = False

    def best(self, picture: tuple[int, int]) -> tuple[int, int]:
        """The size in which most of the picture's detail is kept."""
        if self.stretch:
            return self.sizes[0]
        return max(self.sizes, key=lambda s: (min(s[0] / picture[0], s[1] / picture[1]), -s[0] * s[1]))


class Cropper:
    """Makes crops of one camera's pictures. Keeps its scaler, so use one per camera and thread."""

    def __init__(self, shape: InputShape, tiles: Tiles | None = None):
        self.shape = shape
        self.tiles = tiles
        self._reformatter = VideoReformatter()

    def crops(self, frame: VideoFrame, pixel_aspect: Fraction) -> tuple[tuple[Picture, ...], tuple[Region, ...]]:
        """The crops of one picture, each of the same size, and where they lie; the whole picture comes first."""
        size = upright_size(frame, pixel_aspect)
        target = self.shape.best(size)
        whole, region = self._fit(frame, size, target)
        if self.tiles is None:
            return (whole,), (region,)
        cuts = self._cut(frame, size, target, self.tiles)
        return (whole, *(c for c, _ in cuts)), (region, *(r for _, r in cuts))

    def _fit(self, frame: VideoFrame, size: tuple[int, int], target: tuple[int, int]) -> tuple[Picture, Region]:
        width, height = target
        if not self.shape.stretch:
            scale = min(width / size[0], height / size[1])
            width, height = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
        picture = scaled(frame, (width, height), self._reformatter)
        if (width, height) == target:
            return picture, Region(1 / width, 1 / height, 0.0, 0.0)
        left, top = (target[0] - width) // 2, (target[1] - height) // 2
        canvas = np.full((target[1], target[0], 3), PADDING, np.uint8)
        canvas[top : top + height, left : left + width] = picture
        return canvas, Region(1 / width, 1 / height, -left / width, -top / height)

    def _cut(
        self, frame: VideoFrame, size: tuple[int, int], target: tuple[int, int], tiles: Tiles
    ) -> list[tuple[Picture, Region]]:
        """The picture scaled once so that each tile is a slice of exactly the model's size, and all of it is covered.

        Where the grid has another shape than the picture, tiles overlap more, or hold padding.
        """
        span_x = target[0] * (tiles.columns - (tiles.columns - 1) * tiles.overlap)
        span_y = target[1] * (tiles.rows - (tiles.rows - 1) * tiles.overlap)
        scale = min(span_x / size[0], span_y / size[1])
        width, height = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
        picture = scaled(frame, (width, height), self._reformatter)
        missing = max(0, target[1] - height), max(0, target[0] - width)
        if any(missing):
            picture = np.pad(picture, ((0, missing[0]), (0, missing[1]), (0, 0)), constant_values=PADDING)
        lefts = np.linspace(0, max(0, width - target[0]), tiles.columns).round().astype(int)
        tops = np.linspace(0, max(0, height - target[1]), tiles.rows).round().astype(int)
        return [
            (
                np.ascontiguousarray(picture[y : y + target[1], x : x + target[0]]),
                Region(1 / width, 1 / height, x / width, y / height),
            )
            for y in tops.tolist()
            for x in lefts.tolist()
        ]

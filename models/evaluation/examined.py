"""Labelled pictures, and what a model found in each of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.datasets.records import Box, LabelsError, Picture, Xyxy
from streams.frame import Picture as Rgb

Boxes = NDArray[np.float64]
"""``(n, 4)`` xyxy in pixels of the picture."""

DetectPicture = Callable[[Rgb], NDArray[np.floating]]
"""Takes ``(H, W, 3)`` RGB; returns ``(n, 6)`` rows ``x1, y1, x2, y2, score, class`` in pixels of that picture."""


@dataclass(frozen=True, slots=True)
class Found:
    """The boxes that a model found in one picture, best first.

    xyxy: ``(n, 4)`` in pixels of the picture. score: ``(n,)``. keys: ``(n,)`` the class of each.
    """

    xyxy: Boxes
    score: NDArray[np.float64]
    keys: NDArray[np.str_]

    def of(self, key: str, threshold: float = 0.0) -> "Found":
        """Those of one class that reach a score."""
        chosen = (self.keys == key) & (self.score >= threshold)
        return Found(self.xyxy[chosen], self.score[chosen], self.keys[chosen])

    def __len__(self) -> int:
        return len(self.score)


@dataclass(frozen=True, slots=True)
class Examined:
    """One labelled picture and what was found in it. ``size``: its width and height in pixels."""

    picture: Picture
    size: tuple[int, int]
    found: Found

    def truth(self, key: str) -> Boxes:
        """The labelled boxes of one class, in pixels."""
        return self.pixels([box.xyxy for box in self.picture.boxes if box.cls == key])

    def ignore(self, key: str) -> Boxes:
        """The regions of which nothing is known about one class, in pixels."""
        of_key = [region for region, unknown in self.picture.unknown if unknown == key]
        return self.pixels([*self.picture.ignore, *of_key])

    def look_alikes(self) -> tuple[Boxes, tuple[Box, ...]]:
        """Boxes of what only looks like one of our classes, in pixels, and their labels."""
        return self.pixels([box.xyxy for box in self.picture.look_alikes]), self.picture.look_alikes

    def pixels(self, relative: Sequence[Xyxy]) -> Boxes:
        return np.array(relative, np.float64).reshape(-1, 4) * np.array([*self.size, *self.size], np.float64)


def examine(pictures: Iterable[Picture], detect: DetectPicture, keys: Sequence[str]) -> Iterator[Examined]:
    """Show each picture to the model once. ``keys``: the model's classes by index.

    A labelled box of weight 0 only marks what is unknown: it becomes an ignored region. Raises ``LabelsError`` for a
    picture that cannot be read.
    """
    for picture in pictures:
        rgb = read_picture(picture.path)
        yield Examined(_without_unknown(picture), (rgb.shape[1], rgb.shape[0]), as_found(detect(rgb), keys))


def _without_unknown(picture: Picture) -> Picture:
    unknown = tuple(box.xyxy for box in picture.boxes if box.weight == 0)
    known = tuple(box for box in picture.boxes if box.weight > 0)
    return replace(picture, boxes=known, ignore=(*picture.ignore, *unknown))


def as_found(rows: NDArray[np.floating], keys: Sequence[str]) -> Found:
    """What ``(n, 6)`` rows say, best first; equal scores keep their order."""
    rows = np.asarray(rows, np.float64).reshape(-1, 6)
    rows = rows[np.argsort(-rows[:, 4], kind="stable")]
    return Found(rows[:, :4], rows[:, 4], np.array(keys)[rows[:, 5].astype(int)])


def read_picture(path: Path) -> Rgb:
    """``(H, W, 3)`` RGB, upright. Raises ``LabelsError`` where it cannot be read."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise LabelsError(f"{path}: it cannot be read as a picture")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)

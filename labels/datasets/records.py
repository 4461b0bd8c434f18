"""Labelled pictures as plain frozen records, whatever format they were read from."""

from dataclasses import dataclass, field, replace
from pathlib import Path

Xyxy = tuple[float, float, float, float]
"""Left, top, right, bottom, relative to the picture, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Box:
    """One labelled thing.

    cls: the class by the name its set gives it; one of our keys once the set was mapped.
    outline: its polygon, relative ``(x, y)`` pairs, where the set has one.
    weight: how much it counts in training, 1 is normal (0 for a box that only marks what is unknown).
    """

    cls: str
    xyxy: Xyxy
    outline: tuple[tuple[float, float], ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Picture:
    """One labelled picture.

    size: width and height in pixels, upright. scene: pictures of one place share it; they are never split apart.
    ignore: regions of which nothing is known: they neither teach nor count.
    look_alikes: boxes of things that look like the key in ``cls`` and are not.
    labelled: our keys whose every instance in this picture has a box (or lies where it is unknown); of any other key
    the picture says nothing. Empty before the set was mapped.
    weight: how often it is drawn in training, 1 is normal.
    unknown: regions of which nothing is known of one key, with that key.
    """

    path: Path
    size: tuple[int, int]
    boxes: tuple[Box, ...]
    scene: str = ""
    ignore: tuple[Xyxy, ...] = ()
    look_alikes: tuple[Box, ...] = ()
    labelled: frozenset[str] = frozenset()
    weight: float = 1.0
    unknown: tuple[tuple[Xyxy, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Labelled pictures of one origin.

    licence: as its publisher states it; None: none was stated, so the set may only evaluate.
    """

    name: str
    classes: tuple[str, ...]
    pictures: tuple[Picture, ...]
    licence: str | None = None
    notes: str = field(default="", compare=False)

    def with_pictures(self, pictures: tuple[Picture, ...]) -> "PictureSet":
        return replace(self, pictures=pictures)


class LabelsError(ValueError):
    """Labels that cannot be used. The message names the file, the line, the value and what is allowed."""

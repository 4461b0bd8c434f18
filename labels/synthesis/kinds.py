"""The kinds of scenes that can be asked for, and the recipe of each."""

from enum import StrEnum
from pathlib import Path

import numpy as np

from labels.datasets.records import LabelsError
from labels.synthesis.build import Compose, Recipe
from labels.synthesis.camera_scale import FULL_HD, camera_scale
from labels.synthesis.scene import Scene
from labels.synthesis.things_scene import things_scene

TRAINING_WIDTHS = (640, 800, 960, 1152)
"""The backgrounds are 600 to 1150 pixels wide; more would be enlargement, and training scales to less anyway."""

STOCK = 2**32
"""Added to the seed for what is cut out beforehand, so that it shares no random numbers with a picture."""


class Kind(StrEnum):
    CAMERA_SCALE = "camera-scale"
    THINGS = "things"
    MIXED = "mixed"


class Part(StrEnum):
    TRAIN = "train"
    TEST = "test"


def recipe(kind: Kind, part: Part, data: Path, count: int, seed: int) -> Recipe:
    """What ``synthesise`` needs to write ``count`` pictures from the sets under ``data``.

    Cut-outs are taken once, as many as the pictures can use. Raises ``LabelsError`` for a set that is missing and for
    drawn things to test on: they would only show how well a model knows the drawings.
    """
    if part is Part.TEST and kind is not Kind.CAMERA_SCALE:
        raise LabelsError(
            f"--part test: only for --kind {Kind.CAMERA_SCALE}; drawn things prove nothing about real ones"
        )
    widths = (FULL_HD,) if part is Part.TEST else TRAINING_WIDTHS
    return Recipe(kind, part, count, _compose(kind, part, data, count, seed), widths)


def _compose(kind: Kind, part: Part, data: Path, count: int, seed: int) -> Compose:
    if kind is Kind.CAMERA_SCALE:
        return camera_scale(data, part, min(count, 600), np.random.default_rng(STOCK + seed)).compose
    things = things_scene(data).compose
    if kind is Kind.THINGS:
        return things
    small = _compose(Kind.CAMERA_SCALE, part, data, count, seed)

    def mixed(index: int, width: int, rng: np.random.Generator) -> tuple[Scene, str]:
        return (small, things)[index % 2](index // 2, width, rng)

    return mixed

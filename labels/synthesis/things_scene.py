"""Scenes of the types that no labelled pictures show: drawn things set where such things are found.

Heights are metres over the ground at the thing's place; a metre there is as many pixels as the ground's perspective
says (``backgrounds.Ground``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from labels.synthesis.backgrounds import Background, Ground, training_backgrounds, view
from labels.synthesis.cutout import Cutout
from labels.synthesis.scene import Placed, Scene, paste
from labels.synthesis.things.catalogue import THINGS
from labels.synthesis.things.painting import Layer, finished
from labels.synthesis.things.street_furniture import FURNITURE, cabinet, fence, pole

FACADES = "facade_signs_spb"
"""The set whose pictures are mostly wall: there things hang on it; elsewhere they need something to hang on."""

SIZES = (0.05, 0.6)
"""Longer side of a thing as a part of the picture's width, log-uniform: from far to near the camera."""

HUNG_M: dict[str, tuple[float, float]] = {
    "hanging_banner": (2.0, 4.5),
    "street_drying": (0.4, 1.6),
    "posted_bills": (0.4, 1.7),
}
"""How high the lower edge of what hangs is."""


@dataclass(frozen=True, slots=True)
class ThingsScene:
    """Composes scenes; the same index and generator state give the same scene."""

    backgrounds: Sequence[Background]

    def compose(self, index: int, width: int, rng: np.random.Generator) -> tuple[Scene, str]:
        """One to four things in a street, ``width`` pixels wide, and the name of its background. Raises ``OSError``.

        The types take turns as the first thing of a scene, so that a set has about as many of each.
        """
        background = self._background(rng)
        scene, ground = view(background, width, rng)
        keys = list(THINGS)
        wanted = [keys[index % len(keys)], *rng.choice(keys, int(rng.integers(0, 4)))]
        for _ in range(int(rng.choice([0, 0, 1, 1, 2]))):
            _stand_furniture(scene, ground, rng)
        for key in wanted:
            draw = THINGS[key][int(rng.integers(len(THINGS[key])))]
            thing = draw(rng)
            for _ in range(5):
                if _place(scene, ground, thing, background.street.name == FACADES, rng):
                    break
        return scene, background.name

    def _background(self, rng: np.random.Generator) -> Background:
        """First the set, by its share, then one of its pictures."""
        streets = list(dict.fromkeys(background.street for background in self.backgrounds))
        shares = np.array([street.share for street in streets])
        street = streets[int(rng.choice(len(streets), p=shares / shares.sum()))]
        own = [background for background in self.backgrounds if background.street is street]
        return own[int(rng.integers(len(own)))]


def things_scene(data: Path) -> ThingsScene:
    """Only training backgrounds: what is drawn teaches, it proves nothing. Raises ``LabelsError`` for a missing set."""
    return ThingsScene(training_backgrounds(data))


def _place(scene: Scene, ground: Ground, thing: Cutout, facade: bool, rng: np.random.Generator) -> bool:
    """Puts it where such a thing may be; False where it found no room."""
    width, height = scene.size
    high, wide = _extent(scene, ground, thing, facade, rng)
    metre = high / thing.size_m
    row = ground.row(high, thing.size_m)  # where it stands, or what carries it
    if not ground.first_px < row < height:
        row = float(rng.uniform(max(ground.first_px, 0.5 * height), 0.99 * height))
    x = float(rng.uniform(0.45 * wide, max(width - 0.45 * wide, 0.46 * wide)))
    if thing.where in ("wall", "pole") and not facade:
        return _stuck_on(scene, thing, (x, row), (high, wide), metre, rng)
    lower_edge = row
    if thing.where != "ground":
        lowest, highest = HUNG_M[thing.key]
        lower_edge = (
            row - rng.uniform(lowest, highest * (1.6 if facade and thing.key == "hanging_banner" else 1)) * metre
        )
        lower_edge = max(lower_edge, high + rng.uniform(0.01, 0.1) * height)
    place = (x - wide / 2, lower_edge - high, x + wide / 2, lower_edge)
    if not _free(scene, place):
        return False
    if thing.where == "between" and not facade:
        _hung_between(scene, place, row, metre, rng)
    return paste(scene, thing, x, lower_edge, high, rng)


def _extent(scene: Scene, ground: Ground, thing: Cutout, facade: bool, rng: np.random.Generator) -> tuple[float, float]:
    """Height and width in pixels: on a facade as its scale says, a little freely; elsewhere from far to near."""
    width, height = scene.size
    tall, broad = thing.rgba.shape[:2]
    longer, shorter = max(tall, broad), min(tall, broad)
    if facade and thing.where != "ground":
        high = ground.height_px(ground.first_px, thing.size_m) * float(np.exp(rng.uniform(np.log(0.8), np.log(2.2))))
        wanted = high * longer / tall
    else:
        largest = (
            SIZES[1] if thing.key != "posted_bills" else 0.2
        )  # or the pole that carries them would fill the street
        wanted = float(np.exp(rng.uniform(np.log(SIZES[0]), np.log(largest)))) * width
    wanted = max(wanted, 0.012 * width * longer / shorter)  # a thin thing must stay visible
    # Nothing is enlarged until one sees its pixels, nor fills the picture.
    wanted = min(wanted, 1.3 * longer, 0.75 * height * longer / tall, 0.8 * width * longer / broad)
    return wanted * tall / longer, wanted * broad / longer


def _free(scene: Scene, place: tuple[float, float, float, float]) -> bool:
    """Whether it covers little of what has a box and of what is unknown."""
    width, height = scene.size
    x1, y1, x2, y2 = place
    taken = [
        (a * width, b * height, c * width, d * height)
        for a, b, c, d in (*(box.xyxy for box in scene.boxes), *scene.ignore)
    ]
    for a, b, c, d in taken:
        common = max(min(x2, c) - max(x1, a), 0) * max(min(y2, d) - max(y1, b), 0)
        if common > 0.12 * min((x2 - x1) * (y2 - y1), (c - a) * (d - b)):
            return False
    return True


def _stuck_on(
    scene: Scene,
    thing: Cutout,
    foot: tuple[float, float],
    extent: tuple[float, float],
    metre: float,
    rng: np.random.Generator,
) -> bool:
    """Where there is no wall: a pole or a cabinet at ``foot`` (x and row), and the thing on it."""
    (x, row), (high, wide) = foot, extent
    layer, metres = pole(rng) if thing.where == "pole" else cabinet(rng)
    stand_high = max(metres * metre, 1.15 * high)
    stand_wide = wide * float(rng.uniform(1.0, 1.3))
    if thing.where == "wall":
        stand_wide = max(stand_wide, stand_high * layer.shape[1] / layer.shape[0])
    if not _free(scene, (x - stand_wide / 2, max(row - stand_high, 0), x + stand_wide / 2, row)):
        return False
    size = max(round(stand_wide), 2), max(round(stand_high), 2)
    _stand(scene, np.asarray(cv2.resize(layer, size), np.float32), x, row, stand_high, rng)
    lower_edge = row - float(rng.uniform(0.05, 0.9)) * (min(stand_high, row) - high)
    aside = float(rng.uniform(-0.5, 0.5)) * (stand_wide - wide)
    return paste(scene, thing, x + aside, lower_edge, high, rng)


def _hung_between(
    scene: Scene, place: tuple[float, float, float, float], row: float, metre: float, rng: np.random.Generator
) -> None:
    """Two poles, a railing below or, for a tree or a house may carry it too, nothing."""
    x1, y1, x2, _ = place
    kind = rng.random()
    if kind < 0.65:
        for x in (x1, x2):
            layer, _ = pole(rng)
            high = (row - y1) * float(rng.uniform(1.0, 1.25))
            wide = high * layer.shape[1] / layer.shape[0]
            if _free(scene, (x - wide / 2, row - high, x + wide / 2, row)):
                _stand(scene, layer, x, row, high, rng)
    elif kind < 0.75:
        layer, metres = fence(rng)
        wide = metres * metre * layer.shape[1] / layer.shape[0]
        if _free(scene, ((x1 + x2 - wide) / 2, row - metres * metre, (x1 + x2 + wide) / 2, row)):
            _stand(scene, layer, (x1 + x2) / 2, row, metres * metre, rng)


def _stand_furniture(scene: Scene, ground: Ground, rng: np.random.Generator) -> None:
    """Something that is no violation, drawn in the same way."""
    layer, metres = FURNITURE[int(rng.integers(len(FURNITURE)))](rng)
    width, height = scene.size
    row = float(rng.uniform(ground.first_px, height))
    high = min(max(ground.height_px(row, metres), 0.05 * height), 0.8 * height)
    x = float(rng.uniform(0, width))
    wide = high * layer.shape[1] / layer.shape[0]
    if _free(scene, (x - wide / 2, row - high, x + wide / 2, row)):
        _stand(scene, layer, x, row, high, rng)


def _stand(scene: Scene, layer: Layer, x: float, row: float, high: float, rng: np.random.Generator) -> None:
    """Pastes it as part of the background: the scene keeps no box of it."""
    cutout = finished(layer, rng, "", "street furniture", 100, "ground")
    behind = Scene(scene.picture, softness=scene.softness, sun=scene.sun)
    behind.owner[:] = scene.owner > 0  # things that stand there already take no shadow
    behind.placed.extend(Placed("", "", 1) for _ in range(int(behind.owner.any())))
    paste(behind, cutout, x, row, high, rng)

"""What a place looks like: the pixels inside a box that stays where it is, whatever the detector says meanwhile.

A standing thing looks the same at the same pixels from sighting to sighting. Different cars that pass one spot do not,
however alike they are, because they never come to lie on the same pixels.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.frame import Picture, Region
from vision.boxes import Boxes

SIDE = 32
FLAT = 2.0
"""Grey levels of contrast below which a patch shows nothing that could be compared."""

WHITE = 250


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A place (box, relative) and its ``(32, 32)`` uint8 grey picture; ``contrast`` is its standard deviation."""

    box: Boxes
    patch: NDArray[np.uint8]
    contrast: float
    _unit: NDArray[np.float32]

    @classmethod
    def of(cls, box: Boxes, patch: NDArray[np.uint8]) -> "Look":
        mean, deviation = cv2.meanStdDev(patch)
        values = patch.ravel().astype(np.float32) - np.float32(mean[0, 0])
        contrast = float(deviation[0, 0])
        return cls(box, patch, contrast, values / np.float32(max(contrast, 1e-6) * SIDE))


def look_at(crop: Picture, region: Region, box: Boxes) -> Look:
    """The place as it looks in this crop."""
    return Look.of(box, _patch(crop, region, box))


def likeness(before: Look, now: Look) -> float:
    """Normalised cross-correlation in [-1, 1] of one place at two times; light and contrast do not matter.

    1 where there is too little contrast to tell.
    """
    if before.contrast * now.contrast < FLAT * FLAT:
        return 1.0
    return float(before._unit @ now._unit)


def burnt_out(look: Look) -> bool:
    """Whether most of the place is as white as a picture can be."""
    return float((look.patch >= WHITE).mean()) > 0.5


def _patch(crop: Picture, region: Region, box: Boxes) -> NDArray[np.uint8]:
    height, width = crop.shape[:2]
    left, top, right, bottom = box.tolist()
    x1 = min(max(round((left - region.offset_x) / region.scale_x), 0), width - 2)
    y1 = min(max(round((top - region.offset_y) / region.scale_y), 0), height - 2)
    x2 = max(round((right - region.offset_x) / region.scale_x), x1 + 2)
    y2 = max(round((bottom - region.offset_y) / region.scale_y), y1 + 2)
    grey = cv2.cvtColor(crop[y1:y2, x1:x2], cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)

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


@dataclass(frozen=True, slots=True)
class Look:
    """A place (box, relative) and its ``(32, 32)`` uint8 grey picture."""

    box: Boxes
    patch: NDArray[np.uint8]


def look_at(crop: Picture, region: Region, box: Boxes) -> Look:
    """The place as it looks in this crop."""
    return Look(box, _patch(crop, region, box))


def likeness(before: Look, crop: Picture, region: Region) -> float:
    """Normalised cross-correlation in [-1, 1] of the place then and now; light and contrast do not matter.

    1 where there is too little contrast to tell.
    """
    a = before.patch.astype(np.float32)
    b = _patch(crop, region, before.box).astype(np.float32)
    a -= a.mean()
    b -= b.mean()
    spread = float(np.sqrt((a * a).mean() * (b * b).mean()))
    return 1.0 if spread < FLAT * FLAT else float((a * b).mean()) / spread


def _patch(crop: Picture, region: Region, box: Boxes) -> NDArray[np.uint8]:
    height, width = crop.shape[:2]
    x1, x2 = ((box[[0, 2]] - region.offset_x) / region.scale_x).round().astype(int).tolist()
    y1, y2 = ((box[[1, 3]] - region.offset_y) / region.scale_y).round().astype(int).tolist()
    x1, y1 = min(max(x1, 0), width - 2), min(max(y1, 0), height - 2)
    inside = crop[y1 : max(y2, y1 + 2), x1 : max(x2, x1 + 2)]
    small = cv2.resize(inside, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)

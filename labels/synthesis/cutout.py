"""A thing cut out of a picture, or drawn: what composed scenes are made of."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Where = Literal["ground", "wall", "between", "pole"]
"""What carries the thing: it stands on the ground, hangs on a wall, between two supports, or on a pole."""


@dataclass(frozen=True, eq=False)
class Cutout:
    """One thing without its background.

    rgba: ``(h, w, 4)`` uint8, RGB and alpha, cropped to the thing.
    key: our class. size_m: its real height in metres. origin: the picture or the generator it comes from.
    """

    rgba: NDArray[np.uint8]
    key: str
    size_m: float
    origin: str
    where: Where = "ground"

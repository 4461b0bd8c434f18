"""When and where a thing was seen, in 56 bytes a time: a car that stands for a week is seen often."""

from array import array
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Sighting(NamedTuple):
    """Once seen: elapsed seconds, the box, its score, and how alike the place looked the last time."""

    elapsed_s: float
    x1: float
    y1: float
    x2: float
    y2: float
    score: float
    likeness: float


WIDTH = len(Sighting._fields)


class Sightings:
    """In the order in which they came. rows: as ``(n, 7)`` float64 to begin with."""

    __slots__ = ("_values",)

    def __init__(self, rows: NDArray[np.float64] | None = None):
        self._values = array("d", [] if rows is None else rows.ravel().tolist())

    @property
    def rows(self) -> NDArray[np.float64]:
        """``(n, 7)``, a copy."""
        return np.array(self._values).reshape(-1, WIDTH)

    def append(self, sighting: Sighting) -> None:
        self._values.extend(sighting)

    def thin(self) -> None:
        """Keep every other one, the first among them."""
        self._values = array("d", self.rows[::2].ravel().tolist())

    def __len__(self) -> int:
        return len(self._values) // WIDTH

    def __iter__(self) -> Iterator[Sighting]:
        return (Sighting(*row) for row in self.rows.tolist())

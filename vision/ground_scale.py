"""How large a vehicle is at each height of a view, learned from the vehicles that pass: metres without calibration.

A camera over a flat road sees things of one size shrink in proportion to their distance below the horizon (Hoiem,
Efros, Hebert: Putting Objects in Perspective, 2006). So a straight line through the sizes of vehicles over the lower
edges of their boxes gives the horizon, and with it how much farther a pixel reaches along the road than across it.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vision.boxes import Boxes

VEHICLE_M = 1.9
"""Square root of width by height of a car as cameras see it, from the front or the back mostly."""
FOCAL = 1.2
"""Focal length in picture widths: a lens of 45 degrees across."""
GROWTH = 0.19
"""Vehicle size gained for each unit of height in the picture before anything was seen: a camera 10 m above the road."""
TRUST = 2000.0
"""Weight of that guess, in vehicles. Those of one second are many boxes of few vehicles."""
FEWEST = 3
BORDER = 0.003
"""A box nearer to the edge of the picture than this part of its width is cut by it and has no size."""
ODD = 2.0
"""A vehicle this many times larger or smaller than expected teaches nothing, once about a hundred were seen."""
NEAREST_HORIZON, SMALLEST = 0.006, 0.005
"""Limits in picture widths where the line would give nothing sensible."""


@dataclass(slots=True)
class GroundScale:
    """Least squares of ``size = growth * (y - horizon)`` with relative errors, as running sums; all in picture widths.

    squares: of ``y/size`` and ``1/size`` and their product. sums: of both. seen: boxes that taught.
    """

    squares: list[float] = field(default_factory=lambda: [TRUST, 0.0, 1e-9])
    sums: list[float] = field(default_factory=lambda: [TRUST * GROWTH, 0.0])
    seen: int = 0

    def learn(self, boxes: Boxes, aspect: float) -> None:
        """Take the boxes of vehicles, ``(n, 4)`` relative to the picture; aspect: its height by its width."""
        whole = (boxes[:, 0] > BORDER) & (boxes[:, 2] < 1 - BORDER)
        whole &= (boxes[:, 1] > BORDER / aspect) & (boxes[:, 3] < 1 - BORDER / aspect)
        size, y = _sizes(boxes[whole], aspect), boxes[whole, 3] * aspect
        if self.seen > 100:
            ratio = size / self.size_at(y)
            usual = (ratio < ODD) & (ratio * ODD > 1)
            size, y = size[usual], y[usual]
        if not len(size):
            return
        slope, shift = y / size, 1 / size
        self.squares[0] += float(slope @ slope)
        self.squares[1] += float(slope @ shift)
        self.squares[2] += float(shift @ shift)
        self.sums[0] += float(slope.sum())
        self.sums[1] += float(shift.sum())
        self.seen += len(size)

    @property
    def line(self) -> tuple[float, float]:
        """Growth and horizon."""
        (a, b, c), (p, q) = self.squares, self.sums
        growth = max((p * c - q * b) / max(a * c - b * b, 1e-12), 1e-3)
        return growth, -(q - b * growth) / c / growth

    def size_at(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        growth, horizon = self.line
        return np.maximum(growth * (y - horizon), SMALLEST)

    def metres(self, boxes: Boxes, way: Boxes, aspect: float) -> NDArray[np.float64]:
        """How far on the ground each box goes that moves by ``way``, both ``(..., 4)``; NaN while nothing is known."""
        if self.seen < FEWEST:
            return np.full(boxes.shape[:-1], np.nan)
        y, (growth, horizon) = boxes[..., 3] * aspect, self.line
        metre = VEHICLE_M / np.maximum(growth * (y - horizon), SMALLEST)
        along = np.sqrt(1 + (FOCAL / np.maximum(y - horizon, NEAREST_HORIZON)) ** 2)
        across_m = np.abs(way[..., 0] + way[..., 2]) / 2 * metre
        along_m = np.abs(way[..., 3]) * aspect * metre * along
        return np.asarray(np.hypot(across_m, along_m))


def _sizes(boxes: Boxes, aspect: float) -> NDArray[np.float64]:
    return np.asarray(np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) * aspect))

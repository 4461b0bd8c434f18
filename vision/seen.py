"""One picture as the tracker looks at it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.frame import Frame
from vision.boxes import Boxes
from vision.motion import Moves
from vision.records import Detections

NOISE_PX = 1.5
"""Jitter of a detector's box in pixels of its input."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The detections of a frame and what is known of each; ``strong`` marks those at or above their start threshold.

    moves: how each vehicle moves from picture to picture; of other things nothing is known, and their ``mover`` is -1.
    faint: what is below the keep threshold.
    """

    frame: Frame
    detections: Detections
    boxes: Boxes
    strong: NDArray[np.bool_]
    moves: Moves
    faint: Detections

    def key(self, j: int) -> str:
        return self.detections.keys[int(self.detections.cls[j])]

    def descriptor(self, j: int) -> NDArray[np.float32] | None:
        return None if self.detections.descriptor is None else self.detections.descriptor[j]


def noise(frame: Frame) -> tuple[float, float]:
    """The detector's jitter relative to the picture, from how many of its pixels the picture got."""
    if not frame.regions:
        return NOISE_PX / frame.size[0], NOISE_PX / frame.size[1]
    region = frame.regions[0]
    return NOISE_PX * region.scale_x, NOISE_PX * region.scale_y

"""A detector for single pictures that sees them exactly as the pipeline sees a camera's frames."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from models.boxes import RANKED_FROM
from models.detector import Detector
from streams.batcher import fixed_sizes
from streams.crops import Cropper, InputShape, Tiles
from streams.frame import Frame, Picture, ViewKey
from vision.picture import to_picture

_VIEW = ViewKey("picture", "picture")


@dataclass(frozen=True, slots=True)
class _Shown:
    """A picture that is decoded already."""

    picture: Picture

    def decode(self) -> Picture:
        return self.picture


class PictureDetector:
    """Crops by the scaler of ``streams``, boxes merged by ``vision``; even boxes that only a ranking wants. One thread
    at a time."""

    def __init__(self, detector: Detector, tiles: Tiles | None = None):
        card = detector.card
        self.detector = detector
        self._cropper = Cropper(InputShape(card.sizes, card.resize == "stretch"), tiles)

    def __call__(self, picture: Picture) -> NDArray[np.float64]:
        """``(H, W, 3)`` RGB to ``(n, 6)``: ``x1, y1, x2, y2, score, class`` in the picture's pixels, best first."""
        shown = np.ascontiguousarray(picture)
        height, width = shown.shape[:2]
        crops, regions = self._cropper.crops(VideoFrame.from_ndarray(shown, format="rgb24"), Fraction(1))
        boxes = [found for stack in fixed_sizes(crops) for found in self.detector.detect(stack, RANKED_FROM)]
        frame = Frame(_VIEW, 0.0, None, None, 0.0, (width, height), crops, regions, _Shown(shown))
        found = to_picture(boxes, frame, self.detector.card.keys)
        pixels = found.xyxy.astype(np.float64) * (width, height, width, height)
        return np.column_stack([pixels, found.score, found.cls]).astype(np.float64)

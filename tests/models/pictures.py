"""Pictures for detectors: frames of the evaluation clips, and none at all."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


def frame_of(clip: Path, seconds: float, size: tuple[int, int], *, stretch: bool = False) -> NDArray[np.uint8]:
    """``(1, H, W, 3)`` RGB: the clip's picture at a time, fitted into ``(width, height)`` with grey around it."""
    capture = cv2.VideoCapture(str(clip))
    for _ in range(int(seconds * capture.get(cv2.CAP_PROP_FPS)) + 1):
        found, picture = capture.read()
        assert found, f"{clip} ends before {seconds} s"
    picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    if stretch:
        return np.asarray(cv2.resize(picture, size), np.uint8)[None]
    scale = min(size[0] / picture.shape[1], size[1] / picture.shape[0])
    width, height = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    fitted = np.full((size[1], size[0], 3), 114, np.uint8)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    fitted[top : top + height, left : left + width] = cv2.resize(picture, (width, height))
    return fitted[None]


def noise(size: tuple[int, int], count: int = 1) -> NDArray[np.uint8]:
    """``(count, H, W, 3)`` of nothing in particular, the same every time."""
    return np.random.default_rng(7).integers(0, 256, (count, size[1], size[0], 3), dtype=np.uint8)

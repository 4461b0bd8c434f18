"""Whether two recordings look out of the same window: their first pictures, small, grey and compared."""

from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

SAME_VIEW = 0.6
"""Normalised correlation of edge pictures: the same fixed view stays above 0.7 from noon to dusk in the clips tried,
different streets stay below 0.3."""
_SIZE = (96, 54)


def same_view(path_a: str, path_b: str) -> bool:
    """True when both open, have the same size and show the same scene."""
    a, b = _signature(path_a), _signature(path_b)
    if a is None or b is None or a[0] != b[0]:
        return False
    return float((a[1] * b[1]).sum()) >= SAME_VIEW


def _signature(path: str) -> tuple[tuple[int, int], NDArray[np.float32]] | None:
    try:
        with av.open(path) as container:
            stream = container.streams.video[0]
            for count, frame in enumerate(container.decode(stream)):
                if frame.is_corrupt and count < 250:
                    continue
                grey = frame.reformat(width=_SIZE[0], height=_SIZE[1], format="gray").to_ndarray()
                return (frame.width, frame.height), _edges(grey)
    except (av.error.FFmpegError, IndexError, ValueError, OSError):
        return None
    return None


def _edges(grey: NDArray[Any]) -> NDArray[np.float32]:
    """Gradient magnitude with unit length, so that light and contrast do not matter."""
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)
    edges = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    edges -= edges.mean()
    return np.asarray(edges / (np.linalg.norm(edges) + 1e-6), np.float32)

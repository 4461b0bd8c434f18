"""Whether two recordings look out of the same window: a few of their pictures, small, grey and compared."""

from functools import lru_cache
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from streams.opening import Unreadable, open_video
from streams.source import Segment

SAME_VIEW = 0.5
"""Correlation of edge pictures. On six fixed street clips cut into two to eight pieces, each piece as the median of
five pictures, neighbouring pieces have 0.67 to 1.00 and different streets at most 0.28. Single pictures of one street
go down to 0.10 where a car fills the view, those of different streets up to 0.32: enough to accept, never to reject."""
PICTURES = 5
_SIZE = (96, 54)
_FARTHEST = 60
"""Pictures decoded in search of one moment; behind a rare key frame an earlier one has to do."""

_View = tuple[tuple[int, int], NDArray[np.float32]]


def same_view(path_a: str, path_b: str) -> bool:
    """True when both open, have the same size and show the same scene. Reads on only if the first pictures differ."""
    return _alike(_view(path_a, 1), _view(path_b, 1)) or _alike(_view(path_a, PICTURES), _view(path_b, PICTURES))


def _alike(a: _View | None, b: _View | None) -> bool:
    return a is not None and b is not None and a[0] == b[0] and float((a[1] * b[1]).sum()) >= SAME_VIEW


@lru_cache(maxsize=8)  # neighbours are compared one pair after the other
def _view(path: str, pictures: int) -> _View | None:
    """Size and edges of what stays the same over pictures spread over the recording, None where nothing decodes."""
    found: list[av.VideoFrame] = []
    try:
        container, stream = open_video(Segment(path))
    except Unreadable:
        return None
    with container:
        begin, length = container.start_time or 0, container.duration or 0
        for i in range(pictures if length > 0 else 1):
            at = begin + length * i // pictures
            try:
                if i:
                    container.seek(at)
                found += _picture(container.decode(stream), at / av.time_base if i else float("-inf"))
            except (av.error.FFmpegError, OSError):
                continue
    if not found:
        return None
    grey = [f.reformat(width=_SIZE[0], height=_SIZE[1], format="gray").to_ndarray() for f in found]
    return (found[0].width, found[0].height), _edges(np.median(grey, axis=0))


def _picture(frames: Any, at_s: float) -> list[av.VideoFrame]:
    """The first sound picture at or after a moment, or the last one looked at before it."""
    last: list[av.VideoFrame] = []
    for count, frame in enumerate(frames):
        if not frame.is_corrupt:
            last = [frame]
        if last and ((frame.time or 0.0) >= at_s or count >= _FARTHEST):
            break
    return last


def _edges(grey: NDArray[Any]) -> NDArray[np.float32]:
    """Gradient magnitude with unit length, so that light and contrast do not matter."""
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)
    edges = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    edges -= edges.mean()
    return np.asarray(edges / (np.linalg.norm(edges) + 1e-6), np.float32)

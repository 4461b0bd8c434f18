"""Clips without faces and plates: looked through in one pass, hidden in another, so that each is hidden before it was
seen, too.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from streams.upright import full_picture, pixel_aspect
from vision.privacy import Find, Hide, Picture, covered, pixel_count, to_hide

EVERY_S, HELD_S = 0.2, 0.6
"""One picture in so many seconds is looked at, and each box holds for so long before and after."""
LARGEST_HEIGHT = 720
_TICK = Fraction(1, 90_000)


class Looked(NamedTuple):
    """What is to be hidden of a clip. times: seconds from its beginning, rising. boxes: of each, ``(n, 4)`` pixels."""

    times: tuple[float, ...]
    boxes: tuple[NDArray[np.float64], ...]

    def around(self, at: float) -> NDArray[np.float64]:
        """What is hidden at a time."""
        reach = HELD_S + EVERY_S
        near = slice(bisect_left(self.times, at - reach), bisect_right(self.times, at + reach))
        return np.concatenate(self.boxes[near])


def look_through(source: Path, find: Find, hide: Hide) -> Looked:
    """Raises ``OSError``, ``av.error.FFmpegError``."""
    pixel_count(source)
    looked = [(at, to_hide(picture, find, hide)) for at, picture in pictures(source, EVERY_S)]
    if not looked:
        raise OSError(f"{source}: nothing of it decodes")
    return Looked(*zip(*looked, strict=True))


def share_clip(source: Path, target: Path, find: Find, hide: Hide) -> None:
    """An H.264 MP4 of the clip without faces and plates, without sound, at most 720 lines.

    Raises ``OSError``, ``av.error.FFmpegError``.
    """
    looked = look_through(source, find, hide)
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        stream = None
        for at, picture in pictures(source, 0.0):
            shown = covered(picture, looked.around(at))
            if stream is None:
                height = max(2, min(LARGEST_HEIGHT, shown.shape[0]) // 2 * 2)
                width = max(2, round(shown.shape[1] * height / shown.shape[0] / 2) * 2)
                stream = out.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "26"})
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                stream.codec_context.time_base = _TICK
            small = cv2.resize(shown, (stream.width, stream.height), interpolation=cv2.INTER_AREA).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(small, format="rgb24")
            frame.pts, frame.time_base = round(at / _TICK), _TICK
            out.mux(stream.encode(frame))
        if stream is not None:
            out.mux(stream.encode())


def pictures(source: Path, every_s: float) -> Iterator[tuple[float, Picture]]:
    """Seconds from the beginning, rising, and the upright picture with square pixels; at most one in ``every_s``."""
    with av.open(str(source)) as container:
        aspect = pixel_aspect(container.streams.video[0])
        first = last = None
        for frame in container.decode(video=0):
            if frame.time is None:
                continue
            first = frame.time if first is None else first
            at = frame.time - first
            if last is not None and at - last < max(every_s, 1e-3) - 1e-3:
                continue
            last = at
            yield at, full_picture(frame, aspect)

"""One picture of a camera, for people: the first key frame that its stream or recording gives."""

import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction

import av
from av.container import InputContainer
from av.error import FFmpegError, InvalidDataError

from streams.discover import SourceProblem, expand
from streams.frame import Picture
from streams.opening import Unreadable, open_video
from streams.source import Segment, is_url
from streams.upright import full_picture

WAIT_S = 5.0
# A silent server is given up after about twice the option's value, which is in microseconds.
_LIVE = {"rtsp_transport": "tcp", "timeout": str(int(WAIT_S / 2 * 1e6))}


class PictureProblem(Exception):
    """No picture could be had. The message says why; it never holds the URL, in which a password may stand."""


def picture_of(source: str, clock: Callable[[], float] = time.monotonic) -> Picture:
    """Open a URL, or the first recording behind a path or glob, and decode its first key frame.

    A source that gives no key frame within 5 s is shown by the last picture that it gave instead. Raises
    ``PictureProblem``.
    """
    try:
        path = source if is_url(source) else expand([source])[0]
        picture = _decode(path, clock)
    except (SourceProblem, Unreadable) as problem:
        raise PictureProblem(str(problem)) from None
    except (FFmpegError, OSError) as problem:
        raise PictureProblem(f"reading it failed ({type(problem).__name__.removesuffix('Error')})") from None
    if picture is None:
        raise PictureProblem(f"no picture could be decoded within {WAIT_S:g} s")
    return picture


def _decode(path: str, clock: Callable[[], float]) -> Picture | None:
    until, last = clock() + WAIT_S, None
    with _open(path) as container:
        if not container.streams.video:
            raise PictureProblem("no video in it")
        stream = container.streams.video[0]
        aspect = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
        for packet in container.demux(stream):
            with suppress(InvalidDataError):  # a recording may begin inside a group
                for frame in packet.decode():
                    last = frame
                    if frame.key_frame:
                        return full_picture(frame, aspect)
            if clock() > until:
                break
        return None if last is None else full_picture(last, aspect)


def _open(path: str) -> InputContainer:
    if not is_url(path):
        return open_video(Segment(path))[0]
    try:
        return av.open(path, options=_LIVE)
    except (FFmpegError, OSError, ValueError) as problem:
        raise PictureProblem(f"it cannot be reached ({type(problem).__name__.removesuffix('Error')})") from None

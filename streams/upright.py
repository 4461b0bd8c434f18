"""Decoded pictures made upright with square pixels: settled here once, so that nothing behind knows of rotation."""

from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from streams.frame import Picture

MAX_SIDE = 16384


def pixel_aspect(stream: VideoStream) -> Fraction:
    """The width of a stored pixel by its height; 1 where nothing says it."""
    return Fraction(stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or 1) or Fraction(1)


def upright_size(frame: VideoFrame, pixel_aspect: Fraction) -> tuple[int, int]:
    """Width and height of the picture as a person sees it."""
    width, height = _square_size(frame, pixel_aspect)
    return (height, width) if _quarter_turns(frame) % 2 else (width, height)


def scaled(
    frame: VideoFrame,
    size: tuple[int, int],
    reformatter: VideoReformatter | None = None,
    interpolation: Interpolation = Interpolation.FAST_BILINEAR,
) -> Picture:
    """The upright picture in ``size`` (width, height) as RGB, scaled while it is converted (one swscale pass)."""
    turns = _quarter_turns(frame)
    width, height = (size[1], size[0]) if turns % 2 else size
    converted = (reformatter or VideoReformatter()).reformat(
        frame, width=width, height=height, format="rgb24", interpolation=interpolation
    )
    picture = np.asarray(converted.to_ndarray(), np.uint8)
    return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture


def full_picture(frame: VideoFrame, pixel_aspect: Fraction) -> Picture:
    """The upright picture in its own size as RGB."""
    return scaled(frame, upright_size(frame, pixel_aspect), interpolation=Interpolation.BICUBIC)


def _quarter_turns(frame: VideoFrame) -> int:
    """Counter-clockwise quarter turns that the display matrix asks for."""
    return round(frame.rotation / 90) % 4


def _square_size(frame: VideoFrame, pixel_aspect: Fraction) -> tuple[int, int]:
    width, height = frame.width, frame.height
    if pixel_aspect > 1:
        width = min(MAX_SIDE, round(width * pixel_aspect))
    elif 0 < pixel_aspect < 1:
        height = min(MAX_SIDE, round(height / pixel_aspect))
    return width, height

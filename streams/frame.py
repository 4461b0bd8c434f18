"""The frame: one decoded picture with its time. Plain frozen records; imports only numpy and the standard library."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""``(H, W, 3)`` uint8 RGB."""


class ViewKey(NamedTuple):
    """A camera and one of its views (home, a PTZ preset). State is kept per view."""

    camera_id: str
    view_id: str


class Clock(StrEnum):
    """Where ``captured_at`` comes from, best first."""

    RTCP = "rtcp"
    CONTAINER = "container"
    FILENAME = "filename"
    OPTION = "option"
    ARRIVAL = "arrival"


class Region(NamedTuple):
    """Where a crop lies in its picture: ``relative = crop_pixel * scale + offset``, per axis.

    Relative coordinates run from 0 at the left or top edge of the picture to 1 at the right or bottom edge.
    """

    scale_x: float
    scale_y: float
    offset_x: float
    offset_y: float


class Still(Protocol):
    """A full-size picture that is decoded only when somebody wants to see it."""

    def decode(self) -> Picture:
        """The picture, upright and with square pixels. Raises ``StillLost`` when it cannot be decoded."""
        ...


class StillLost(Exception):
    """The packets of a picture do not decode (damaged or cut recording)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture of one view.

    elapsed_s: a timeline that never runs backwards and goes on over gaps. Dwell and absence use only this.
    captured_at: UTC, or None when unknown; ``clock`` then is None too. Evidence and schedules use only this.
    clock_offset_s: the camera's clock minus ours, seconds, 0 where it was not measured.
    size: width and height in pixels of the upright picture with square pixels.
    crops: the model's input, each ``(H, W, 3)`` uint8 RGB of the same size; ``regions`` says where each one lies.
    still: the same picture in full size, on request.
    """

    view: ViewKey
    elapsed_s: float
    captured_at: datetime | None
    clock: Clock | None
    clock_offset_s: float
    size: tuple[int, int]
    crops: tuple[Picture, ...]
    regions: tuple[Region, ...]
    still: Still

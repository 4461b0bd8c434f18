"""Pictures of the report: small JPEG copies inside the page, or links to the sealed files where there are too many."""

import base64
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
from numpy.typing import NDArray

EMBEDDED_WIDTH = 480
JPEG_QUALITY = 75
CLOSE_UP_MARGIN = 0.35
SMALLEST_CLOSE_UP = 0.12

_SHARES = ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2))

Region = tuple[float, float, float, float]
"""Left, top, width and height relative to a picture."""


@dataclass(frozen=True, slots=True)
class Picture:
    """``src``: a data URI or a link relative to the page. ``width`` and ``height`` in pixels."""

    src: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CloseUp:
    """Part of a picture: ``picture`` is that part alone, or the whole of which the page shows only ``region``."""

    picture: Picture
    region: Region | None


def link(*parts: str) -> str:
    """A relative URL. The leading ``./`` keeps a name with a colon from being read as a scheme."""
    return "./" + "/".join(quote(part) for part in parts)


def decode(path: Path, width: int = 0) -> NDArray[np.uint8] | None:
    """``(H, W, 3)`` uint8 BGR, or None for a file that is missing or no picture.

    width: of the picture, where the size of ``embed`` is enough: a JPEG decodes at a half or a quarter much faster.
    """
    share = next((flag for least, flag in _SHARES if width >= least * EMBEDDED_WIDTH), cv2.IMREAD_COLOR)
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
        picture = cv2.imdecode(data, share) if data.size else None
    except (OSError, cv2.error):
        return None
    return None if picture is None else np.asarray(picture, np.uint8)


def embed(picture: NDArray[np.uint8]) -> Picture:
    """Scaled down to at most ``EMBEDDED_WIDTH``."""
    height, width = picture.shape[:2]
    if width > EMBEDDED_WIDTH:
        height, width = max(1, round(height * EMBEDDED_WIDTH / width)), EMBEDDED_WIDTH
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return Picture("data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode(), width, height)


def around(box: Region) -> Region:
    """The thing with some of its surroundings, in the proportions of the picture."""
    left, top, width, height = box
    side = min(max(max(width, height) * (1 + 2 * CLOSE_UP_MARGIN), SMALLEST_CLOSE_UP), 1.0)
    x = min(max(left + width / 2 - side / 2, 0.0), 1 - side)
    y = min(max(top + height / 2 - side / 2, 0.0), 1 - side)
    return x, y, side, side


def crop(picture: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    x, y = int(region[0] * width), int(region[1] * height)
    return picture[y : y + max(1, round(region[3] * height)), x : x + max(1, round(region[2] * width))]

"""Heads of persons and plate regions of vehicles made unrecognisable: what leaves the house shows neither.

Too much is right here, too little is not: boxes count from a low score on, and whole lower halves of vehicles go. What
is taken away is gone: a handful of blocks across a face are averages, from which nothing comes back, unlike
from a blur.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Find = Callable[[Picture], NDArray[np.float64]]
"""A picture ``(H, W, 3)`` RGB to ``(n, 6)`` rows of ``x1, y1, x2, y2, score, class``, pixels."""

FROM_SCORE = 0.1
"""Half of what tracks are begun with: a false box hides some pavement."""
HEAD, HEAD_WIDER = 0.35, 0.25
"""The upper part of a person that is hidden, and by how much of its width wider: heads lean out of boxes."""
WHOLE_FROM, EDGE = 0.65, 0.02
"""All of a person goes whose box is wider than so much of its height, or reaches so near to the picture's top or sides:
of head and shoulders the head is half."""
PLATES_FROM, LOW_PLATES_FROM = 0.25, 0.35
"""From this part of the height downwards everything goes: plates of e-bikes hang under the saddle, those of motor
vehicles on bumpers and in rear windows' reach."""
MOST_PIXELS, LARGE = 100_000_000, 25_000_000
"""What phones make. A file of one megabyte may say that it has a billion pixels, each of which takes twelve bytes here;
of what is large half the width and height is enough."""
BLOCKS = 6
"""So many averages across the longer side of what is hidden: a plate has seven signs, a face two eyes."""


class Hide(NamedTuple):
    """What the classes of a model mean here: indices of persons, of motor vehicles, and of bicycles and e-bikes."""

    persons: frozenset[int]
    vehicles: frozenset[int]
    bicycles: frozenset[int] = frozenset()

    @classmethod
    def of(cls, keys: Iterable[str]) -> "Hide":
        """Of a model's keys. Raises ``ValueError`` for one that knows no persons or no motor vehicles."""
        listed, shown = list(keys), ("person", "motor_vehicle_parking", "non_motor_parking")
        found = cls(*(frozenset(i for i, key in enumerate(listed) if key == one) for one in shown))
        if not (found.persons and found.vehicles):
            raise ValueError("a model that finds persons and motor vehicles is needed to hide faces and plates")
        return found


def regions(rows: NDArray[np.float64], hide: Hide, size: tuple[int, int]) -> NDArray[np.float64]:
    """``(n, 4)`` pixels to make unrecognisable, of the boxes found in a picture of this width and height."""
    found = []
    for x1, y1, x2, y2, score, cls in rows.tolist():
        if score < FROM_SCORE:
            continue
        width, height = x2 - x1, y2 - y1
        if int(cls) in hide.persons:
            cut = x1 <= EDGE * size[0] or y1 <= EDGE * size[1] or x2 >= (1 - EDGE) * size[0]
            head = 1.0 if cut or width > WHOLE_FROM * height else HEAD
            found.append((x1 - HEAD_WIDER * width, y1 - 0.1 * height, x2 + HEAD_WIDER * width, y1 + head * height))
        elif int(cls) in hide.vehicles | hide.bicycles:
            plates = LOW_PLATES_FROM if int(cls) in hide.vehicles else PLATES_FROM
            found.append((x1, y1 + plates * height, x2, y2 + 0.05 * height))
    return np.array(found).reshape(-1, 4)


def covered(picture: Picture, boxes: NDArray[np.float64]) -> Picture:
    """A copy in which each box is a few averages."""
    shown = picture.copy()
    height, width = shown.shape[:2]
    for x1, y1, x2, y2 in boxes.tolist():
        left, top = max(0, int(x1)), max(0, int(y1))
        right, bottom = min(width, int(np.ceil(x2))), min(height, int(np.ceil(y2)))
        if right - left < 1 or bottom - top < 1:
            continue
        part = shown[top:bottom, left:right]
        longer = max(part.shape[:2])
        blocks = (max(1, round(BLOCKS * part.shape[1] / longer)), max(1, round(BLOCKS * part.shape[0] / longer)))
        few = cv2.resize(part, blocks, interpolation=cv2.INTER_AREA)
        size = (part.shape[1], part.shape[0])
        shown[top:bottom, left:right] = cv2.resize(few, size, interpolation=cv2.INTER_NEAREST)
    return shown


def share_picture(source: Path, target: Path, find: Find, hide: Hide) -> None:
    """A JPEG of the picture without faces and plates, and without what cameras write into files. Raises ``OSError``."""
    # Turned upright by what its Exif says: the upper part of a person has to be where the head is.
    how = cv2.IMREAD_REDUCED_COLOR_2 if pixel_count(source) > LARGE else cv2.IMREAD_COLOR
    pixels = cv2.imdecode(np.frombuffer(source.read_bytes(), np.uint8), how)
    if pixels is None:
        raise OSError(f"{source}: no picture")
    picture = np.ascontiguousarray(pixels[:, :, ::-1]).astype(np.uint8)
    shown = covered(picture, to_hide(picture, find, hide))
    done, data = cv2.imencode(".jpg", np.ascontiguousarray(shown[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not done:
        raise OSError(f"{target}: the picture cannot be encoded")
    target.write_bytes(data.tobytes())


def pixel_count(source: Path) -> int:
    """Of a picture or clip, as it says itself. Raises ``OSError`` for more than memory is lent for."""
    with source.open("rb") as file, av.open(file) as opened:  # by what it is; its name says nothing
        width, height = opened.streams.video[0].width, opened.streams.video[0].height
    if not width * height:
        raise OSError("no picture, or one that does not say how large it is")
    if width * height > MOST_PIXELS:
        raise OSError(f"it has {width}x{height} pixels; at most {MOST_PIXELS / 1e6:.0f} million are read")
    return width * height


def to_hide(picture: Picture, find: Find, hide: Hide) -> NDArray[np.float64]:
    """``(n, 4)`` pixels of a picture."""
    return regions(find(picture), hide, (picture.shape[1], picture.shape[0]))

"""A contact sheet of labelled pictures, to look at before anything learns from them."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from labels.datasets.records import Picture
from labels.synthesis.labelled import read_rgb
from labels.synthesis.scene import Rgb

COLOURS = ((230, 60, 60), (60, 200, 60), (70, 110, 255), (240, 200, 40), (220, 80, 220), (60, 210, 210))


def write_sheet(pictures: Sequence[Picture], file: Path, columns: int = 3, width: int = 1100) -> None:
    """A PNG, ``width`` pixels wide: the pictures in rows with their boxes and classes. Raises ``OSError``."""
    if not pictures:
        raise OSError(f"{file}: there are no pictures to show")
    cell = width // columns
    drawn = [_drawn(picture, cell) for picture in pictures]
    rows = [drawn[first : first + columns] for first in range(0, len(drawn), columns)]
    sheet = np.vstack([_row(row, columns * cell) for row in rows])
    file.parent.mkdir(parents=True, exist_ok=True)
    ok, png = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    if not ok:
        raise OSError(f"{file}: the sheet could not be encoded")
    file.write_bytes(png.tobytes())


def _row(drawn: Sequence[Rgb], width: int) -> Rgb:
    row = np.full((max(len(picture) for picture in drawn) + 4, width, 3), 255, np.uint8)
    left = 0
    for picture in drawn:
        row[: len(picture), left : left + picture.shape[1]] = picture
        left += picture.shape[1] + 4
    return row


def _drawn(picture: Picture, width: int) -> Rgb:
    whole = read_rgb(picture.path)
    height = round(whole.shape[0] * (width - 4) / whole.shape[1])
    rgb = np.asarray(cv2.resize(whole, (width - 4, height), interpolation=cv2.INTER_AREA), np.uint8)
    for box in picture.boxes:
        x1, y1, x2, y2 = (round(v * s) for v, s in zip(box.xyxy, (width - 4, height, width - 4, height), strict=True))
        colour = COLOURS[sum(box.cls.encode()) % len(COLOURS)]
        cv2.rectangle(rgb, (x1 - 1, y1 - 1), (x2, y2), colour, 1)
        cv2.putText(rgb, box.cls[:12], (x1, max(y1 - 3, 8)), cv2.FONT_HERSHEY_SIMPLEX, 0.3, colour, 1, cv2.LINE_AA)
    return rgb

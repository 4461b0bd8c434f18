"""Pictures for judging by eye: what a box shows, with its surroundings, many of them on a sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.evaluation.examined import Boxes
from streams.frame import Picture

SIDE, CAPTION, COLUMNS, ROWS = 220, 34, 5, 5
"""Pixels of one close-up and of the two lines below it; close-ups on one sheet."""
AROUND, SMALLEST = 2.2, 80.0
"""A close-up shows this many times the longer side of its box, and at least so many pixels of the picture."""

_GREEN, _BLUE, _RED = (60, 220, 90), (70, 130, 255), (255, 60, 50)
_PAPER, _INK = 28, (235, 235, 235)


@dataclass(frozen=True, slots=True)
class Mark:
    """Boxes to draw thinly, in pixels of the picture. ``reference``: blue as what should be found, else green."""

    boxes: Boxes
    reference: bool


def close_up(picture: Picture, xyxy: tuple[float, float, float, float], marks: Sequence[Mark] = ()) -> Picture:
    """``(SIDE, SIDE, 3)`` RGB: the box (red) in the middle of its surroundings, with the marks that are there."""
    x1, y1, x2, y2 = xyxy
    span = round(max(AROUND * max(x2 - x1, y2 - y1), SMALLEST))
    left, top = round((x1 + x2 - span) / 2), round((y1 + y2 - span) / 2)
    canvas = np.full((span, span, 3), _PAPER, np.uint8)
    part = picture[max(top, 0) : max(top + span, 0), max(left, 0) : max(left + span, 0)]
    row, column = max(-top, 0), max(-left, 0)
    canvas[row : row + part.shape[0], column : column + part.shape[1]] = part
    how = cv2.INTER_AREA if span > SIDE else cv2.INTER_CUBIC
    shown = np.asarray(cv2.resize(canvas, (SIDE, SIDE), interpolation=how), np.uint8)
    scale = SIDE / span
    for mark in marks:
        for box in mark.boxes:
            _draw(shown, box, left, top, scale, _BLUE if mark.reference else _GREEN, 1)
    _draw(shown, np.array(xyxy), left, top, scale, _RED, 2)
    return shown


def sheets(close_ups: Sequence[tuple[Picture, str, str]]) -> list[NDArray[np.uint8]]:
    """Close-ups, each with two lines of text, on as many sheets as they need; RGB."""
    pages = []
    for first in range(0, len(close_ups), COLUMNS * ROWS):
        part = close_ups[first : first + COLUMNS * ROWS]
        rows = -(-len(part) // COLUMNS)
        page = np.full((rows * (SIDE + CAPTION), COLUMNS * SIDE, 3), _PAPER, np.uint8)
        for i, (shown, above, below) in enumerate(part):
            x, y = i % COLUMNS * SIDE, i // COLUMNS * (SIDE + CAPTION)
            page[y : y + SIDE, x : x + SIDE] = shown
            for line, text in enumerate((above, below)):
                at = (x + 4, y + SIDE + 13 + 15 * line)
                cv2.putText(page, text[:36], at, cv2.FONT_HERSHEY_SIMPLEX, 0.38, _INK, 1, cv2.LINE_AA)
        pages.append(page)
    return pages


def _draw(
    shown: Picture,
    box: NDArray[np.float64],
    left: float,
    top: float,
    scale: float,
    colour: tuple[int, int, int],
    width: int,
) -> None:
    x1, y1, x2, y2 = ((box - [left, top, left, top]) * scale).round().astype(int).tolist()
    cv2.rectangle(shown, (x1, y1), (x2, y2), colour, width)

"""A picture of what each class of a set looks like, for the eye to judge the labels by."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.datasets.records import Box, LabelsError, Picture, PictureSet

CELL, COLUMNS = 132, 8
AROUND = 1.6
"""How much more than its box a cell shows, so that one sees what it stands in."""
INK, PAPER, EDGE = (20, 20, 20), (255, 255, 255), (40, 40, 230)


def write_contact_sheet(pictures: PictureSet, file: Path, seed: int = 0, rows: int = 2) -> None:
    """Writes a WebP (or what the ending of ``file`` says): for each class ``rows`` rows of its boxes, drawn by chance.

    Raises ``LabelsError`` where the set has no box, or the file's ending is none of a picture; ``OSError``.
    """
    by_class: dict[str, list[tuple[Picture, Box]]] = {}
    for picture in pictures.pictures:
        for box in picture.boxes:
            by_class.setdefault(box.cls, []).append((picture, box))
    if not by_class:
        raise LabelsError(f"{pictures.name}: it has no box to show")
    rng = np.random.default_rng(seed)
    bands = []
    for cls in sorted(by_class):
        shown = [by_class[cls][i] for i in rng.permutation(len(by_class[cls]))[: COLUMNS * rows]]
        bands.append(_title(f"{cls}: {len(by_class[cls])} boxes"))
        cells = [_cell(picture, box) for picture, box in shown]
        for start in range(0, len(cells), COLUMNS):
            band: NDArray[np.uint8] = np.full((CELL, CELL * COLUMNS, 3), PAPER, np.uint8)
            for place, cell in enumerate(cells[start : start + COLUMNS]):
                band[: CELL - 2, place * CELL : (place + 1) * CELL - 2] = cell
            bands.append(band)
    try:
        done, data = cv2.imencode(file.suffix or ".webp", np.concatenate(bands), [cv2.IMWRITE_WEBP_QUALITY, 80])
    except cv2.error:
        done = False
    if not done:
        raise LabelsError(f"{file}: a sheet is a .webp, .png or .jpg file")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.tobytes())


def _title(text: str) -> NDArray[np.uint8]:
    band: NDArray[np.uint8] = np.full((22, CELL * COLUMNS, 3), PAPER, np.uint8)
    cv2.putText(band, text, (4, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, INK, 1, cv2.LINE_AA)
    return band


def _cell(picture: Picture, box: Box) -> NDArray[np.uint8]:
    """``(CELL - 2, CELL - 2, 3)`` BGR: the box with its surroundings."""
    whole: Any = cv2.imread(str(picture.path))
    if whole is None:
        raise LabelsError(f"{picture.path}: it cannot be read as a picture")
    x1, y1, x2, y2 = (v * side for v, side in zip(box.xyxy, (*whole.shape[1::-1],) * 2, strict=True))
    span = round(max(AROUND * max(x2 - x1, y2 - y1), 24.0))
    left, top = round((x1 + x2 - span) / 2), round((y1 + y2 - span) / 2)
    cell: Any = np.full((span, span, 3), PAPER, np.uint8)
    part = whole[max(top, 0) : top + span, max(left, 0) : left + span]
    row, column = max(-top, 0), max(-left, 0)
    cell[row : row + part.shape[0], column : column + part.shape[1]] = part
    cell = cv2.resize(cell, (CELL, CELL), interpolation=cv2.INTER_AREA if span > CELL else cv2.INTER_CUBIC)
    corners = [round((v - start) * CELL / span) for v, start in ((x1, left), (y1, top), (x2, left), (y2, top))]
    cv2.rectangle(cell, (corners[0], corners[1]), (corners[2], corners[3]), EDGE, 1)
    return np.asarray(cell[: CELL - 2, : CELL - 2], np.uint8)

"""Plain Ultralytics YOLO exports: ``(B, 3, H, W)`` floats in; raw anchors or finished boxes out."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.adapters.foreign import ClassMap, best_first, class_names, foreign_card, rows_of
from models.boxes import SCORE_FLOOR, Rows, suppress, tidy
from models.card import ModelRefused
from models.crops import LETTERBOX_SIZES, check_crops, in_batches, unit_planes
from models.runtime import ort
from models.session import OnSession

START, KEEP = 0.35, 0.15
"""Thresholds of a file that brings none: those of the shipped model, of the same family, where nothing was measured."""

PROBE = (192, 320)
"""Height and width of a picture that only finds out about a model."""


def adapt(session: ort.InferenceSession, path: Path) -> "YoloExport":
    """Raises ``ModelRefused`` for any other form."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    said = session.get_modelmeta().custom_metadata_map
    wrong = []
    if [(i.type, len(i.shape), i.shape[1:2]) for i in inputs] != [("tensor(float)", 4, [3])]:
        wrong.append("its input is not one tensor(float) (B, 3, H, W)")
    if [(o.type, len(o.shape)) for o in outputs] != [("tensor(float)", 3)]:
        wrong.append("its output is not one tensor(float) of three dimensions")
    if said.get("task", "detect") != "detect":
        wrong.append(f"its task is {said['task']!r}, not 'detect'")
    names = class_names(said.get("names", ""))
    if not names:
        wrong.append("its metadata 'names' does not name its classes")
    if wrong:
        raise ModelRefused(path, wrong)
    rows, columns = _output_shape(session)
    if columns != 6 and rows != 4 + len(names):
        raise ModelRefused(
            path,
            [
                f"its output is (B, {rows}, {columns}): with {len(names)} classes it must be"
                f" (B, {4 + len(names)}, A), or (B, N, 6) where the boxes are finished"
            ],
        )
    return YoloExport(session, path, names, finished=rows != 4 + len(names))


def _output_shape(session: ort.InferenceSession) -> tuple[int, int]:
    """What an output holds for each picture. Not every export of free sizes states it; then one picture tells."""
    rows, columns = session.get_outputs()[0].shape[1:]
    if isinstance(rows, int) or columns == 6:
        return rows, columns
    picture = session.get_inputs()[0]
    shape = [side if isinstance(side, int) else free for side, free in zip(picture.shape, (1, 3, *PROBE), strict=True)]
    _, rows, columns = session.run(None, {picture.name: np.zeros(shape, np.float32)})[0].shape
    return rows, columns


class YoloExport(OnSession):
    """finished: the graph gives boxes as rows, else for every anchor centre, size and a score for each class."""

    def __init__(self, session: ort.InferenceSession, path: Path, names: tuple[str, ...], *, finished: bool):
        batch, _, height, width = session.get_inputs()[0].shape
        fixed = isinstance(height, int) and isinstance(width, int)
        stride = _stride(session.get_modelmeta().custom_metadata_map.get("stride", ""))
        free = [size for size in LETTERBOX_SIZES if size[0] % stride == 0 and size[1] % stride == 0]
        sizes = [(width, height)] if fixed else free
        self._classes = ClassMap(path, names)
        self.card = foreign_card(
            session, path, self._classes.keys, sizes, START, KEEP, resize="letterbox", form="Ultralytics YOLO export"
        )
        self._session, self._input = session, session.get_inputs()[0].name
        self._batch = batch if isinstance(batch, int) else None
        self._finished = finished

    def detect(self, crops: NDArray[np.uint8], least: float = SCORE_FLOOR) -> list[Rows]:
        check_crops(crops, self.card)
        height, width = crops.shape[1:3]
        found: list[Rows] = []
        for part, count in in_batches(crops, self._batch):
            (outputs,) = self._session.run(None, {self._input: unit_planes(part)})
            found += [self._rows(output, least) for output in outputs[:count]]
        return [tidy(suppress(rows), width, height, least) for rows in found]

    def _rows(self, output: NDArray[np.float32], least: float) -> Rows:
        if self._finished:
            return best_first(self._classes.rename(output))
        return best_first(rows_of(output[:2].T, output[2:4].T, self._classes.best(output[4:]), least))


def _stride(text: str) -> int:
    return int(text) if text.isdecimal() and int(text) > 0 else 32

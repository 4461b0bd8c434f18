"""YOLOX exports: ``(B, 3, H, W)`` floats in; for every grid cell a box, how sure it is of a thing, and of each class.

After Megvii's ``tools/export_onnx.py`` and ``demo/ONNXRuntime`` (Apache-2.0): the file holds either the finished boxes
(``--decode_in_inference``) or, usually, what the network says of each cell.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.adapters.foreign import ClassMap, best_first, foreign_card, names_of, probe, rows_of
from models.adapters.pixels import planes_of
from models.boxes import SCORE_FLOOR, Rows, suppress, tidy
from models.card import ModelRefused
from models.crops import check_crops, in_batches
from models.runtime import ort
from models.session import OnSession

START, KEEP = 0.35, 0.15
"""Thresholds of a file that brings none, as of the YOLO exports; on YOLOX they were not measured."""

STRIDES = (8, 16, 32)
GREY = 114
"""Of the picture that only finds out about a model."""


def adapt(session: ort.InferenceSession, path: Path) -> "YoloxExport":
    """Raises ``ModelRefused`` for any other form."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    wrong = []
    if [(i.type, len(i.shape), i.shape[1:2]) for i in inputs] != [("tensor(float)", 4, [3])]:
        wrong.append("its input is not one tensor(float) (B, 3, H, W)")
    elif not all(isinstance(side, int) for side in inputs[0].shape[2:]):
        wrong.append("its input has no fixed height and width")
    elif any(side % STRIDES[-1] for side in inputs[0].shape[2:]):
        wrong.append(f"its input's height and width are no multiples of {STRIDES[-1]}")
    if [(o.type, len(o.shape)) for o in outputs] != [("tensor(float)", 3)]:
        wrong.append("its output is not one tensor(float) of three dimensions")
    if not wrong:
        (_, rows, columns), (height, width) = outputs[0].shape, inputs[0].shape[2:]
        cells = len(grid(width, height))
        if (isinstance(rows, int) and rows != cells) or (isinstance(columns, int) and columns < 6):
            strides = ", ".join(map(str, STRIDES))
            wrong.append(
                f"its output is (B, {rows}, {columns}): a picture of {width}x{height} with strides {strides} gives"
                f" (B, {cells}, 5 + classes)"
            )
    if wrong:
        raise ModelRefused(path, wrong)
    return YoloxExport(session, path)


def grid(width: int, height: int, strides: tuple[int, ...] = STRIDES) -> NDArray[np.float32]:
    """``(A, 3)``: column, row and stride of every cell, level by level, row by row."""
    levels = []
    for stride in strides:
        row, column = np.indices((height // stride, width // stride)).reshape(2, -1)
        levels.append(np.stack([column, row, np.full_like(row, stride)], axis=1))
    return np.concatenate(levels).astype(np.float32)


class YoloxExport(OnSession):
    """Its file never names its classes itself: 80 are taken for COCO's, others need the metadata ``names``."""

    def __init__(self, session: ort.InferenceSession, path: Path):
        picture = session.get_inputs()[0]
        batch, _, height, width = picture.shape
        said = session.get_modelmeta().custom_metadata_map
        self._session, self._input = session, picture.name
        self._batch = batch if isinstance(batch, int) else None
        self._planes = planes_of(said, "bgr-255", path)
        self._grid = grid(width, height)
        grey = np.full((self._batch or 1, height, width, 3), GREY, np.uint8)
        ((output, *_),) = probe(session, path, self._planes(grey)).values()
        cells, columns = output.shape
        if cells != len(self._grid):  # an output of no stated shape
            raise ModelRefused(path, [f"it gives {cells} boxes, the grid of its picture has {len(self._grid)} cells"])
        names, assumed = names_of(said, columns - 5, path)
        self._classes = ClassMap(path, names)
        self._decoded = decoded(output[:, :2], self._grid)
        self.card = foreign_card(
            session,
            path,
            self._classes.keys,
            [(width, height)],
            START,
            KEEP,
            resize="letterbox",
            form=f"YOLOX export{assumed}",
        )

    def detect(self, crops: NDArray[np.uint8], least: float = SCORE_FLOOR) -> list[Rows]:
        check_crops(crops, self.card)
        height, width = crops.shape[1:3]
        found: list[Rows] = []
        for part, count in in_batches(crops, self._batch):
            (outputs,) = self._session.run(None, {self._input: self._planes(part)})
            found += [self._rows(output, least) for output in outputs[:count]]
        return [tidy(suppress(rows), width, height, least) for rows in found]

    def _rows(self, output: NDArray[np.float32], least: float) -> Rows:
        # Where something is, and what it is, are two answers: YOLOX's score is their product.
        scores = output[:, 4] * self._classes.best(output[:, 5:].T)
        centre, size = output[:, :2], output[:, 2:4]
        if not self._decoded:
            cell, stride = self._grid[:, :2], self._grid[:, 2:]
            with np.errstate(over="ignore"):  # cells without a thing may say anything
                centre, size = (centre + cell) * stride, np.exp(size) * stride
        return best_first(rows_of(centre, size, scores, least))


def decoded(centre: NDArray[np.float32], cells: NDArray[np.float32]) -> bool:
    """Whether a file's boxes are finished. Finished centres lie near their cells, all over the picture; unfinished ones
    are offsets of about a cell, wherever the cell is."""
    cell, stride = cells[:, :2], cells[:, 2:]
    return bool(np.median(np.abs(centre / stride - cell)) < np.median(np.abs(centre)))

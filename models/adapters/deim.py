"""DEIM, D-FINE and RT-DETR exports: a stretched square and the picture's size in; labels, boxes and scores out."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labels.source_classes import load_source_classes
from models.adapters.foreign import ClassMap, best_first, class_names, foreign_card
from models.adapters.pixels import planes_of
from models.boxes import SCORE_FLOOR, Rows, suppress, tidy
from models.card import ModelRefused
from models.crops import check_crops, in_batches
from models.runtime import ort
from models.session import OnSession

START, KEEP = 0.35, 0.25
"""Thresholds of a file that brings none. On clips of standing traffic DEIMv2 femto gives junk up to 0.25 all over a
picture, and cars from about 0.3."""

OUTPUTS = ["labels", "boxes", "scores"]


def adapt(session: ort.InferenceSession, path: Path) -> "DeimExport":
    """Raises ``ModelRefused`` for any other form."""
    inputs = session.get_inputs()
    pictures = [i for i in inputs if i.type == "tensor(float)" and len(i.shape) == 4 and i.shape[1] == 3]
    picture_sizes = [i for i in inputs if i.type == "tensor(int64)" and len(i.shape) == 2]
    wrong = []
    if not (len(inputs) == 2 and len(pictures) == 1 and len(picture_sizes) == 1):
        wrong.append("its inputs are not tensor(float) (B, 3, H, W) and tensor(int64) (B, 2), the picture's size")
    elif not all(isinstance(side, int) for side in pictures[0].shape[2:]):
        wrong.append("its input has no fixed height and width")
    if sorted(o.name for o in session.get_outputs()) != sorted(OUTPUTS):
        wrong.append("its outputs are not labels, boxes and scores")
    if wrong:
        raise ModelRefused(path, wrong)
    return DeimExport(session, path, pictures[0], picture_sizes[0].name)


class DeimExport(OnSession):
    """Its file seldom names its classes; then they are COCO's 80 by index, as in the published weights.

    It may give one thing two labels with the same box, so suppression goes across classes.
    """

    def __init__(self, session: ort.InferenceSession, path: Path, picture: ort.NodeArg, picture_size: str):
        batch, _, height, width = picture.shape
        said = session.get_modelmeta().custom_metadata_map
        names = class_names(said.get("names", ""))
        form = "DEIM, D-FINE or RT-DETR export" + ("" if names else ", classes assumed to be COCO's 80")
        self._planes = planes_of(said, "rgb-unit", path)
        self._classes = ClassMap(path, names or tuple(load_source_classes("coco").key_of))
        self.card = foreign_card(
            session, path, self._classes.keys, [(width, height)], START, KEEP, resize="stretch", form=form
        )
        self._session, self._picture, self._picture_size = session, picture.name, picture_size
        self._batch = batch if isinstance(batch, int) else None

    def detect(self, crops: NDArray[np.uint8], least: float = SCORE_FLOOR) -> list[Rows]:
        check_crops(crops, self.card)
        height, width = crops.shape[1:3]
        found: list[Rows] = []
        for part, count in in_batches(crops, self._batch):
            size = np.tile(np.array([[width, height]], dtype=np.int64), (len(part), 1))
            given = {self._picture: self._planes(part), self._picture_size: size}
            labels, boxes, scores = self._session.run(OUTPUTS, given)
            rows = np.concatenate([boxes, scores[..., None], labels[..., None]], axis=2).astype(np.float32)
            found += [best_first(self._classes.rename(r)) for r in rows[:count]]
        return [tidy(suppress(rows, across_classes=True), width, height, least) for rows in found]

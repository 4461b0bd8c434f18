"""RT-DETR and D-FINE exports of Hugging Face Transformers: a stretched picture in; logits and boxes of queries out.

After ``RTDetrImageProcessor.post_process_object_detection`` (Apache-2.0): a score is the sigmoid of a logit, a box its
centre and size relative to the picture.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.adapters.deim import KEEP, START
from models.adapters.foreign import ClassMap, best_first, foreign_card, names_of, probe, rows_of
from models.adapters.pixels import planes_of
from models.boxes import SCORE_FLOOR, Rows, suppress, tidy
from models.card import ModelRefused
from models.crops import check_crops, in_batches
from models.runtime import ort
from models.session import OnSession

OUTPUTS = ["logits", "pred_boxes"]

SIDE = 640
"""Width and height for a file that takes any size: what these networks are trained with."""


def adapt(session: ort.InferenceSession, path: Path) -> "DetrQueries":
    """Raises ``ModelRefused`` for any other form."""
    inputs = session.get_inputs()
    wrong = []
    if [(i.type, len(i.shape)) for i in inputs] != [("tensor(float)", 4)]:
        wrong.append("its input is not one tensor(float) (B, 3, H, W)")
    if not set(OUTPUTS) <= {o.name for o in session.get_outputs()}:
        wrong.append("its outputs are not logits and pred_boxes")
    if wrong:
        raise ModelRefused(path, wrong)
    return DetrQueries(session, path)


class DetrQueries(OnSession):
    """Its file does not name its classes: 80 are taken for COCO's, others need the metadata ``names``.

    Queries may find one thing twice under two labels, so suppression goes across classes.
    """

    def __init__(self, session: ort.InferenceSession, path: Path):
        picture = session.get_inputs()[0]
        batch, _, height, width = (side if isinstance(side, int) else None for side in picture.shape)
        width, height = width or SIDE, height or SIDE
        said = session.get_modelmeta().custom_metadata_map
        self._session, self._input, self._batch = session, picture.name, batch
        self._planes = planes_of(said, "rgb-unit", path)
        logits = probe(session, path, np.zeros((batch or 1, 3, height, width), np.float32))["logits"]
        names, assumed = names_of(said, logits.shape[-1], path)
        self._classes = ClassMap(path, names)
        self.card = foreign_card(
            session,
            path,
            self._classes.keys,
            [(width, height)],
            START,
            KEEP,
            resize="stretch",
            form=f"RT-DETR or D-FINE export of Transformers{assumed}",
        )

    def detect(self, crops: NDArray[np.uint8], least: float = SCORE_FLOOR) -> list[Rows]:
        check_crops(crops, self.card)
        height, width = crops.shape[1:3]
        found: list[Rows] = []
        for part, count in in_batches(crops, self._batch):
            logits, boxes = self._session.run(OUTPUTS, {self._input: self._planes(part)})
            boxes = boxes * np.array([width, height, width, height], np.float32)
            for said, box in zip(logits[:count], boxes[:count], strict=True):
                scores = self._classes.best(1 / (1 + np.exp(-said.T.clip(-60, 60))))
                found.append(best_first(rows_of(box[:, :2], box[:, 2:], scores, least)))
        return [tidy(suppress(rows, across_classes=True), width, height, least) for rows in found]

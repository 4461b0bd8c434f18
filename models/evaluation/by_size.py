"""Recall and precision by how large a thing is in the picture of a full-HD camera."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation.examined import Boxes, Examined
from models.evaluation.matching import IOUS, match
from models.evaluation.ranking import rounded

FULL_HD = (1920, 1080)
EDGES = (32.0, 64.0, 128.0)
NAMES = ("below 32", "32-64", "64-128", "128 and above")


@dataclass(frozen=True, slots=True)
class SizeFigures:
    """How well things of one size are found at the threshold at which the model is used, IoU 0.5.

    boxes: labelled things of this size; recall: part of them that is found. found: boxes found of this size;
    precision: part of those that is right. None where there is nothing to take the part of.
    """

    size: str
    boxes: int
    recall: float | None
    found: int
    precision: float | None

    def to_dict(self) -> dict[str, Any]:
        fields = ("size", "boxes", "recall", "found", "precision")
        return {name: value if isinstance(value := getattr(self, name), str) else rounded(value) for name in fields}


def by_size(examined: Sequence[Examined], key: str, threshold: float) -> list[SizeFigures]:
    """One row for each size of ``NAMES``, of one class.

    The size of a box is its longer side, in pixels of the picture scaled to fit into 1920 x 1080.
    """
    labelled, hit, found, right = (np.zeros(len(NAMES), int) for _ in range(4))
    complete = any(key in e.picture.labelled for e in examined)
    for e in examined:
        if complete and key not in e.picture.labelled:
            continue
        truth, boxes = e.truth(key), e.found.of(key, threshold).xyxy
        matched = match(boxes, truth, e.ignore(key), IOUS[:1])
        hits = matched.truth[0] >= 0
        np.add.at(labelled, _size(truth, e), 1)
        np.add.at(hit, _size(truth[matched.truth[0, hits]], e), 1)
        counts = ~matched.ignored[0]
        np.add.at(found, _size(boxes[counts], e), 1)
        np.add.at(right, _size(boxes[hits], e), 1)
    return [
        SizeFigures(
            name,
            int(labelled[i]),
            float(hit[i] / labelled[i]) if labelled[i] else None,
            int(found[i]),
            float(right[i] / found[i]) if found[i] and complete else None,
        )
        for i, name in enumerate(NAMES)
    ]


def _size(boxes: Boxes, e: Examined) -> NDArray[np.int64]:
    scale = min(FULL_HD[0] / e.size[0], FULL_HD[1] / e.size[1])
    longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0.0) * scale
    return np.asarray(np.digitize(longer, EDGES), np.int64)

"""How much of what one model finds another one finds too, and where they disagree: no labels are needed for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.evaluation.close_up import Mark, close_up
from models.evaluation.examined import Boxes, DetectPicture, Found, as_found
from models.evaluation.matching import IOUS, match
from models.evaluation.ranking import rounded
from streams.frame import Picture

SURE = 0.5
"""Score from which a box of the reference model is to be found again."""

Kind = Literal["reference only", "model only"]
NOTHING: Boxes = np.zeros((0, 4))


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two models. ``keys``: its classes by index. ``start``, ``keep``: its thresholds, by class."""

    detect: DetectPicture
    keys: tuple[str, ...]
    start: Mapping[str, float]
    keep: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A box of one model that the other one has not, at IoU 0.5.

    xyxy: in pixels of the picture. picture: RGB of the box and what is around it.
    """

    name: str
    kind: Kind
    key: str
    score: float
    xyxy: tuple[float, float, float, float]
    picture: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Agreed:
    """One class. boxes: how many the reference model is sure of; found: how many of them the model finds too."""

    boxes: int
    found: int

    @property
    def recall(self) -> float | None:
        return self.found / self.boxes if self.boxes else None

    def to_dict(self) -> dict[str, Any]:
        return {"boxes": self.boxes, "found": self.found, "recall": rounded(self.recall)}


def compare(
    pictures: Iterable[tuple[str, Picture]], reference: Side, model: Side, keys: Sequence[str]
) -> tuple[dict[str, Agreed], int, list[Disagreement]]:
    """Show each picture to both models.

    pictures: name and ``(H, W, 3)`` RGB. Boxes of the reference from ``SURE`` on count as things, boxes of the model
    from its keep threshold on find them. The other way round, a box of the model from its start threshold on of which
    the reference has nothing from its own keep threshold on is a disagreement too.
    Returns the agreement by class, the number of pictures, and all disagreements.
    """
    boxes, hits = dict.fromkeys(keys, 0), dict.fromkeys(keys, 0)
    disagreements: list[Disagreement] = []
    count = 0
    for name, picture in pictures:
        count += 1
        ours, theirs = as_found(model.detect(picture), model.keys), as_found(reference.detect(picture), reference.keys)
        for key in keys:
            sure, weak = theirs.of(key, SURE), theirs.of(key, reference.keep.get(key, SURE))
            kept, strong = ours.of(key, model.keep.get(key, 2.0)), ours.of(key, model.start.get(key, 2.0))
            given = match(kept.xyxy, sure.xyxy, NOTHING, IOUS[:1]).truth[0]
            missed = np.setdiff1d(np.arange(len(sure)), given)
            alone = match(weak.xyxy, strong.xyxy, NOTHING, IOUS[:1]).truth[0]
            added = np.setdiff1d(np.arange(len(strong)), alone)
            boxes[key] += len(sure)
            hits[key] += len(sure) - len(missed)
            marks = [Mark(kept.xyxy, False), Mark(sure.xyxy, True)]
            sides: list[tuple[Kind, Found, NDArray[np.int64]]] = [
                ("reference only", sure, missed),
                ("model only", strong, added),
            ]
            for kind, side, which in sides:
                for i in which.tolist():
                    x1, y1, x2, y2 = side.xyxy[i].tolist()
                    shown = close_up(picture, (x1, y1, x2, y2), marks)
                    disagreements.append(Disagreement(name, kind, key, float(side.score[i]), (x1, y1, x2, y2), shown))
    return {key: Agreed(boxes[key], hits[key]) for key in keys}, count, disagreements


def sample(disagreements: Sequence[Disagreement], count: int, seed: int = 0) -> list[Disagreement]:
    """At most ``count`` of them, of both kinds alike as far as there are any, drawn at random, in their order."""
    rng = np.random.default_rng(seed)
    missed = [i for i, d in enumerate(disagreements) if d.kind == "reference only"]
    added = [i for i, d in enumerate(disagreements) if d.kind == "model only"]
    of_missed = min(len(missed), max(count // 2, count - len(added)))
    chosen = [*rng.permutation(missed)[:of_missed], *rng.permutation(added)[: count - of_missed]]
    return [disagreements[int(i)] for i in sorted(chosen)]

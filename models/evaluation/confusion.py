"""What is taken for what: labelled things, look-alikes and bare background against the classes that were found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.evaluation.examined import Boxes, Examined
from models.evaluation.matching import IOUS, iou, match

BACKGROUND, MISSED, LOOK_ALIKE, AGAIN = "background", "missed", "look-alike of ", "already found"


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts at the thresholds at which the model is used, IoU 0.5.

    counts: ``counts[truth][found]``. truth: a class, ``look-alike of KEY``, ``background``, or ``already found`` for a
    second box on one thing. found: a class, or ``missed`` for a labelled thing on which no box lies. A box of another
    class on a thing that was found rightly too counts in the thing's row: such a row may sum up to more than there are
    things.
    """

    counts: dict[str, dict[str, int]]

    def to_dict(self) -> dict[str, Any]:
        return self.counts


def confusion(examined: Sequence[Examined], thresholds: Mapping[str, float]) -> Confusion:
    """thresholds: per class of the model; a box below its class's threshold does not count.

    Boxes on bare background count only where every instance of their class is labelled.
    """
    counted: Counter[tuple[str, str]] = Counter()
    for e in examined:
        counted.update(_of_picture(e, thresholds))
    counts: dict[str, dict[str, int]] = {}
    for (truth, found), number in sorted(counted.items(), key=lambda item: (_order(item[0][0]), _order(item[0][1]))):
        counts.setdefault(truth, {})[found] = number
    return Confusion(counts)


def _of_picture(e: Examined, thresholds: Mapping[str, float]) -> list[tuple[str, str]]:
    names = [box.cls for box in e.picture.boxes]
    truth = e.pixels([box.xyxy for box in e.picture.boxes])
    alike, labels = e.look_alikes()
    pairs: list[tuple[str, str]] = []
    seen = np.zeros(len(truth), bool)
    left: list[tuple[str, Boxes]] = []
    for key, threshold in thresholds.items():
        own = np.array([i for i, name in enumerate(names) if name == key], int)
        boxes = e.found.of(key, threshold).xyxy
        matched = match(boxes, truth[own], e.ignore(key), IOUS[:1])
        hits = matched.truth[0] >= 0
        seen[own[matched.truth[0, hits]]] = True
        pairs += [(key, key)] * int(hits.sum())
        left += [(key, box[None]) for box in boxes[~hits & ~matched.ignored[0]]]
    for key, box in left:
        on, at = _most(box, truth)
        if on >= IOUS[0]:
            seen[at] = True
            pairs.append((AGAIN if names[at] == key else names[at], key))
            continue
        like, at = _most(box, alike)
        if like >= IOUS[0]:
            pairs.append((LOOK_ALIKE + labels[at].cls, key))
        elif key in e.picture.labelled:
            pairs.append((BACKGROUND, key))
    return pairs + [(name, MISSED) for name, found in zip(names, seen, strict=True) if not found]


def _most(box: Boxes, others: Boxes) -> tuple[float, int]:
    if len(others) == 0:
        return 0.0, -1
    overlap = iou(box, others)[0]
    return float(overlap.max()), int(overlap.argmax())


def _order(name: str) -> tuple[int, str]:
    return (2 if name in (BACKGROUND, MISSED, AGAIN) else 1 if name.startswith(LOOK_ALIKE) else 0), name

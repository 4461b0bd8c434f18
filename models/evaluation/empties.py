"""False alarms on streets where nothing is wrong: the figure that decides whether an operator keeps the model on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from labels.datasets.records import LabelsError
from labels.datasets.yolo import PICTURES
from models.evaluation.average_precision import LEVEL, ROUNDS, SEED
from models.evaluation.examined import Found
from models.evaluation.ranking import rounded


@dataclass(frozen=True, slots=True)
class FalseBoxes:
    """Boxes of one class in pictures that hold none of it, at the threshold at which the model is used.

    per_thousand: false boxes per thousand pictures. ci95: its 95 % interval, by drawing pictures with replacement.
    """

    boxes: int
    per_thousand: float
    ci95: tuple[float, float]

    def to_dict(self) -> dict[str, Any]:
        return {
            "boxes": self.boxes,
            "per_thousand": rounded(self.per_thousand),
            "ci95": [rounded(end) for end in self.ci95],
        }


def empty_pictures(directory: Path) -> list[Path]:
    """The pictures below a directory. Raises ``LabelsError`` where there is none."""
    if not directory.is_dir():
        raise LabelsError(f"{directory}: there is no such directory")
    found = sorted(path for path in directory.rglob("*") if path.suffix.lower() in PICTURES)
    if not found:
        raise LabelsError(f"{directory}: it holds no picture ({', '.join(sorted(PICTURES))})")
    return found


def false_boxes(found: Iterable[Found], thresholds: Mapping[str, float]) -> dict[str, FalseBoxes]:
    """found: what was found in each picture. Returns figures for each class of ``thresholds``."""
    pictures = list(found)
    counts = {key: np.array([len(f.of(key, score)) for f in pictures], float) for key, score in thresholds.items()}
    size = len(pictures)
    drawn = np.random.default_rng(SEED).multinomial(size, np.full(size, 1 / size), size=ROUNDS)
    figures = {}
    for key, count in counts.items():
        low, high = np.percentile(drawn @ count * 1000 / size, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
        figures[key] = FalseBoxes(int(count.sum()), float(count.mean() * 1000), (float(low), float(high)))
    return figures

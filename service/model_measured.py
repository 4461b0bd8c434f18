"""What a card is written from: thresholds chosen on pictures held back, figures measured on the test parts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labels.datasets.load import load_set
from labels.datasets.records import LabelsError
from labels.source_classes import SourceClasses, SourceClassesError, load_source_classes
from models.card import ModelCard
from models.detector import Detector
from models.evaluation.examined import Examined, examine
from models.evaluation.figures import ClassFigures, labelled_keys, measure
from models.evaluation.operating_point import OperatingPoint, Thresholds, choose, operating_point
from models.evaluation.ranking import rank
from models.training.gather import load
from models.training.recipe import Recipe
from service.picture_detector import PictureDetector

KEEP_PRECISION = 0.6
"""What a box that only keeps a track must be worth."""
LEAST_BOXES, LEAST_PRECISION, LEAST_RECALL = 20, 0.8, 0.3
"""A class is proven from so many labelled things in test pictures, found with this precision and recall on."""
RULE = (
    f"A class is proven if real test pictures show at least {LEAST_BOXES} labelled things of it and, from its start"
    f" threshold on, at least {LEAST_PRECISION:.0%} of the boxes found there are right and at least {LEAST_RECALL:.0%}"
    " of the things are found (IoU 0.5). Everything else is unproven."
)
COMPOSED = "synthesis"
"""What composed scenes are called as a source."""


@dataclass(frozen=True, slots=True)
class TestedSet:
    """The test pictures of one set and what the model found in them."""

    source: SourceClasses
    examined: tuple[Examined, ...]

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def may_be_shown(self) -> bool:
        """Whether a licence is stated that lets others see its pictures, and nobody doubts it."""
        return self.source.licence is not None and not licence_in_doubt(self.source.licence)


def licence_in_doubt(licence: str) -> bool:
    """Whether the source says itself that nobody could verify it."""
    return "not verified" in licence


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found out about a model. thresholds: with the number of things they were chosen on.
    figures: by class and test set. sheets: the file of each class that may be shown."""

    precision: float
    thresholds: dict[str, tuple[Thresholds, int]]
    figures: dict[str, dict[str, ClassFigures]]
    parts: tuple[TestedSet, ...]
    sheets: dict[str, str]
    rule: str = RULE
    keep_precision: float = KEEP_PRECISION


def held_back(folder: Path, recipe: Recipe, detector: Detector) -> list[Examined]:
    """The pictures that training kept away from every step, as the model sees them; composed ones are left out, for
    they say how a scene was drawn and not how a street looks. Raises ``LabelsError``."""
    detect, keys = PictureDetector(detector), detector.card.keys
    seen: list[Examined] = []
    for name, entry in recipe.sets.items():
        if entry.composed or entry.source == COMPOSED or not (folder / name).is_dir():
            continue
        pictures = load(name, entry.model_copy(update={"directory": name}), folder)
        seen += examine(pictures.pictures if pictures else (), detect, keys)
    return seen


def chosen(
    examined: Sequence[Examined], keys: Sequence[str], precision: float, precisions: Mapping[str, float]
) -> dict[str, tuple[Thresholds, int]]:
    """For each class that has complete labels among these pictures its thresholds and on how many things they were
    chosen. precisions: for the classes that are to have another precision than the rest."""
    found = {}
    for key in keys:
        ranking = rank(examined, key)
        if ranking.complete and ranking.boxes:
            found[key] = choose(ranking, precisions.get(key, precision), KEEP_PRECISION), ranking.boxes
    return found


def sets_measured_on(data: Path, detector: Detector, further: Sequence[tuple[str, Path]] = ()) -> Iterator[TestedSet]:
    """Every real set ``data/NAME/test`` whose classes are known and of which at least one is labelled completely, and
    what is named beside them. further: source classes and folder of each.

    Raises ``LabelsError`` and, for a further source that is unknown, ``SourceClassesError``.
    """
    detect, keys = PictureDetector(detector), detector.card.keys
    for source, directory in [*_test_parts(data), *further]:
        pictures = load_set(source, directory).pictures  # without what its list excludes, as everywhere
        if pictures:
            yield TestedSet(load_source_classes(source), tuple(examine(pictures, detect, keys)))


def _test_parts(data: Path) -> Iterator[tuple[str, Path]]:
    for directory in sorted(data.glob("*/test")):
        try:
            source = load_source_classes(directory.parent.name)
        except SourceClassesError:
            continue  # a folder of something else
        if source.name != COMPOSED and source.labelled:
            yield directory.parent.name, directory


def figures(parts: Sequence[TestedSet], card: ModelCard) -> dict[str, dict[str, ClassFigures]]:
    """Class, set: how well the class is found there at its start threshold. Only where all of it is labelled."""
    measured: dict[str, dict[str, ClassFigures]] = {}
    for part in parts:
        for key in labelled_keys(part.examined):
            ranking = rank(part.examined, key)
            if ranking.complete:
                measured.setdefault(key, {})[part.name] = measure(ranking, card.start.get(key))
    return measured


def proven(parts: Sequence[TestedSet], start: Mapping[str, float]) -> dict[str, bool]:
    """By the rule of the card, over all test pictures in which a class is labelled completely."""
    everything = [e for part in parts for e in part.examined]
    return {key: _proven(everything, key, threshold) for key, threshold in start.items()}


def _proven(examined: Sequence[Examined], key: str, threshold: float) -> bool:
    ranking = rank(examined, key)
    point: OperatingPoint = operating_point(ranking, threshold)
    return (
        ranking.complete
        and ranking.boxes >= LEAST_BOXES
        and (point.precision or 0.0) >= LEAST_PRECISION
        and (point.recall or 0.0) >= LEAST_RECALL
    )


def checked(data: Path) -> Path:
    """Raises ``LabelsError`` where there is nothing to test on."""
    if not any(data.glob("*/test/images")):
        raise LabelsError(f"{data}: it has no NAME/test/images: test pictures are what a card is measured on")
    return data

"""How well a recipe teaches one set of few pictures: every picture is tested once, by a model it did not teach."""

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from labels.datasets.folds import folds
from labels.datasets.groups import BLOCK
from labels.datasets.load import TEST, TRAIN, load_set
from labels.datasets.records import LabelsError, Picture
from labels.datasets.yolo import link_pictures
from labels.source_classes import load_source_classes
from models.detector import load_detector
from models.evaluation.examined import examine
from models.evaluation.figures import measure
from models.evaluation.ranking import rank
from models.training.recipe import load_recipe
from models.training.run import WEIGHTS, Run, train
from service.picture_detector import PictureDetector

RESULT = "figures.json"
STUDENT_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""Its 97.5 % quantile for 1 to 9 degrees of freedom, one less than there are folds."""
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """recipe, data, start, teacher: as for a training. name: the set, of which the parts train and test are taken
    together. key: the class that is measured. out: folder for the folds; finished ones are not trained again."""

    recipe: Path
    data: Path
    name: str
    key: str
    count: int
    start: Path
    teacher: Path | None
    out: Path
    seed: int = 0
    block: int = BLOCK


def cross_validate(order: Order, *, workers: int, told: Told) -> dict[str, Any]:
    """``{"set", "key", "folds": [{"pictures", "boxes", "ap50"}], "ap50", "ci95"}``: the mean and its 95 % interval by
    Student's t over the folds.

    The weights it starts from must not know the set. Raises what training raises.
    """
    recipe = load_recipe(order.recipe)
    if order.name not in recipe.sets:
        raise LabelsError(f"{order.recipe}: it has no set {order.name!r}; it has {', '.join(recipe.sets)}")
    source = recipe.sets[order.name].source or order.name
    own = order.data / order.name
    parts = [own / part for part in (TRAIN, TEST) if (own / part).is_dir()]
    pictures = [picture for part in parts for picture in load_set(source, part).pictures]
    cut = folds(pictures, order.count, order.seed, order.block)
    done = []
    for number, tested in enumerate(cut):
        folder = order.out / f"fold-{number}"
        result = folder / RESULT
        names = [picture.path.name for picture in tested]
        if not result.is_file():
            told(f"fold {number}: {len(tested)} of {len(pictures)} pictures are tested")
            taught = [picture for fold in cut if fold is not tested for picture in fold]
            lay_out(folder / "data", order, taught, tested)
            _share_made(folder / "run", order.out / "made")
            run = Run(order.recipe, folder / "data", folder / "run", order.start, order.teacher)
            train(run, minutes=1e6, workers=workers, told=told)
            figures = _figures(folder / "run" / WEIGHTS, source, folder / "data" / order.name / TEST, order.key)
            result.write_text(json.dumps({"pictures": names, **figures}), encoding="utf-8")
        known = json.loads(result.read_text(encoding="utf-8"))
        if known["pictures"] != names:
            raise LabelsError(f"{folder}: it is of other folds: name a new folder")
        done.append({**known, "pictures": len(names)})
        told(f"fold {number}: AP50 {done[-1]['ap50']:.3f} of {done[-1]['boxes']} boxes")
    mean, interval = mean_and_interval([fold["ap50"] for fold in done])
    return {"set": order.name, "key": order.key, "folds": done, "ap50": round(mean, 4), "ci95": interval}


def lay_out(data: Path, order: Order, taught: Sequence[Picture], tested: Sequence[Picture]) -> None:
    """A data folder of links in which the set's parts are these pictures and everything else is as it was."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    for other in order.data.iterdir():
        if other.name != order.name:
            (data / other.name).symlink_to(other.resolve())
    for part, pictures in ((TRAIN, taught), (TEST, tested)):
        link_pictures(pictures, data / order.name / part)


def mean_and_interval(figures: Sequence[float]) -> tuple[float, list[float]]:
    """The mean, and its 95 % interval by Student's t; the folds share pictures to learn from, so it is a little too
    narrow (Bengio and Grandvalet 2004, No Unbiased Estimator of the Variance of K-Fold Cross-Validation)."""
    mean = fmean(figures)
    half = STUDENT_T[len(figures) - 2] * stdev(figures) / len(figures) ** 0.5
    return mean, [round(mean - half, 4), round(mean + half, 4)]


def _share_made(run: Path, made: Path) -> None:
    """Composed scenes and what the teacher saw are the same for every fold."""
    made.mkdir(parents=True, exist_ok=True)
    run.mkdir(parents=True, exist_ok=True)
    if not (run / "made").exists():
        (run / "made").symlink_to(made.resolve())


def _figures(weights: Path, source: str, test: Path, key: str) -> dict[str, Any]:
    from models.export import export
    from models.ultralytics_weights import load_weights

    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "fold.onnx"
        export(load_weights(weights), model, load_source_classes("ours"), {"name": "fold"})
        detector = load_detector(model)
        seen = list(examine(load_set(source, test).pictures, PictureDetector(detector), detector.card.keys))
        figures = measure(rank(seen, key), detector.card.start[key])
    if figures.ap50 is None:
        raise LabelsError(f"{test}: {key} is not completely labelled there: there is no average precision")
    return {"boxes": figures.boxes, "ap50": round(figures.ap50, 4)}

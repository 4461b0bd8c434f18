"""One training run in its folder: started, interrupted, gone on with, finished."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.catalogue import load_catalogue
from labels.datasets.records import PictureSet
from labels.datasets.yolo import link_pictures
from labels.source_classes import load_source_classes
from models.detector import load_detector
from models.training.gather import Gathered, gather
from models.training.recipe import Recipe, RecipeError, load_recipe

RECIPE = Path(__file__).with_name("nano.yaml")
"""The recipe of the shipped model."""

CHECKPOINT, WEIGHTS, ACCOUNT, HELD = "checkpoint.pt", "weights.pt", "training.json", "held"
MEASURED_PX = 512
MEASURED = 100
"""Pictures, and their side, that an export's layers are measured with before it can learn."""

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Run:
    """recipe: the YAML file. data: the folder of the picture sets. out: where everything is kept. start: the weights it
    starts from: a COCO export (.onnx) or weights of ours (.pt). teacher: a COCO export (.onnx)
    whose classes are kept; without one the shipped model only draws boxes of what it sees."""

    recipe: Path
    data: Path
    out: Path
    start: Path
    teacher: Path | None = None


def train(run: Run, *, minutes: float, workers: int, told: Told) -> bool:
    """Trains until it is done, or for so many minutes; goes on where the last call stopped. Returns whether it is done.

    Raises ``RecipeError``, ``LabelsError``, ``ModelRefused``, and ``ImportError`` without the extra ``train``.
    """
    from models.training.torch_runtime import best_device, prepare

    prepare()
    # OpenCV's threads must be gone before the process that makes samples is forked: ending them there waits forever.
    cv2.setNumThreads(1)
    import torch

    from models.training.samples import Samples
    from models.training.start import mix_in
    from models.training.trainer import Trainer, save

    until = time.monotonic() + minutes * 60
    recipe = load_recipe(run.recipe)
    if recipe.of_start and run.start.suffix != ".pt":
        reason = f"of_start: {recipe.of_start}: {run.start.name} has no layers for our classes yet"
        raise RecipeError(f"{run.recipe}: {reason}; weights of ours (.pt) have")
    run.out.mkdir(parents=True, exist_ok=True)
    mark = _mark(run)
    checkpoint = run.out / CHECKPOINT
    state = torch.load(checkpoint, map_location="cpu", weights_only=True) if checkpoint.is_file() else None
    if state is not None and state["mark"] != mark:
        raise RecipeError(
            f"{checkpoint} is of another recipe or other starting weights: give another folder, or remove it"
        )
    keys = all_keys()
    torch.manual_seed(recipe.seed)
    gathered = gather(recipe, run.data, keys, load_detector(run.teacher), run.out / "made", told)
    remembering = _remembering(run, keys, best_device()) if any(s.remember for s in recipe.stages) else None
    keep_held(run.out / HELD, gathered.validate)
    network = _network(run, recipe, keys, gathered, state)
    device = best_device()
    spent = float(state["spent_s"]) if state else 0.0
    began = time.monotonic()
    at = int(state["stage"]) if state else 0
    curve: list[dict[str, float]] = list(state["curve"]) if state else []

    def keep(stage: int, trainer: Trainer | None) -> None:
        kept = {"mark": mark, "stage": stage, "curve": curve, "spent_s": spent + time.monotonic() - began}
        network_state = (trainer.averaged if trainer else network).state_dict()
        save({**kept, "network": network_state, "trainer": trainer.state() if trainer else None}, checkpoint)

    for number in range(at, len(recipe.stages)):
        stage = recipe.stages[number]
        schedule = replace(stage.schedule(), frozen=max(stage.frozen, recipe.shares))
        trainer = Trainer(network, schedule, device, remembering)
        if state is not None and state["trainer"] is not None and number == at:
            trainer.load(state["trainer"])
        samples = Samples(gathered.train, stage.size, recipe.seed + 1000 * number, stage.look())

        def progress(line: dict[str, float], number: int = number, trainer: Trainer = trainer) -> None:
            curve.append({"stage": float(number), **line})
            told("  ".join(f"{name} {value:.4g}" for name, value in curve[-1].items()))
            if int(line["step"]) % 200 == 0:
                keep(number, trainer)

        done = trainer.run(samples, workers, until, progress)
        if not done:
            keep(number, trainer)
            return False
        network = trainer.averaged.train()
        keep(number + 1, None)
    if recipe.of_start:
        mix_in(network, _network(run, recipe, keys, gathered, None), recipe.of_start)
    torch.save(packed(network, keys), run.out / WEIGHTS)
    account = _account(run, recipe, gathered, curve, spent + time.monotonic() - began, device)
    (run.out / ACCOUNT).write_text(json.dumps(account, ensure_ascii=False, indent=1), encoding="utf-8")
    return True


def keep_held(out: Path, sets: Sequence[PictureSet]) -> None:
    """The pictures that no step sees, as links in YOLO form under each set's name, labels in the set's own classes:
    what thresholds are chosen on."""
    for held in sets:
        link_pictures(held.pictures, out / held.name)


def all_keys() -> tuple[str, ...]:
    """The classes of a model of ours: the types in the catalogue's order, then what helps to judge them."""
    catalogue = load_catalogue()
    return (*catalogue.types, *catalogue.auxiliary)


def packed(network: Any, keys: Sequence[str]) -> dict[str, Any]:
    """What goes into a file of weights: half precision, which costs nothing measurable and halves the file."""
    state = {n: v.half() if v.is_floating_point() else v for n, v in network.state_dict().items()}
    architecture = Path(str(network.yaml.get("yaml_file", ""))).stem
    return {"streetorder": 1, "architecture": architecture, "classes": list(keys), "state": state}


def _network(run: Run, recipe: Recipe, keys: tuple[str, ...], gathered: Gathered, state: Any) -> Any:
    """The network at the start of the run, or as a checkpoint left it."""
    from models.training.start import blank_network, network_from_onnx, own_network, teach_new_classes

    if run.start.suffix == ".pt":
        network, classes = own_network(run.start)
        if classes != keys:
            teach_new_classes(network, classes, None, keys)
    elif state is not None:
        network = blank_network(state["architecture"] if "architecture" in state else _named(run.start), keys)
    else:
        network, classes = network_from_onnx(run.start, _measuring(gathered))
        teach_new_classes(network, classes, load_source_classes("coco"), keys)
    if state is not None:
        network.load_state_dict(state["network"])
    elif recipe.shares:
        _share(network, recipe, run, gathered)
    return network.train()


def _share(network: Any, recipe: Recipe, run: Run, gathered: Gathered) -> None:
    """Puts the teacher's first layers into the network. Raises ``RecipeError`` and ``ModelRefused``."""
    from models.training.start import network_from_onnx

    if run.teacher is None:
        raise RecipeError(f"{run.recipe}: shares: {recipe.shares} layers are to be a teacher's: give --teacher")
    if recipe.shares >= len(network.model):
        raise RecipeError(
            f"{run.recipe}: shares: {recipe.shares}: at most {len(network.model) - 1} are allowed, its head stays ours"
        )
    theirs, _ = network_from_onnx(run.teacher, _measuring(gathered))
    for ours, other in zip(network.model[: recipe.shares], theirs.model, strict=False):
        ours.load_state_dict(other.state_dict())


def _remembering(run: Run, keys: tuple[str, ...], device: str) -> Any:
    if run.teacher is None:
        return None
    from models.training.remembering import Remembering
    from models.ultralytics_weights import load_weights

    old = load_weights(run.teacher)
    return Remembering(old.network, old.classes, load_source_classes("coco"), keys, device)


def _named(path: Path) -> str:
    from models.session import open_session
    from models.ultralytics_weights import architecture

    return architecture(path, open_session(path).get_modelmeta().custom_metadata_map)


def _measuring(gathered: Gathered) -> Iterator[NDArray[np.uint8]]:
    """Some pictures of every set, fitted into a square."""
    each = max(1, MEASURED // max(1, len(gathered.train)))
    for _, ready in gathered.train:
        for picture in (example.image for example in ready[:: max(1, len(ready) // each)][:each]):
            scale = MEASURED_PX / max(picture.shape[:2])
            fitted = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[
                :MEASURED_PX, :MEASURED_PX
            ]
            square = np.full((MEASURED_PX, MEASURED_PX, 3), 114, np.uint8)
            square[: fitted.shape[0], : fitted.shape[1]] = fitted
            yield square


def _mark(run: Run) -> str:
    """Of the recipe and the starting weights: a checkpoint of others cannot be gone on with."""
    return _sha256([file.read_bytes() for file in (run.recipe, run.start, run.teacher) if file is not None])


def _sha256(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _account(
    run: Run, recipe: Recipe, gathered: Gathered, curve: list[dict[str, float]], spent_s: float, device: str
) -> dict[str, Any]:
    import torch
    import ultralytics

    return {
        "recipe": run.recipe.read_text(encoding="utf-8"),
        "start": {"file": run.start.name, "sha256": _sha256([run.start.read_bytes()])},
        "teacher": _sha256([run.teacher.read_bytes()]) if run.teacher else "the shipped model",
        "sets": [{"name": s.name, "licence": s.licence, "pictures": gathered.used[s.name]} for s in gathered.validate],
        "samples": sum(stage.steps * stage.batch for stage in recipe.stages),
        "seed": recipe.seed,
        "device": device,
        "minutes": round(spent_s / 60, 1),
        "tools": {"torch": torch.__version__, "ultralytics": ultralytics.__version__},
        "curve": curve,
    }

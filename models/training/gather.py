"""From a recipe and a data folder to pictures in memory with what they say."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.datasets.load import load_set
from labels.datasets.records import LabelsError, Picture, PictureSet, Xyxy
from labels.flywheel.decided_set import KNOWN, read_decided
from models.detector import Detector
from models.training.recipe import Composed, Recipe, TaughtBy
from models.training.samples import Example, taught
from models.training.teacher import Seen, completed, look

ORIGINS = "origins.jsonl"

Ready = list[Example]


@dataclass(frozen=True, slots=True)
class Gathered:
    """train: for each set its share and its pictures; validate: labelled pictures that no step sees."""

    train: list[tuple[float, Ready]]
    validate: list[PictureSet]
    used: dict[str, int]


def gather(
    recipe: Recipe,
    data: Path,
    keys: Sequence[str],
    teacher: Detector,
    made: Path,
    told: Callable[[str], None],
) -> Gathered:
    """Reads every set, completes it by what the teacher sees, holds scenes back for validation.

    made: folder for what is made on the way and kept for the next time: composed scenes, what the teacher saw.
    Raises ``LabelsError``, also for a set without a licence.
    """
    train: list[tuple[float, Ready]] = []
    validate: list[PictureSet] = []
    used: dict[str, int] = {}
    kept_back: set[str] = set()
    # What is composed comes last: what it is cut from must not be what a real set holds back.
    for name, entry in sorted(recipe.sets.items(), key=lambda item: item[1].composed is not None):
        if entry.composed:
            compose(name, entry.composed, data, made, told)
        pictures = load(name, entry, made if entry.composed else data)
        if pictures is None:
            told(f"{name}: not there, left out")
            continue
        if pictures.licence is None:
            raise LabelsError(f"{name}: no licence is stated for it: it may evaluate a model but never train one")
        kept, held = hold_out(pictures.pictures, recipe.held_out)
        if entry.composed:
            kept = without(kept, kept_back)
        kept_back |= {origin(picture.path) for picture in held}
        asked = (p.path for p in kept if recipe.unlabelled == "open")
        seen = look(teacher, asked, made / f"{name}-seen.json")
        ready: Ready = []
        for picture in kept:
            whole, unsure = _whole(picture, seen.get(picture.path, []), teacher.card.keys, keys, recipe)
            ready.append(Example(_rgb(picture.path, entry.longest_px), taught(whole, keys, unsure), picture.weight))
        told(f"{name}: {len(kept)} pictures teach, {len(held)} are held back; {pictures.licence}; {pictures.notes}")
        train.append((entry.share, ready))
        validate.append(pictures.with_pictures(tuple(held)))
        used[name] = len(kept)
    return Gathered(train, validate, used)


def _whole(
    picture: Picture, seen: Seen, theirs: Sequence[str], keys: Sequence[str], recipe: Recipe
) -> tuple[Picture, list[tuple[Xyxy, str]]]:
    """The picture with what it is taken to say of what its set does not label, and the places that stay open."""
    match recipe.unlabelled:
        case "background":
            return replace(picture, labelled=frozenset(keys)), []
        case "masked":
            return picture, []
        case "open":
            return completed(picture, seen, [key for key in theirs if key in recipe.completes], recipe.trust())


def compose(name: str, entry: Composed, data: Path, made: Path, told: Callable[[str], None]) -> None:
    """Composes a set under ``made/NAME/train``, whole or not at all, unless it is there. Raises ``LabelsError``."""
    from labels.synthesis.build import synthesise
    from labels.synthesis.kinds import Kind, Part, recipe

    out = made / name / "train"
    if out.is_dir():
        return
    if entry.kind not in list(Kind):
        raise LabelsError(f"{name}: composed.kind {entry.kind!r}: allowed are {', '.join(Kind)}")
    partial = made / name / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    told(f"{name}: composing {entry.count} scenes")
    synthesise(recipe(Kind(entry.kind), Part.TRAIN, data, entry.count, entry.seed), partial, entry.seed)
    partial.replace(out)


def load(name: str, entry: TaughtBy, data: Path) -> PictureSet | None:
    """One set in our keys, or None where it is optional and missing. Raises ``LabelsError``."""
    directory = data / (entry.directory or f"{name}/train")
    if not directory.is_dir():
        if entry.optional:
            return None
        raise LabelsError(f"{name}: its folder {directory} is missing")
    decided = (directory / KNOWN).is_file()
    pictures = read_decided(directory) if decided else load_set(entry.source or name, directory)
    changed = []
    for picture in pictures.pictures:
        labelled = picture.labelled if entry.labelled is None else frozenset(entry.labelled)
        changed.append(replace(picture, labelled=labelled | set(entry.also_labelled)))
    return replace(pictures, name=name, pictures=tuple(changed))


def hold_out(pictures: Sequence[Picture], part: float, block: int = 12) -> tuple[list[Picture], list[Picture]]:
    """Splits by blocks of neighbours, as neighbours by name often show one place. A picture without boxes stays."""
    every = max(2, round(1 / part)) if part else 0
    held = {i for i in range(len(pictures)) if every and (i // block) % every == every // 2}
    return [p for i, p in enumerate(pictures) if i not in held], [p for i, p in enumerate(pictures) if i in held]


def without(pictures: Sequence[Picture], held: set[str]) -> list[Picture]:
    """Composed scenes of one set that neither stand on nor are cut out of a held-back picture: thresholds chosen on
    pictures of which the network knows pieces would be too bold."""
    if not pictures:
        return []
    made_of: dict[str, set[str]] = {}
    for line in (pictures[0].path.parents[1] / ORIGINS).read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        pieces = {piece for pasted in record["pasted"] for piece in pasted["origin"].split("+")}
        made_of[record["picture"]] = pieces | {record["background"]}
    return [picture for picture in pictures if not made_of[picture.path.name] & held]


def origin(path: Path) -> str:
    """A picture as composed scenes name what they are made of: SET/PART/FILE."""
    return "/".join((*path.parts[-4:-2], path.name))


def _rgb(path: Path, longest: int) -> NDArray[np.uint8]:
    picture: Any = cv2.imread(str(path))
    if picture is None:
        raise LabelsError(f"{path}: it cannot be read as a picture")
    scale = longest / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(picture[:, :, ::-1])

"""What taught a model, as its page tells it: every set with its licence, and what composed scenes are made of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labels.source_classes import SourceClassesError, load_source_classes
from models.training.recipe import Recipe
from models.training.run import HELD
from service.model_measured import COMPOSED, licence_in_doubt

MADE, CARD = "made", "card.json"
"""Where a training keeps what it composed, and what ``streetorder labels synthesise`` says of it."""


@dataclass(frozen=True, slots=True)
class TeachingSet:
    """keys: what it shows of ours. made_of: of a composed set the sets its parts come from, each with its licence.
    doubt: whether a licence could not be verified. teach, held: pictures. share: of the samples, relative."""

    name: str
    licence: str
    origin: str
    composed: bool
    keys: frozenset[str]
    made_of: dict[str, str]
    teach: int
    held: int
    share: float | None

    @property
    def doubt(self) -> bool:
        return any(licence_in_doubt(licence) for licence in (self.licence, *self.made_of.values()))


def teaching_sets(account: Mapping[str, Any], recipe: Recipe, run: Path, data: Path) -> list[TeachingSet]:
    """account, recipe: of the training in the folder ``run``. data: folder of the picture sets."""
    return [_set(entry, recipe, run, data) for entry in account["sets"]]


def _set(entry: Mapping[str, Any], recipe: Recipe, run: Path, data: Path) -> TeachingSet:
    name = entry["name"]
    ordered = recipe.sets.get(name)
    origin, keys, composed = "", frozenset[str](), False
    try:
        source = load_source_classes((ordered.source if ordered else None) or name)
    except SourceClassesError:
        pass  # a set of somebody else's, whose classes are not at hand any more
    else:
        origin, composed = source.origin, source.name == COMPOSED
        keys = frozenset(key for key in source.key_of.values() if key)
    made_of: dict[str, str] = {}
    if composed:  # it may show all of ours; a kind of scene shows some
        said = _said([run / MADE / name / "train", data / ((ordered and ordered.directory) or f"{name}/train")])
        keys = frozenset(said.get("boxes", {}))
        made_of = {part: about["licence"] for part, about in said.get("made_of", {}).items()}
    images = run / HELD / name / "images"
    held = len(list(images.iterdir())) if images.is_dir() else 0
    share = ordered.share if ordered else None
    return TeachingSet(name, entry["licence"], origin, composed, keys, made_of, entry["pictures"], held, share)


def _said(folders: list[Path]) -> dict[str, Any]:
    for folder in folders:
        if (folder / CARD).is_file():
            said: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
            return said
    return {}

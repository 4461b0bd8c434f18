"""What every foreign model needs: its classes turned into ours, and a card for a file that brings none."""

import ast
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labels.catalogue import load_catalogue
from labels.source_classes import load_source_classes
from models.boxes import Rows
from models.card import ModelCard, ModelRefused, Nms, Resize
from models.runtime import ort
from models.session import file_sha256

TOP = 300
"""Boxes of a crop that are looked at, as many as a model of our contract gives."""


THRESHOLD: Mapping[str, str] = {"start": "streetorder_start", "keep": "streetorder_keep"}
"""The metadata, JSON objects of scores by our keys, that say what ``streetorder adopt`` was told of thresholds."""


def class_names(text: str) -> tuple[str, ...]:
    """The class names by index from the metadata ``names``, ``{0: 'person', 1: ...}``; empty where it is not that."""
    try:
        names = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return ()
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        return tuple(str(names[i]) for i in range(len(names)))
    return ()


def names_of(said: Mapping[str, str], count: int, path: Path) -> tuple[tuple[str, ...], str]:
    """The names of a model's ``count`` classes, and what was assumed of them, for the recipe.

    said: the file's metadata. Raises ``ModelRefused`` where the file does not name them and they cannot be COCO's, or
    names another number.
    """
    names = class_names(said.get("names", ""))
    coco = tuple(load_source_classes("coco").key_of)
    if not names and count == len(coco):
        return coco, ", classes assumed to be COCO's 80"
    if len(names) != count:
        reason = f"it gives {count} classes and its metadata 'names' names {len(names)}"
        raise ModelRefused(path, [f"{reason}; name them with streetorder adopt"])
    return names, ""


def probe(session: ort.InferenceSession, path: Path, picture: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """The outputs by name for a picture that only finds out about a model. Raises ``ModelRefused`` where it fails."""
    names = [output.name for output in session.get_outputs()]
    try:
        outputs = session.run(names, {session.get_inputs()[0].name: picture})
    except Exception as error:  # ONNX Runtime's errors have no base class of their own
        reason = f"it cannot run on a picture {picture.shape}: {str(error).strip().splitlines()[0][:200]}"
        raise ModelRefused(path, [reason]) from None
    return dict(zip(names, outputs, strict=True))


class ClassMap:
    """keys: our classes that a model sees. index: for each of its classes the index into ``keys``, -1 for none."""

    def __init__(self, path: Path, names: Sequence[str]):
        """names: the model's classes, called as COCO calls them or by our keys.

        Raises ``ModelRefused`` when none of them shows anything of ours.
        """
        catalogue, coco = load_catalogue(), load_source_classes("coco")
        ours = {*catalogue.types, *catalogue.auxiliary}
        found = [name if name in ours else coco.key_of.get(name) for name in names]
        self.keys = tuple(dict.fromkeys(key for key in found if key is not None))
        self.index = np.array([-1 if key is None else self.keys.index(key) for key in found])
        if not self.keys:
            listed = ", ".join(names[:100])
            raise ModelRefused(path, [f"none of its classes is one of ours or shows one as COCO names it: {listed}"])

    def best(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores by the model's classes, ``(C, A)``, to scores by ours, ``(K, A)``: the best of those that show it."""
        return np.stack([scores[self.index == k].max(0) for k in range(len(self.keys))])

    def rename(self, rows: Rows) -> Rows:
        """Rows with the model's class indices to rows with ours; those that are none of ours are left out."""
        cls = rows[:, 5].astype(int)
        known = (cls >= 0) & (cls < len(self.index))
        index = np.where(known, self.index[np.where(known, cls, 0)], -1)
        rows = rows[index >= 0].copy()
        rows[:, 5] = index[index >= 0]
        return rows


def rows_of(centre: NDArray[np.float32], size: NDArray[np.float32], scores: NDArray[np.float32], least: float) -> Rows:
    """A row for each score that reaches ``least``. centre, size: ``(A, 2)``; scores: ``(K, A)``."""
    anchor, label = np.nonzero((scores >= least).T)
    centre, half = centre[anchor], size[anchor] / 2
    score, cls = scores[label, anchor, None], label[:, None]
    return np.concatenate([centre - half, centre + half, score, cls], axis=1).astype(np.float32)


def best_first(rows: Rows) -> Rows:
    """The ``TOP`` best rows; equal scores keep their order."""
    return rows[np.argsort(-rows[:, 4], kind="stable")[:TOP]]


def foreign_card(
    session: ort.InferenceSession,
    path: Path,
    keys: tuple[str, ...],
    sizes: Sequence[tuple[int, int]],
    start: float,
    keep: float,
    *,
    resize: Resize,
    form: str,
) -> ModelCard:
    """A card that claims nothing: the file's hash identifies it, every class is unproven.

    start, keep: the adapter's own thresholds, for the classes of which the file says nothing. Raises ``ModelRefused``.
    """
    said, sha256 = session.get_modelmeta().custom_metadata_map, file_sha256(path)
    nms: Nms = "adapter"
    starts, keeps = thresholds(said, keys, start, keep, path)
    return ModelCard(
        name=path.stem,
        version=sha256[:12],
        path=path,
        sha256=sha256,
        keys=keys,
        sizes=tuple(sizes),
        resize=resize,
        nms=nms,
        start=starts,
        keep=keeps,
        proven=dict.fromkeys(keys, False),
        licence=said.get("license", "not stated in the file"),
        training_sets=(),
        recipe=f"{form}, through an adapter",
        figures={},
        provenance={key: said[key] for key in ("description", "author", "date", "version") if key in said},
    )


def thresholds(
    said: Mapping[str, str], keys: Sequence[str], start: float, keep: float, path: Path
) -> tuple[dict[str, float], dict[str, float]]:
    """Start and keep of each class: what the file's metadata ``said`` of it, else the adapter's. A start that is said
    alone and lies below the adapter's keep is the keep as well. Raises ``ModelRefused`` with everything that is wrong.
    """
    starts, keeps = (_scores(said, name, keys, path) for name in THRESHOLD)
    full = dict.fromkeys(keys, start) | starts
    kept = {key: min(keep, full[key]) for key in keys} | keeps
    wrong = [f"{key}: keep {kept[key]:g} is above start {full[key]:g}" for key in keys if kept[key] > full[key]]
    if wrong:
        raise ModelRefused(path, wrong)
    return full, kept


def _scores(said: Mapping[str, str], name: str, keys: Sequence[str], path: Path) -> dict[str, float]:
    try:
        scores = json.loads(said.get(THRESHOLD[name], "{}"))
    except ValueError:
        scores = None
    if not isinstance(scores, dict):
        raise ModelRefused(path, [f"its metadata {THRESHOLD[name]!r} is no JSON object of scores"])
    wrong = [f"{name} {key!r}: its classes are {', '.join(keys)}" for key in scores if key not in keys]
    wrong += [
        f"{name} {key}={score!r}: a score above 0, up to 1 is allowed"
        for key, score in scores.items()
        if isinstance(score, bool) or not isinstance(score, (int, float)) or not 0 < score <= 1
    ]
    if wrong:
        raise ModelRefused(path, wrong)
    return {key: float(score) for key, score in scores.items()}

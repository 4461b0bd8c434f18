"""The model card: what a model file says about itself, stored as JSON in the ONNX metadata property ``streetorder``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

CONTRACT_VERSION = 1
PROPERTY = "streetorder"

Resize = Literal["letterbox", "stretch"]
Nms = Literal["in-graph", "adapter"]


class ModelRefused(Exception):
    """A file that cannot be used as a model. The message names the file and every reason."""

    def __init__(self, path: Path | str, reasons: Sequence[str]):
        self.path = Path(path)
        self.reasons = tuple(reasons)
        super().__init__(f"{path} cannot be used as a model: {'; '.join(self.reasons)}")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known about one model.

    path, sha256: the file and its hash (hex), which identifies the model in every event.
    keys: the classes by index, named by the keys of the catalogue.
    sizes: the inputs it was made for, ``(width, height)`` in pixels.
    resize: how a picture is fitted into the input. nms: who removes duplicate boxes.
    start, keep: per key, the score in [0, 1] that opens a track and the lower one that keeps it.
    proven: per key, whether measurements stand behind it; what they are is in ``figures``.
    recipe: how the file was made. provenance: what it was made from, names and hashes.
    """

    name: str
    version: str
    path: Path
    sha256: str
    keys: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    resize: Resize
    nms: Nms
    start: dict[str, float]
    keep: dict[str, float]
    proven: dict[str, bool]
    licence: str
    training_sets: tuple[str, ...]
    recipe: str
    figures: dict[str, Any]
    provenance: dict[str, str]

    def to_metadata(self) -> str:
        """The JSON that goes into the model file: everything but the file's own path and hash."""
        stored = {field: getattr(self, field) for field in STORED}
        return json.dumps({"contract_version": CONTRACT_VERSION, **stored}, ensure_ascii=False)


STORED: Mapping[str, str] = {
    "name": "a text",
    "version": "a text",
    "keys": "a list of different class keys",
    "sizes": "a list of [width, height] in pixels",
    "resize": "letterbox or stretch",
    "nms": "in-graph or adapter",
    "start": "a score in [0, 1] for each key",
    "keep": "a score in [0, 1] for each key, not above its start",
    "proven": "true or false for each key",
    "licence": "a text",
    "training_sets": "a list of texts",
    "recipe": "a text",
    "figures": "an object",
    "provenance": "an object of texts",
}
"""The fields of the stored JSON, each with what it must hold."""


def read_card(path: Path) -> ModelCard:
    """The card of a model file, also of a foreign one that an adapter takes.

    Raises ``ModelRefused`` for anything that cannot be run.
    """
    from models.detector import load_detector  # only here, so that a card can be handled without a runtime

    return load_detector(path, threads=1).card


def parse_card(path: Path, sha256: str, text: str) -> ModelCard:
    """The card from the JSON of a model file. Raises ``ModelRefused`` with everything that is missing or wrong."""
    try:
        stored = json.loads(text)
    except ValueError as error:
        raise ModelRefused(path, [f"its metadata '{PROPERTY}' is not JSON ({error})"]) from None
    if not isinstance(stored, dict):
        raise ModelRefused(path, [f"its metadata '{PROPERTY}' is not a JSON object"])
    version = stored.get("contract_version")
    if version != CONTRACT_VERSION:
        raise ModelRefused(path, [f"its contract_version is {version!r}, this program reads {CONTRACT_VERSION}"])
    wrong = [
        f"metadata '{field}' is {'missing' if field not in stored else repr(stored[field])}: it must be {allowed}"
        for field, allowed in STORED.items()
        if field not in stored or not _holds(field, stored)
    ]
    if wrong:
        raise ModelRefused(path, wrong)
    fields = {field: stored[field] for field in STORED}
    fields["keys"] = tuple(stored["keys"])
    fields["sizes"] = tuple((width, height) for width, height in stored["sizes"])
    fields["training_sets"] = tuple(stored["training_sets"])
    return ModelCard(path=path, sha256=sha256, **fields)


def _holds(field: str, stored: dict[str, Any]) -> bool:
    value, keys = stored[field], stored.get("keys")
    match field:
        case "keys":
            return _texts(value) and len(value) > 0 and len(set(value)) == len(value)
        case "sizes":
            return isinstance(value, list) and len(value) > 0 and all(_size(size) for size in value)
        case "resize":
            return value in get_args(Resize)
        case "nms":
            return value in get_args(Nms)
        case "start":
            return _per_key(value, keys) and all(_score(v) for v in value.values())
        case "keep":
            start = stored.get("start")
            return _per_key(value, keys) and all(
                _score(v) and (not isinstance(start, dict) or not _score(start.get(key)) or v <= start[key])
                for key, v in value.items()
            )
        case "proven":
            return _per_key(value, keys) and all(isinstance(v, bool) for v in value.values())
        case "training_sets":
            return _texts(value)
        case "figures":
            return isinstance(value, dict)
        case "provenance":
            return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
        case _:
            return isinstance(value, str) and value != ""


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) and v for v in value)


def _size(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(side) is int and side > 0 for side in value)


def _score(value: object) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1  # type: ignore[operator]


def _per_key(value: object, keys: object) -> bool:
    return isinstance(value, dict) and isinstance(keys, list) and _texts(keys) and set(value) == set(keys)

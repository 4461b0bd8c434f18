"""Makes a model file of the detector's contract from Ultralytics weights. Needs the extra ``train``."""

import argparse
import hashlib
import importlib.metadata
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from labels.catalogue import load_catalogue
from labels.source_classes import SourceClasses, SourceClassesError, load_source_classes
from models.boxes import IOU_THRESHOLD
from models.card import PROPERTY, ModelCard, ModelRefused, parse_card
from models.crops import LETTERBOX_SIZES
from models.session import file_sha256
from models.ultralytics_weights import Weights, load_weights

OPSET = 17
START, KEEP = 0.35, 0.15
"""Thresholds of a class that the facts say nothing about."""

FACTS = ("name", "version", "licence", "training_sets", "start", "keep", "proven", "figures")
"""What a person may write about a model: fields of the card that no program can find out."""


def export(weights: Weights, out: Path, source: SourceClasses, facts: Mapping[str, Any]) -> ModelCard:
    """Writes the model file and returns its card.

    Raises ``ModelRefused`` when none of the network's classes shows one of ours, or a fact is not as the card wants it.
    """
    import onnx
    import torch

    from models.contract_graph import TOP, ContractGraph

    groups = class_groups(weights, source)
    graph = ContractGraph(weights.network, list(groups.values()), IOU_THRESHOLD).eval()
    width, height = LETTERBOX_SIZES[0]
    exported = io.BytesIO()
    with torch.no_grad():
        torch.onnx.export(
            graph,
            (torch.zeros(1, height, width, 3, dtype=torch.uint8),),
            exported,
            input_names=["crops"],
            output_names=["boxes"],
            dynamic_axes={"crops": {0: "B", 1: "H", 2: "W"}, "boxes": {0: "B"}},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(exported.getvalue())
    # The exporter loses sight of the shape behind the selection of the best anchors.
    for dimension, length in zip(model.graph.output[0].type.tensor_type.shape.dim[1:], (TOP, 6), strict=True):
        dimension.dim_value = length
    made_from = {
        "weights": weights.path.name,
        "weights_sha256": file_sha256(weights.path),
        **{f"weights_{name}": value for name, value in sorted(weights.said.items())},
        "graph_sha256": hashlib.sha256(model.graph.SerializeToString(deterministic=True)).hexdigest(),
    }
    stored = describe(out, tuple(groups), source, facts, made_from)
    onnx.helper.set_model_props(model, {PROPERTY: stored})
    onnx.checker.check_model(model)
    onnx.save(model, out)
    return parse_card(out, file_sha256(out), stored)


def class_groups(weights: Weights, source: SourceClasses) -> dict[str, list[int]]:
    """For each of our keys that the network sees the indices of its classes that show it. Raises ``ModelRefused``."""
    catalogue = load_catalogue()
    allowed = [*catalogue.types, *catalogue.auxiliary]
    strange = sorted({key for key in source.key_of.values() if key is not None and key not in allowed})
    if strange:
        raise ModelRefused(
            weights.path, [f"{source.name!r} maps to {', '.join(strange)}: allowed are {', '.join(allowed)}"]
        )
    groups: dict[str, list[int]] = {}
    for index, key in enumerate(source.keys_of(weights.classes)):
        if key is not None:
            groups.setdefault(key, []).append(index)
    if not groups:
        names = ", ".join(weights.classes)
        raise ModelRefused(weights.path, [f"none of its classes is one of ours by {source.name!r}: {names}"])
    return groups


def describe(
    out: Path, keys: tuple[str, ...], source: SourceClasses, facts: Mapping[str, Any], made_from: dict[str, str]
) -> str:
    """The card as JSON. Raises ``ModelRefused`` for facts that it cannot hold."""
    unknown = [f"fact {name!r} is unknown: allowed are {', '.join(FACTS)}" for name in facts if name not in FACTS]
    if unknown:
        raise ModelRefused(out, unknown)
    licence = made_from.get("weights_license", "unknown")
    tools = ", ".join(f"{name} {_version(name)}" for name in ("torch", "ultralytics-opencv-headless", "onnx"))
    card = ModelCard(
        path=out,
        sha256="",
        keys=keys,
        sizes=LETTERBOX_SIZES,
        resize="letterbox",
        nms="in-graph",
        recipe=f"models.export from {made_from['weights']}, classes by {source.name}; {tools}",
        provenance=made_from,
        **{
            "name": out.stem,
            "version": "1",
            "licence": licence,
            "training_sets": (),
            "figures": {},
            **facts,
            "start": _by_key(keys, START, facts.get("start", {})),
            "keep": _by_key(keys, KEEP, facts.get("keep", {})),
            "proven": _by_key(keys, False, facts.get("proven", {})),
        },
    )
    text = card.to_metadata()
    parse_card(out, "", text)
    return text


def _by_key(keys: tuple[str, ...], default: float, said: Any) -> Any:
    """What was said of each key; what is no mapping stays as it is, for the card to refuse."""
    return {**dict.fromkeys(keys, default), **said} if isinstance(said, Mapping) else said


def load_facts(path: Path) -> dict[str, Any]:
    """What a person wrote about a model, YAML. Raises ``ModelRefused``."""
    try:
        facts = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, YAMLError, UnicodeDecodeError) as error:
        raise ModelRefused(path, [" ".join(str(error).split())]) from None
    if not isinstance(facts, dict):
        raise ModelRefused(path, [f"it must be a mapping with {', '.join(FACTS)}"])
    return facts


def _version(package: str) -> str:
    return importlib.metadata.version(package)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m models.export", description=__doc__)
    parser.add_argument("weights", type=Path, help="Ultralytics weights: .pt, or an ONNX export with its own names")
    parser.add_argument("out", type=Path, help="the model file to write")
    parser.add_argument("--source", default="coco", help="which classes it was trained on: a shipped name or a .yaml")
    parser.add_argument("--facts", type=Path, help=f"YAML with what only people know: {', '.join(FACTS)}")
    given = parser.parse_args(arguments)
    try:
        source = load_source_classes(given.source)
        facts = load_facts(given.facts) if given.facts else {}
        card = export(load_weights(given.weights), given.out, source, facts)
    except (ModelRefused, SourceClassesError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{given.out}: {card.name} {card.version}, sees {', '.join(card.keys)}; sha256 {card.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

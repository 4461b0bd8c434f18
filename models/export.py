"""Makes a model file of the detector's contract from Ultralytics weights. Needs the extra ``train``."""

import argparse
import ast
import hashlib
import importlib.metadata
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from labels.source_classes import SourceClasses, SourceClassesError, load_source_classes
from models.boxes import IOU_THRESHOLD
from models.card import PROPERTY, ModelCard, ModelRefused, parse_card
from models.crops import LETTERBOX_SIZES
from models.session import file_sha256, open_session

OPSET = 17
START, KEEP = 0.35, 0.15
"""Thresholds of a class that the facts say nothing about."""

TOLERANCE = 0.01
"""How far a rebuilt network may be from the file it was rebuilt from: pixels of a box, on a random picture."""

FACTS = ("name", "version", "licence", "training_sets", "start", "keep", "proven", "figures")
"""What a person may write about a model: fields of the card that no program can find out."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A trained network. network: fused, in evaluation mode. classes: its class names by index. said: the metadata
    of the file it came from."""

    path: Path
    network: Any
    classes: tuple[str, ...]
    said: dict[str, str]


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
    with torch.no_grad():
        torch.onnx.export(
            graph,
            (torch.zeros(1, height, width, 3, dtype=torch.uint8),),
            str(out),
            input_names=["crops"],
            output_names=["boxes"],
            dynamic_axes={"crops": {0: "B", 1: "H", 2: "W"}, "boxes": {0: "B"}},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(out)
    del model.metadata_props[:]
    # The exporter loses sight of the shape behind the selection of the best anchors.
    for dimension, length in zip(model.graph.output[0].type.tensor_type.shape.dim[1:], (TOP, 6), strict=True):
        dimension.dim_value = length
    made_from = {
        "weights": weights.path.name,
        "weights_sha256": file_sha256(weights.path),
        "weights_metadata": "; ".join(f"{k} {weights.said[k]}" for k in sorted(weights.said)),
        "graph_sha256": hashlib.sha256(model.graph.SerializeToString(deterministic=True)).hexdigest(),
    }
    stored = describe(out, tuple(groups), source, facts, made_from)
    onnx.helper.set_model_props(model, {PROPERTY: stored})
    onnx.checker.check_model(model)
    onnx.save(model, out)
    return parse_card(out, file_sha256(out), stored)


def class_groups(weights: Weights, source: SourceClasses) -> dict[str, list[int]]:
    """For each of our keys that the network sees the indices of its classes that show it."""
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
            "licence": "unknown",
            "training_sets": (),
            "figures": {},
            **facts,
            "start": dict.fromkeys(keys, START) | facts.get("start", {}),
            "keep": dict.fromkeys(keys, KEEP) | facts.get("keep", {}),
            "proven": dict.fromkeys(keys, False) | facts.get("proven", {}),
        },
    )
    text = card.to_metadata()
    parse_card(out, "", text)
    return text


def load_weights(path: Path) -> Weights:
    """Ultralytics weights: a ``.pt``, or an ONNX export whose tensors still carry the network's own names.

    Raises ``ModelRefused``.
    """
    os.environ.setdefault("YOLO_OFFLINE", "true")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    if path.suffix == ".onnx":
        return _from_onnx(path)
    from ultralytics import YOLO

    model = YOLO(path).model.float().fuse(verbose=False).eval()
    said = {"licence": "AGPL-3.0 (Ultralytics)"}
    return Weights(path, model, tuple(model.names[i] for i in sorted(model.names)), said)


def _from_onnx(path: Path) -> Weights:
    import onnx
    from onnx import numpy_helper

    said = open_session(path).get_modelmeta().custom_metadata_map
    names: dict[int, str] = ast.literal_eval(said.get("names", "{}"))
    tensors = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    network = _blank(path, len(names), said)
    own = dict(network.named_parameters())
    wrong = [f"it has no tensor {name}" for name in own if name not in tensors]
    wrong += [
        f"its tensor {name} is {tensors[name].shape}, the network's {tuple(p.shape)}"
        for name, p in own.items()
        if name in tensors and tensors[name].shape != tuple(p.shape)
    ]
    wrong += [f"its tensor {name} is unknown" for name in tensors if name.startswith("model.") and name not in own]
    if wrong:
        raise ModelRefused(path, wrong[:10])
    import torch

    for name, parameter in own.items():
        parameter.data = torch.from_numpy(tensors[name].copy())
    _compare(path, network)
    kept = {key: said[key] for key in ("description", "version", "license", "date") if key in said}
    return Weights(path, network, tuple(names[i] for i in sorted(names)), kept)


def _blank(path: Path, classes: int, said: Mapping[str, str]) -> Any:
    """A fused network of the architecture that the file names, not yet trained."""
    named = re.search(r"YOLO(v?\d+[nsmlx])\b", said.get("description", ""))
    if named is None:
        raise ModelRefused(path, ["its metadata 'description' names no YOLO architecture: it is no Ultralytics export"])
    from ultralytics.nn.tasks import DetectionModel

    return DetectionModel(f"yolo{named[1]}.yaml", nc=classes, verbose=False).eval().fuse(verbose=False)


def _compare(path: Path, network: Any) -> None:
    """Both networks on one random picture: a wrong tensor or architecture cannot hide behind fitting shapes."""
    import torch

    picture = np.random.default_rng(0).random((1, 3, 256, 320), dtype=np.float32)
    session = open_session(path)
    theirs = session.run(None, {session.get_inputs()[0].name: picture})[0]
    with torch.no_grad():
        ours = network(torch.from_numpy(picture))
    difference = float(np.abs(theirs - (ours[0] if isinstance(ours, tuple) else ours).numpy()).max())
    print(f"{path.name}: largest difference between ONNX Runtime and the rebuilt network {difference:.2g}")
    if difference > TOLERANCE:
        raise ModelRefused(path, [f"the rebuilt network differs from it by {difference:.3g}"])


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

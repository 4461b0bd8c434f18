"""Makes a model file of the detector's contract: from Ultralytics weights, or from another such file in another
precision. Needs the extra ``train``."""

import hashlib
import importlib.metadata
import io
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from labels.catalogue import load_catalogue
from labels.source_classes import SourceClasses, load_source_classes
from models.agreement import Agreement, agreement
from models.boxes import IOU_THRESHOLD
from models.calibration import Calibration, find_calibration
from models.card import PROPERTY, ModelCard, ModelRefused, parse_card
from models.crops import LETTERBOX_SIZES
from models.detector import load_detector
from models.openvino_export import need_openvino, write_openvino
from models.precision import Precision, convert, write_model
from models.session import file_sha256, open_session
from models.ultralytics_weights import Weights, load_weights

OPSET = 17
START, KEEP = 0.35, 0.15
"""Thresholds of a class that the facts say nothing about."""

OF_THE_CARD = ("name", "version", "licence", "training_sets", "start", "keep", "proven", "figures")
OF_THE_GRAPH = ("duplicate_iou",)
FACTS = (*OF_THE_CARD, *OF_THE_GRAPH)
"""What a person may write about a model: fields of the card that no program can find out, and the IoU from which the
weaker of two boxes of a class is a duplicate."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asked for. weights: a file of weights, or a model file of the contract in fp32; then the source and
    the facts were settled before. beside: COCO weights that these were trained to run beside."""

    weights: Path
    out: Path
    source: str = "coco"
    facts: Path | None = None
    precision: Precision = "fp32"
    calibration: Path | None = None
    openvino: bool = False
    beside: Path | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A model file. agreement: with the file it was made from on the calibration's pictures, where there were any.
    openvino: the same model in OpenVINO's form."""

    card: ModelCard
    agreement: Agreement | None = None
    openvino: Path | None = None


def make_model(order: Order) -> Made:
    """Write the model file. Raises ``ModelRefused`` and ``SourceClassesError``."""
    if order.out.suffix != ".onnx":
        raise ModelRefused(order.out, ["a model file ends in .onnx"])
    if not order.out.parent.is_dir():
        raise ModelRefused(order.out, [f"there is no folder {order.out.parent}"])
    if order.out.exists() and order.weights.exists() and order.out.samefile(order.weights):
        raise ModelRefused(order.out, ["it would overwrite what it is made from; name another file"])
    if order.openvino:
        need_openvino(order.out)  # before the long part, not after it
    made = _made(order)
    if order.openvino:
        made = replace(made, openvino=write_openvino(order.out, half=order.precision == "fp16"))
    return made


def _made(order: Order) -> Made:
    calibration = find_calibration(order.calibration) if order.calibration else None
    if order.precision == "int8" and calibration is None:
        raise ModelRefused(order.out, ["int8 needs pictures to calibrate with: --calibration DIR"])
    if _of_the_contract(order.weights):
        if order.facts is not None or order.beside is not None:
            raise ModelRefused(order.weights, ["it is a model file already; --facts and --beside are for weights"])
        return _converted(order, order.weights, calibration)
    source = load_source_classes(order.source)
    facts = load_facts(order.facts) if order.facts else {}
    weights = load_weights(order.weights)
    beside = load_weights(order.beside) if order.beside else None
    if order.precision == "fp32":
        return Made(export(weights, order.out, source, facts, beside))
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / order.out.name
        export(weights, whole, source, facts, beside)
        return _converted(order, whole, calibration)


def _converted(order: Order, whole: Path, calibration: Calibration | None) -> Made:
    if (
        order.precision == "fp32" and order.openvino and _is_whole(whole)
    ):  # nothing to convert: OpenVINO's form lies beside a copy
        shutil.copyfile(whole, order.out)
        return Made(load_detector(order.out).card)
    card = convert(whole, order.out, order.precision, calibration)
    if calibration is None:
        return Made(card)
    reference, other = load_detector(whole), load_detector(order.out)
    return Made(card, agreement(reference, other, calibration.crops(card)))


def _is_whole(path: Path) -> bool:
    return "precision" not in load_detector(path, threads=1).card.provenance


def _of_the_contract(path: Path) -> bool:
    return (
        path.suffix == ".onnx" and path.is_file() and PROPERTY in open_session(path).get_modelmeta().custom_metadata_map
    )


def export(
    weights: Weights, out: Path, source: SourceClasses, facts: Mapping[str, Any], beside: Weights | None = None
) -> ModelCard:
    """Writes the model file and returns its card. beside: COCO weights with which the others share their first layers;
    what these know comes from them, exactly as they know it.

    Raises ``ModelRefused`` when none of the network's classes shows one of ours, they have no layer in common, or a
    fact is not as the card wants it.
    """
    import onnx
    import torch

    from models.contract_graph import TOP, ContractGraph

    groups = class_groups(weights, source)
    keys, networks = tuple(groups), [(weights.network, list(groups.values()))]
    if beside is not None:
        kept = class_groups(beside, load_source_classes("coco"))
        groups = {key: group for key, group in groups.items() if key not in kept}
        keys = tuple(key for key in _catalogued() if key in kept or key in groups)
        networks = [(beside.network, list(kept.values())), (weights.network, list(groups.values()))]
        groups = kept | groups
    graph = ContractGraph(networks, [keys.index(key) for key in groups], _duplicate_iou(out, facts)).eval()
    if beside is not None and not len(graph.shared):
        raise ModelRefused(weights.path, [f"it shares no layer with {beside.path}: train it by a recipe with 'shares'"])
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
    shape = model.graph.output[0].type.tensor_type.shape.dim[1:]
    for dimension, length in zip(shape, (TOP * len(networks), 6), strict=True):
        dimension.dim_value = length
    made_from = {
        "weights": weights.path.name,
        "weights_sha256": file_sha256(weights.path),
        **{f"weights_{name}": value for name, value in sorted(weights.said.items())},
        **({"beside": beside.path.name, "beside_sha256": file_sha256(beside.path)} if beside else {}),
        "graph_sha256": hashlib.sha256(model.graph.SerializeToString(deterministic=True)).hexdigest(),
    }
    stored = describe(out, keys, source, facts, made_from)
    return write_model(model, out, json.loads(stored))


def _duplicate_iou(out: Path, facts: Mapping[str, Any]) -> float:
    said = facts.get("duplicate_iou", IOU_THRESHOLD)
    if isinstance(said, bool) or not isinstance(said, (int, float)) or not 0 < said < 1:
        raise ModelRefused(out, [f"fact 'duplicate_iou' is {said!r}: a number between 0 and 1 is allowed"])
    return float(said)


def class_groups(weights: Weights, source: SourceClasses) -> dict[str, list[int]]:
    """For each of our keys that the network sees the indices of its classes that show it. Raises ``ModelRefused``."""
    allowed = _catalogued()
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


def _catalogued() -> list[str]:
    catalogue = load_catalogue()
    return [*catalogue.types, *catalogue.auxiliary]


def describe(
    out: Path, keys: tuple[str, ...], source: SourceClasses, facts: Mapping[str, Any], made_from: dict[str, str]
) -> str:
    """The card as JSON. Raises ``ModelRefused`` for facts that it cannot hold."""
    unknown = [f"fact {name!r} is unknown: allowed are {', '.join(FACTS)}" for name in facts if name not in FACTS]
    if unknown:
        raise ModelRefused(out, unknown)
    duplicate_iou = _duplicate_iou(out, facts)
    licence = made_from.get("weights_license", "unknown")
    beside = f" beside {made_from['beside']}," if "beside" in made_from else ""
    tools = ", ".join(f"{name} {_version(name)}" for name in ("torch", "ultralytics-opencv-headless", "onnx"))
    card = ModelCard(
        path=out,
        sha256="",
        keys=keys,
        sizes=LETTERBOX_SIZES,
        resize="letterbox",
        nms="in-graph",
        recipe=f"models.export from {made_from['weights']}, classes by {source.name},{beside}"
        f" duplicates from IoU {duplicate_iou:g}; {tools}",
        provenance=made_from,
        **{
            "name": out.stem,
            "version": "1",
            "licence": licence,
            "training_sets": (),
            "figures": {},
            **{name: value for name, value in facts.items() if name in OF_THE_CARD},
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


def told(made: Made) -> str:
    """What was made, for a person."""
    card = made.card
    size = card.path.stat().st_size / 1e6
    text = f"{card.path}: {card.name} {card.version}, {size:.1f} MB, sees {', '.join(card.keys)}; sha256 {card.sha256}"
    if made.openvino:
        text += f"\n{made.openvino}: the same in OpenVINO's form, with its weights in {made.openvino.stem}.bin"
    if made.agreement:
        text += f"\nagreement with what it was made from, on the pictures of the calibration: {made.agreement}"
    return text

"""The same model in another precision: smaller, or faster, its card carried over."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from models.calibration import Calibration
from models.card import PROPERTY, ModelCard, ModelRefused, parse_card
from models.half import half_stored, whole_again
from models.quantise import quantised
from models.session import file_sha256

Precision = Literal["fp32", "fp16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)


def convert(
    model_file: Path, out: Path, precision: Precision, calibration: Calibration | None = None, *, measured: bool = True
) -> ModelCard:
    """Write a model file of our contract in another precision and return its card.

    model_file: in fp32, or in fp16, from which fp32 and int8 are made. calibration: needed for int8. measured: whether
    figures and name are those of the model file, and not still to come. Raises ``ModelRefused``.
    """
    onnx = need_onnx(model_file)
    model = onnx.load(model_file)
    stored = stored_card(model_file, {p.key: p.value for p in model.metadata_props})
    converted = stored["provenance"].pop("precision", None)
    if converted == "fp16" and precision != "fp16":
        model = whole_again(model)
    elif converted:
        raise ModelRefused(model_file, [f"it was converted to {converted} already; start from the fp32 file"])
    if converted and precision == "fp32":
        graph, how = model, "weights as float32 again"
    elif precision == "fp16":
        graph, how = half_stored(model), "weights stored as float16, computed in float32"
    elif precision == "int8":
        if calibration is None:
            raise ModelRefused(out, ["int8 needs pictures to calibrate with: --calibration DIR"])
        card = parse_card(model_file, "", json.dumps(stored))
        graph = quantised(model, list(calibration.crops(card)))
        how = f"int8 (QDQ, weights by channel), calibrated on {calibration}"
    else:
        raise ModelRefused(model_file, ["it is in fp32 already; allowed are fp16 and int8"])
    stored["recipe"] = f"{stored['recipe']}; {how}"
    if measured:
        stored["name"] = f"{stored['name'].removesuffix('-fp16').removesuffix('-fp32')}-{precision}"
        stored["recipe"] += f"; figures measured before that, in {converted or 'fp32'}"
    stored["provenance"] |= {
        **({"precision": precision} if precision != "fp32" else {}),
        "converted_from_sha256": file_sha256(model_file),
        **({"calibration_sha256": calibration.sha256} if calibration and precision == "int8" else {}),
        "graph_sha256": hashlib.sha256(graph.graph.SerializeToString(deterministic=True)).hexdigest(),
    }
    return write_model(graph, out, stored)


def write_model(model: Any, out: Path, stored: Mapping[str, Any]) -> ModelCard:
    """Write an ``onnx.ModelProto`` with its card, whole or not at all, and return the card. Raises ``ModelRefused``."""
    onnx = need_onnx(out)
    text = json.dumps(stored, ensure_ascii=False)
    parse_card(out, "", text)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {PROPERTY: text})
    onnx.checker.check_model(model)
    partial = out.with_name(f"{out.name}.partial")
    onnx.save(model, partial)
    partial.replace(out)
    return parse_card(out, file_sha256(out), text)


def stored_card(path: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    """The card's JSON from a model file's metadata. Raises ``ModelRefused`` for a file that is not of our contract."""
    if PROPERTY not in metadata:
        raise ModelRefused(path, [f"it has no metadata '{PROPERTY}': only model files of the contract are converted"])
    parse_card(path, "", metadata[PROPERTY])
    stored: dict[str, Any] = json.loads(metadata[PROPERTY])
    return stored


def need_onnx(path: Path) -> Any:
    """The module ``onnx``, which scoring does without. Raises ``ModelRefused`` that says how to get it."""
    try:
        import onnx
    except ImportError:
        raise ModelRefused(path, ["making a model file needs onnx: pip install 'streetorder[train]'"]) from None
    return onnx

"""A real detector with exact ground truth: an ONNX file that keeps the contract and finds saturated rectangles."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.card import PROPERTY, ModelCard

SCORE = 0.9
MIN_PIXELS = 12

BRIGHT, DARK = 140, 110
"""A channel above the first is on, below the second is off: pure colours survive H.264, grey streets match nothing."""

COLOURS: tuple[tuple[str, int, tuple[bool, bool, bool]], ...] = (
    ("red", 0, (True, False, False)),
    ("green", 0, (False, True, False)),
    ("blue", 0, (False, False, True)),
    ("yellow", 1, (True, True, False)),
    ("magenta", 1, (True, False, True)),
)
"""Name, class index and which of R, G, B are on. One rectangle of each colour can be in a picture."""


def write_toy_model(
    path: Path,
    keys: Sequence[str] = ("motor_vehicle_parking", "person"),
    sizes: Sequence[tuple[int, int]] = ((320, 192), (192, 320)),
    **card: Any,
) -> Path:
    """Writes the model and returns its path.

    It finds one rectangle of each pure colour, at any batch and picture size: red, green and blue are class 0, yellow
    and magenta class 1 (left out where there is only one key). A box spans the rows and columns in which at least two
    pixels have the colour, and scores 0.9 if the picture holds at least 12 such pixels; rectangles thinner than two
    pixels are not seen. card: overrides fields of the model card, as ``start={"motor_vehicle_parking": 0.6, ...}``.
    """
    colours = [colour for colour in COLOURS if colour[1] < len(keys)]
    graph = helper.make_graph(
        [*_shared_nodes(), *(node for colour in colours for node in _finder(*colour)), _concat(colours)],
        "coloured rectangles",
        [helper.make_tensor_value_info("crops", TensorProto.UINT8, ["B", "H", "W", 3])],
        [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["B", len(colours), 6])],
        _constants(),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    stored = ModelCard(
        **{
            "name": "toy",
            "version": "1",
            "path": path,
            "sha256": "",
            "keys": tuple(keys),
            "sizes": tuple(sizes),
            "resize": "letterbox",
            "nms": "in-graph",
            "start": dict.fromkeys(keys, 0.5),
            "keep": dict.fromkeys(keys, 0.25),
            "proven": dict.fromkeys(keys, True),
            "licence": "Apache-2.0",
            "training_sets": (),
            "recipe": "built from colour thresholds, not trained",
            "figures": {},
            "provenance": {},
            **card,
        }
    )
    helper.set_model_props(model, {PROPERTY: stored.to_metadata()})
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def _constants() -> list[onnx.TensorProto]:
    values: dict[str, Any] = {
        "bright": np.int32(BRIGHT),
        "dark": np.int32(DARK),
        "two": np.float32(2),
        "enough": np.float32(MIN_PIXELS),
        "score": np.float32(SCORE),
        "class 0": np.float32(0),
        "class 1": np.float32(1),
        "nought": np.float32(0),
        "one": np.float32(1),
        "far": np.float32(1e6),
        "0": np.int64(0),
        "1": np.int64(1),
        "2": np.int64(2),
        "axis 1": np.array([1]),
        "axis 2": np.array([2]),
        "axes 1 2": np.array([1, 2]),
    }
    return [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()]


def _shared_nodes() -> list[onnx.NodeProto]:
    """The three channels, each tested for bright and dark, and the pixel coordinates."""
    make = helper.make_node
    nodes = [make("Cast", ["crops"], ["pixels"], to=TensorProto.INT32), make("Shape", ["crops"], ["shape"])]
    for i in "012":
        nodes += [
            make("Gather", ["pixels", i], [f"channel {i}"], axis=3),
            make("Greater", [f"channel {i}", "bright"], [f"on {i}"]),
            make("Less", [f"channel {i}", "dark"], [f"off {i}"]),
        ]
    for name, axis in (("y", "1"), ("x", "2")):
        nodes += [
            make("Gather", ["shape", axis], [f"{name} length"]),
            make("Range", ["0", f"{name} length", "1"], [f"{name} int"]),
            make("Cast", [f"{name} int"], [name], to=TensorProto.FLOAT),
        ]
    return nodes


def _finder(colour: str, cls: int, on: tuple[bool, bool, bool]) -> list[onnx.NodeProto]:
    """Nodes that make ``<colour> row``, ``(B, 1, 6)``."""
    make = helper.make_node
    tests = [f"{'on' if lit else 'off'} {channel}" for channel, lit in enumerate(on)]
    nodes = [
        make("And", tests[:2], [f"{colour} two channels"]),
        make("And", [f"{colour} two channels", tests[2]], [f"{colour} bits"]),
        make("Cast", [f"{colour} bits"], [f"{colour} mask"], to=TensorProto.FLOAT),
        make("ReduceSum", [f"{colour} mask", "axes 1 2"], [f"{colour} count"], keepdims=0),
        make("GreaterOrEqual", [f"{colour} count", "enough"], [f"{colour} there"]),
        make("Where", [f"{colour} there", "score", "nought"], [f"{colour} score"]),
        make("Mul", [f"{colour} score", "nought"], [f"{colour} zero"]),
        make("Add", [f"{colour} zero", f"class {cls}"], [f"{colour} class"]),
    ]
    for name, across in (("x", "axis 1"), ("y", "axis 2")):
        low, high, lit = f"{colour} {name}1", f"{colour} {name}2", f"{colour} {name} lit"
        nodes += [
            make("ReduceSum", [f"{colour} mask", across], [f"{lit} pixels"], keepdims=0),
            make("GreaterOrEqual", [f"{lit} pixels", "two"], [lit]),
            make("Where", [lit, name, "far"], [f"{low} candidates"]),
            make("ReduceMin", [f"{low} candidates"], [low], axes=[1], keepdims=0),
            make("Neg", ["one"], [f"{high} none"]),
            make("Where", [lit, name, f"{high} none"], [f"{high} candidates"]),
            make("ReduceMax", [f"{high} candidates"], [f"{high} last"], axes=[1], keepdims=0),
            make("Add", [f"{high} last", "one"], [high]),
        ]
    columns = [f"{colour} {column}" for column in ("x1", "y1", "x2", "y2", "score", "class")]
    nodes += [make("Unsqueeze", [column, "axis 1"], [f"{column} column"]) for column in columns]
    nodes += [
        make("Concat", [f"{column} column" for column in columns], [f"{colour} flat"], axis=1),
        make("Unsqueeze", [f"{colour} flat", "axis 1"], [f"{colour} row"]),
    ]
    return nodes


def _concat(colours: Sequence[tuple[str, int, tuple[bool, bool, bool]]]) -> onnx.NodeProto:
    return helper.make_node("Concat", [f"{name} row" for name, *_ in colours], ["boxes"], axis=1)

"""Real ONNX files in the form of foreign exports that find the same boxes in every picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Row = tuple[float, float, float, float, float, int]
"""``x1, y1, x2, y2, score, class``."""


def write_yolo(
    path: Path,
    rows: Sequence[Row],
    classes: Sequence[str],
    *,
    size: tuple[int, int] | None = (320, 192),
    batch: int | None = None,
    finished: bool = False,
    stated: bool = True,
    also: Sequence[tuple[int, int, float]] = (),
    **metadata: str,
) -> Path:
    """A plain YOLO export; size None: any, batch None: any; finished: rows instead of raw anchors. stated: its output
    has a shape in the file. also: further scores, by row and class."""
    if finished:
        found = np.array(rows, np.float32).reshape(1, -1, 6)
    else:
        found = np.zeros((1, 4 + len(classes), max(len(rows), 1)), np.float32)
        for anchor, (x1, y1, x2, y2, score, cls) in enumerate(rows):
            found[0, :4, anchor] = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
            found[0, 4 + cls, anchor] = score
        for anchor, cls, score in also:
            found[0, 4 + cls, anchor] = score
    height, width = ("height", "width") if size is None else (size[1], size[0])
    said = {"names": str(dict(enumerate(classes))), "task": "detect", "stride": "32", **metadata}
    pictures = helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch or "batch", 3, height, width])
    return _write(path, [pictures], "images", {"output0": found}, batch, said, stated=stated)


def write_detr(
    path: Path, rows: Sequence[Row], *, side: int = 320, names: Sequence[str] = (), batch: int | None = None
) -> Path:
    """A DEIM, D-FINE or RT-DETR export; its boxes scale with the size it is told, for a picture of 100 by 100."""
    boxes = np.array([row[:4] for row in rows], np.float32)[None]
    outputs = {
        "labels": np.array([[row[5] for row in rows]], np.int64),
        "boxes": boxes / 100,
        "scores": np.array([[row[4] for row in rows]], np.float32),
    }
    inputs = [
        helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch or "N", 3, side, side]),
        helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [batch or "N", 2]),
    ]
    said = {"names": str(dict(enumerate(names)))} if names else {}
    return _write(path, inputs, "images", outputs, batch, said)


def _write(
    path: Path,
    inputs: Sequence[Any],
    pictures: str,
    outputs: Mapping[str, NDArray[Any]],
    batch: int | None,
    metadata: Mapping[str, str],
    *,
    stated: bool = True,
) -> Path:
    """Every output is a constant that is repeated for every picture of the batch."""
    make = helper.make_node
    nodes = [make("Shape", [pictures], ["batch length"], start=0, end=1)]
    constants = []
    results = []
    for name, value in outputs.items():
        ones = np.ones(value.ndim - 1, np.int64)
        constants += [numpy_helper.from_array(value, f"{name} once"), numpy_helper.from_array(ones, f"{name} ones")]
        raw = f"{name} relative" if name == "boxes" else name
        nodes += [
            make("Concat", ["batch length", f"{name} ones"], [f"{name} repeats"], axis=0),
            make("Tile", [f"{name} once", f"{name} repeats"], [raw]),
        ]
        if name == "boxes":
            constants.append(numpy_helper.from_array(np.array([1]), "axis"))
            nodes += [
                make("Concat", ["orig_target_sizes", "orig_target_sizes"], ["size twice"], axis=1),
                make("Cast", ["size twice"], ["size as float"], to=TensorProto.FLOAT),
                make("Unsqueeze", ["size as float", "axis"], ["scale"]),
                make("Mul", [raw, "scale"], [name]),
            ]
        lengths = value.shape[1:] if stated else [f"{name} {axis}" for axis in range(1, value.ndim)]
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        results.append(helper.make_tensor_value_info(name, kind, [batch or "batch", *lengths]))
    graph = helper.make_graph(nodes, "constant boxes", list(inputs), results, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path

"""Real ONNX files in the form of foreign exports that see: what is red is a car to them, what is blue a person.

So a test fails where channels are swapped, pixels scaled wrongly, or a cell decoded in the wrong place.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

COCO_CAR, COCO_PERSON = 2, 0
RED, BLUE, GREY = (255, 0, 0), (0, 0, 255), (114, 114, 114)


def picture_with(
    things: Sequence[tuple[tuple[int, int, int, int], tuple[int, int, int]]], width: int, height: int
) -> Any:
    """``(1, H, W, 3)`` RGB: the things on grey."""
    crop = np.full((1, height, width, 3), GREY, np.uint8)
    for (x1, y1, x2, y2), colour in things:
        crop[0, y1:y2, x1:x2] = colour
    return crop


def write_yolox(
    path: Path,
    *,
    seeing_stride: int = 32,
    decoded: bool = False,
    size: tuple[int, int] = (160, 128),
    classes: int = 80,
    batch: int | None = None,
    strides: Sequence[int] = (8, 16, 32),
    car: int = COCO_CAR,
    person: int = COCO_PERSON,
) -> Path:
    """Only one level sees. Its boxes are twice as wide and as high as a cell, their centres half a cell from the
    cell's left and a quarter from its top; sure of a thing to 0.9, of its class to 0.8."""
    (width, height), channels = size, 5 + classes
    nodes, constants, levels, cells = [], [], [], []
    for stride in strides:
        weight, bias = np.zeros((channels, 3), np.float32), np.full(channels, -50, np.float32)
        bias[:4] = 0.5, 0.25, np.log(2), 0
        if stride == seeing_stride:
            weight[4], bias[4] = (0.2, -0.4, 0.2), np.log(0.9 / 0.1) - 0.2 * 255  # the planes are blue, green, red
            for cls, plane in ((car, (-0.2, 0, 0.2)), (person, (0.2, 0, -0.2))):
                weight[5 + cls], bias[5 + cls] = plane, np.log(0.8 / 0.2) - 0.2 * 255
        more, some = _means(f"level {stride}", "images", stride, weight, bias)
        nodes += more
        constants += some
        levels.append(f"level {stride}")
        cells += [(column, row, stride) for row in range(height // stride) for column in range(width // stride)]
    grid = np.array(cells, np.float32)
    constants += [
        numpy_helper.from_array(np.array([2, 2, 1 + classes]), "parts"),
        numpy_helper.from_array(grid[:, :2], "cell"),
        numpy_helper.from_array(grid[:, 2:], "stride"),
    ]
    make = helper.make_node
    nodes += [
        make("Concat", levels, ["all"], axis=2),
        make("Transpose", ["all"], ["rows"], perm=[0, 2, 1]),
        make("Split", ["rows", "parts"], ["offset", "extent", "sureness"], axis=2),
        make("Sigmoid", ["sureness"], ["scores"]),
    ]
    if decoded:
        nodes += [
            make("Add", ["offset", "cell"], ["shifted"]),
            make("Mul", ["shifted", "stride"], ["centre"]),
            make("Exp", ["extent"], ["strides"]),
            make("Mul", ["strides", "stride"], ["box"]),
        ]
    nodes.append(
        make("Concat", ["centre", "box", "scores"] if decoded else ["offset", "extent", "scores"], ["output"], axis=2)
    )
    shape = [batch or "batch", 3, height, width]
    return _save(path, "images", shape, {"output": [batch or "batch", len(cells), channels]}, nodes, constants)


def write_queries(
    path: Path, *, side: int | None = 320, classes: int = 80, batch: int | None = None, stated: bool = True
) -> Path:
    """An export of Transformers: sixteen queries, each sure to 0.8 of what fills its sixteenth of the picture.

    side None: any, made for 640.
    """
    weight, bias = np.zeros((classes, 3), np.float32), np.full(classes, -50, np.float32)
    for cls, plane in ((COCO_CAR, (50, 0, -50)), (COCO_PERSON, (-50, 0, 50))):  # the planes are red, green, blue
        weight[cls], bias[cls] = plane, np.log(0.8 / 0.2) - 50
    nodes, constants = _means("cells", "pixel_values", (side or 640) // 4, weight, bias)
    boxes = [((column + 0.5) / 4, (row + 0.5) / 4, 0.25, 0.25) for row in range(4) for column in range(4)]
    constants += [
        numpy_helper.from_array(np.array([boxes], np.float32), "once"),
        numpy_helper.from_array(np.array([1, 1]), "ones"),
    ]
    make = helper.make_node
    nodes += [
        make("Transpose", ["cells"], ["logits"], perm=[0, 2, 1]),
        make("Shape", ["pixel_values"], ["length"], start=0, end=1),
        make("Concat", ["length", "ones"], ["repeats"], axis=0),
        make("Tile", ["once", "repeats"], ["pred_boxes"]),
    ]
    shape = [batch or "batch_size", 3 if side else "num_channels", side or "height", side or "width"]
    queries = 16 if stated else "num_queries"
    outputs = {
        "logits": [batch or "batch_size", queries, classes if stated else "num_labels"],
        "pred_boxes": [batch or "batch_size", queries, 4],
    }
    return _save(path, "pixel_values", shape, outputs, nodes, constants)


def _means(
    name: str, pictures: str, side: int, weight: NDArray[np.float32], bias: NDArray[np.float32]
) -> tuple[list[Any], list[Any]]:
    """A linear function of each cell's mean colour, ``(B, C, cells)``."""
    make = helper.make_node
    nodes = [
        make("AveragePool", [pictures], [f"{name} colour"], kernel_shape=[side, side], strides=[side, side]),
        make("Conv", [f"{name} colour", f"{name} weight", f"{name} bias"], [f"{name} map"]),
        make("Reshape", [f"{name} map", f"{name} shape"], [name]),
    ]
    constants = [
        numpy_helper.from_array(weight[:, :, None, None], f"{name} weight"),
        numpy_helper.from_array(bias, f"{name} bias"),
        numpy_helper.from_array(np.array([0, len(weight), -1]), f"{name} shape"),
    ]
    return nodes, constants


def _save(
    path: Path,
    pictures: str,
    shape: Sequence[int | str],
    outputs: dict[str, Sequence[int | str]],
    nodes: Sequence[Any],
    constants: Sequence[Any],
) -> Path:
    given = [helper.make_tensor_value_info(pictures, TensorProto.FLOAT, shape)]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, lengths) for name, lengths in outputs.items()]
    graph = helper.make_graph(list(nodes), "red and blue", given, results, list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path

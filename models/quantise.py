"""A network in eight bits: static quantisation in QDQ form, calibrated on pictures."""

import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import models.runtime  # noqa: F401 (before ONNX Runtime is loaded below)

QUANTISED = ("Conv", "Sigmoid", "Mul", "Add", "Concat", "Split", "MaxPool", "Resize")
"""Operators that ONNX Runtime has in eight bits. All of a block's, not only its convolutions: else every activation is
turned back to float32 and forth again, and nothing is gained."""


def quantised(model: Any, crops: Iterable[NDArray[np.uint8]]) -> Any:
    """A copy of an ``onnx.ModelProto`` of our contract in which the network computes in eight bits.

    crops: ``(1, H, W, 3)`` uint8 RGB each. Weights are int8 with a scale for each output channel, of which they
    use seven bits: processors without VNNI add two products in 16 bits, which eight would overflow (ONNX Runtime,
    "Quantize ONNX models"). Activations are uint8; their ranges are the averages over the crops of each crop's smallest
    and largest value. The last convolution of each branch and everything after it, scores, boxes and suppression, stay
    float32: there a step of a range over 256 would move a box.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType
    from onnxruntime.quantization import quantize_static as quantise_static

    class Reader(CalibrationDataReader):  # type: ignore[misc, unused-ignore]
        def __init__(self, name: str):
            self.rest: Iterator[dict[str, Any]] = ({name: crop} for crop in crops)

        def get_next(self) -> dict[str, Any] | None:
            return next(self.rest, None)

    with tempfile.TemporaryDirectory() as folder, _quiet():
        out = Path(folder) / "int8.onnx"
        quantise_static(
            model,
            out,
            Reader(model.graph.input[0].name),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=inner_nodes(model),
            op_types_to_quantize=list(QUANTISED),
            calibrate_method=CalibrationMethod.MinMax,
            calibration_providers=["CPUExecutionProvider"],
            extra_options={"CalibMovingAverage": True},
        )
        return onnx.load(out)


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantiser advises to optimise the graph first, through the root logger; it makes no difference here."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def inner_nodes(model: Any) -> list[str]:
    """The nodes that can be quantised: those with a convolution somewhere behind them."""
    producer = {name: node for node in model.graph.node for name in node.output}
    inner: dict[int, str] = {}
    waiting = [node for node in model.graph.node if node.op_type == "Conv"]
    while waiting:
        for name in waiting.pop().input:
            node = producer.get(name)
            if node is not None and id(node) not in inner:
                inner[id(node)] = node.name if node.op_type in QUANTISED else ""
                waiting.append(node)
    return sorted(name for name in inner.values() if name)

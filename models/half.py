"""Weights stored in half precision: half the file, the same arithmetic."""

from typing import Any

import numpy as np

SMALLEST = 256
"""Tensors with fewer values stay as they are: they weigh nothing, and some of them count places in a picture."""

LARGEST = 65504.0
"""The largest number that float16 holds."""


def half_stored(model: Any) -> Any:
    """A copy of an ``onnx.ModelProto`` whose float32 weights lie in it as float16, each behind a ``Cast``.

    Runtimes fold the casts when they load the file, so speed and memory are those of fp32, and input and output keep
    their types. Rounding to 11 bits is all that changes.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    half = onnx.ModelProto()
    half.CopyFrom(model)
    weights, casts = [], []
    for tensor in half.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < SMALLEST or float(np.abs(values).max()) > LARGEST:
            weights.append(tensor)
            continue
        stored = f"{tensor.name} as float16"
        weights.append(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [tensor.name], name=stored, to=TensorProto.FLOAT))
    nodes = [*casts, *half.graph.node]
    del half.graph.initializer[:], half.graph.node[:]
    half.graph.initializer.extend(weights)
    half.graph.node.extend(nodes)
    return half

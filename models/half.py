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


def whole_again(model: Any) -> Any:
    """A copy of an ``onnx.ModelProto`` of ``half_stored`` whose weights are float32 again, as runtimes see them: what
    changes weights, as quantising does, finds them where it looks for them."""
    import onnx
    from onnx import numpy_helper

    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    stored = {tensor.name: tensor for tensor in whole.graph.initializer}
    casts = {node.input[0]: node for node in whole.graph.node if node.op_type == "Cast" and _is_half(node, stored)}
    weights = [
        numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), casts[name].output[0])
        if name in casts
        else tensor
        for name, tensor in stored.items()
    ]
    nodes = [node for node in whole.graph.node if node.op_type != "Cast" or not _is_half(node, stored)]
    del whole.graph.initializer[:], whole.graph.node[:]
    whole.graph.initializer.extend(weights)
    whole.graph.node.extend(nodes)
    return whole


def _is_half(cast: Any, stored: Any) -> bool:
    from onnx import TensorProto

    return cast.input[0] in stored and stored[cast.input[0]].data_type == TensorProto.FLOAT16

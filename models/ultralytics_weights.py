"""Networks that Ultralytics trained, read from their weights. Imports torch and ultralytics, but only when asked."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.adapters.foreign import class_names
from models.card import ModelRefused
from models.session import open_session

TOLERANCE = 0.01
"""How far a rebuilt network may be from the file it was rebuilt from: pixels of a box, on a random picture."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A trained network. network: fused, in evaluation mode. classes: its class names by index. said: the metadata
    of the file it came from."""

    path: Path
    network: Any
    classes: tuple[str, ...]
    said: dict[str, str]


def load_weights(path: Path) -> Weights:
    """Ultralytics weights: a ``.pt``, or an ONNX export whose tensors still carry the network's own names.

    Raises ``ModelRefused``.
    """
    os.environ.setdefault("YOLO_OFFLINE", "true")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    if path.suffix not in (".pt", ".onnx") or not path.is_file():
        raise ModelRefused(path, ["it must be a .pt or .onnx file"])
    if path.suffix == ".onnx":
        return _from_onnx(path)
    if (own := _own(path)) is not None:
        return own
    from ultralytics import YOLO

    try:
        model = YOLO(path, task="detect")
    except Exception as error:  # torch's and Ultralytics' errors have no base class of their own
        raise ModelRefused(path, [f"Ultralytics cannot load it ({' '.join(str(error).split())[:200]})"]) from None
    network = model.model.float().fuse(verbose=False).eval()
    return Weights(path, network, tuple(network.names[i] for i in sorted(network.names)), _origin(model.ckpt))


def _own(path: Path) -> Weights | None:
    """Weights that ``streetorder train`` wrote, whose classes are our keys; None for any other file."""
    import torch

    from models.training.start import own_network

    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # Ultralytics' files hold classes of its own, which only it may load
        return None
    if not isinstance(kept, dict) or "streetorder" not in kept:
        return None
    network, classes = own_network(path)
    return Weights(path, network.fuse(verbose=False).eval(), classes, {"license": "AGPL-3.0-only"})


def _from_onnx(path: Path) -> Weights:
    import onnx
    from onnx import numpy_helper

    said = open_session(path).get_modelmeta().custom_metadata_map
    names = class_names(said.get("names", ""))
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
    return Weights(path, network, names, _origin(said))


def _origin(said: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(said[key]) for key in ("description", "version", "license", "date") if key in said}


def architecture(path: Path, said: Mapping[str, str]) -> str:
    """The name of the architecture, as ``yolo11n``, from a file's metadata. Raises ``ModelRefused``."""
    named = re.search(r"YOLO(v?\d+[nsmlx])\b", said.get("description", ""))
    if named is None:
        raise ModelRefused(path, ["its metadata 'description' names no YOLO architecture: it is no Ultralytics export"])
    return f"yolo{named[1]}"


def _blank(path: Path, classes: int, said: Mapping[str, str]) -> Any:
    """A fused network of the architecture that the file names, not yet trained."""
    from ultralytics.nn.tasks import DetectionModel

    return DetectionModel(f"{architecture(path, said)}.yaml", nc=classes, verbose=False).eval().fuse(verbose=False)


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

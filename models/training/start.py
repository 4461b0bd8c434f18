"""Where training starts: published COCO weights, or our own from before, as a network of our classes that can learn."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labels.source_classes import SourceClasses
from models.card import ModelRefused
from models.training.torch_runtime import prepare

COCO_CLASSES = 80
"""The head's inner width follows the number of classes it was made for, and our weights started from COCO's."""

UNSEEN_SCORE = 0.005
"""What the network says at first, everywhere, of a class that its old classes do not show."""


def network_from_onnx(path: Path, pictures: Iterable[NDArray[np.uint8]]) -> tuple[Any, tuple[str, ...]]:
    """An Ultralytics network and its class names from a fused ONNX export, as one that can be trained.

    pictures: ``(H, W, 3)`` RGB, H and W multiples of 32. An export has its batch normalisation folded into the
    convolutions. It is unfolded here: with the mean m and variance v that each convolution's output has on these
    pictures, normalising by (m, v) and then scaling by sqrt(v + eps) and adding m + the folded bias changes no output,
    and is what a trained layer looks like. Raises ``ModelRefused``.
    """
    prepare()
    import onnx
    import torch
    from onnx import numpy_helper
    from ultralytics.nn.modules import Conv
    from ultralytics.nn.tasks import DetectionModel

    from models.ultralytics_weights import architecture, load_weights

    weights = load_weights(path)  # checks every tensor against ONNX Runtime
    tensors = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    network = DetectionModel(f"{architecture(path, weights.said)}.yaml", nc=len(weights.classes), verbose=False).eval()
    layers = {name: layer for name, layer in network.named_modules() if isinstance(layer, Conv)}
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name in tensors and not name.endswith(".bn.weight"):
                parameter.copy_(torch.from_numpy(tensors[name].copy()))
        moments: dict[str, Any] = {}
        for name, layer in layers.items():
            norm = layer.bn
            norm.weight.fill_(1)
            norm.bias.copy_(torch.from_numpy(tensors[f"{name}.conv.bias"].copy()))
            norm.running_mean.zero_()
            norm.running_var.fill_(1 - norm.eps)
            layer.conv.register_forward_hook(_gather(moments, name))
        count = 0
        for picture in pictures:
            network(torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255)
            count += 1
        if count == 0:
            raise ModelRefused(path, ["no pictures were given to measure its layers with"])
        for name, layer in layers.items():
            layer.conv._forward_hooks.clear()
            first, second = moments[name] / count
            norm = layer.bn
            norm.running_mean.copy_(first)
            norm.running_var.copy_((second - first**2).clamp(min=1e-6))
            norm.weight.copy_((norm.running_var + norm.eps).sqrt())
            norm.bias.add_(first)
    return network.float(), weights.classes


def _gather(moments: dict[str, Any], name: str) -> Any:
    import torch

    def hook(_layer: Any, _inputs: Any, output: Any) -> None:
        values = torch.stack([output.mean((0, 2, 3)), output.square().mean((0, 2, 3))]).double()
        moments[name] = moments.get(name, 0) + values

    return hook


def own_network(path: Path) -> tuple[Any, tuple[str, ...]]:
    """A network from a file of weights that training wrote, and its classes. Raises ``ModelRefused``."""
    prepare()
    import torch

    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zip and torch each have their own
        raise ModelRefused(path, [f"it is no file of weights ({' '.join(str(error).split())[:120]})"]) from None
    if not isinstance(kept, dict) or kept.get("streetorder") != 1:
        raise ModelRefused(path, ["it is no file of weights that `streetorder train` wrote"])
    network = blank_network(kept["architecture"], kept["classes"])
    network.load_state_dict(kept["state"])
    return network.float(), tuple(kept["classes"])


def blank_network(architecture: str, keys: Sequence[str]) -> Any:
    """A network for our classes with random weights, of the form that ``teach_new_classes`` gives to one for COCO."""
    prepare()
    from ultralytics.nn.tasks import DetectionModel

    network = DetectionModel(f"{architecture}.yaml", nc=COCO_CLASSES, verbose=False)
    teach_new_classes(network, (), None, keys)
    return network


def teach_new_classes(network: Any, classes: Sequence[str], source: SourceClasses | None, keys: Sequence[str]) -> None:
    """Replaces the classes of a network by ours, in place: of a class that it knows it keeps what it knows, also under
    the name that ``source`` gives it (of several the first); others start as almost never seen."""
    import torch
    from torch import nn

    head = network.model[-1]
    shown = source.keys_of(classes) if source else tuple(classes)
    for branch in head.cv3:
        old = branch[-1]
        new = nn.Conv2d(old.in_channels, len(keys), 1)
        with torch.no_grad():
            nn.init.normal_(new.weight, std=0.01)
            new.bias.fill_(float(np.log(UNSEEN_SCORE / (1 - UNSEEN_SCORE))))
            for index, key in enumerate(keys):
                if key in shown:
                    new.weight[index] = old.weight[shown.index(key)]
                    new.bias[index] = old.bias[shown.index(key)]
        branch[-1] = new
    head.nc = len(keys)
    head.no = head.nc + 4 * head.reg_max
    network.nc = len(keys)
    network.names = dict(enumerate(keys))
    network.yaml["nc"] = len(keys)


def mix_in(network: Any, other: Any, part: float) -> None:
    """Turns the network's weights into the mean of ``part`` of the other's and the rest of its own."""
    theirs = other.state_dict()
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            value.mul_(1 - part).add_(theirs[name].to(value.device), alpha=part)

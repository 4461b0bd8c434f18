"""How a foreign model wants its pixels. No export tells, and wrong pixels give no error, only worse boxes."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.card import ModelRefused
from models.crops import unit_planes

PROPERTY = "pixels"
"""The metadata that names the form where it is not the usual one of its kind of export."""

IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(3, 1, 1)
IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32).reshape(3, 1, 1)

Planes = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""``(B, H, W, 3)`` uint8 RGB to ``(B, 3, H, W)`` float32."""


def bgr_planes(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Blue, green, red in [0, 255], as OpenCV reads a picture: YOLOX since its release 0.1.1."""
    return np.ascontiguousarray(crops[..., ::-1].transpose(0, 3, 1, 2)).astype(np.float32)


def imagenet_planes(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """RGB less ImageNet's mean, over its deviation: DEIMv2 with a DINOv3 backbone, the first YOLOX release."""
    return (unit_planes(crops) - IMAGENET_MEAN) / IMAGENET_STD


FORMS: Mapping[str, Planes] = {"rgb-unit": unit_planes, "bgr-255": bgr_planes, "rgb-imagenet": imagenet_planes}


def planes_of(said: Mapping[str, str], usual: str, path: Path) -> Planes:
    """said: the file's metadata. Raises ``ModelRefused`` for a form that is none."""
    form = said.get(PROPERTY, usual)
    if form not in FORMS:
        raise ModelRefused(path, [f"its metadata '{PROPERTY}' is {form!r}: allowed are {', '.join(FORMS)}"])
    return FORMS[form]

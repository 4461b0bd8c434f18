"""The labelled sets that scenes are made from, in our keys, and their pictures as RGB."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.datasets.mapping import to_ours
from labels.datasets.records import Picture
from labels.datasets.yolo import read_yolo
from labels.source_classes import load_source_classes


@cache
def labelled_pictures(data: Path, name: str, part: str) -> tuple[Picture, ...]:
    """The pictures of ``data/name/part``, read once. Raises ``LabelsError`` where they are missing or unusable."""
    source = load_source_classes(name)
    return to_ours(read_yolo(data / name / part, list(source.key_of), name), source).pictures


def origin(path: Path) -> str:
    """Set, part and file of a picture of a set: what a scene says about where its pieces come from."""
    return f"{path.parents[2].name}/{path.parents[1].name}/{path.name}"


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """``(H, W, 3)`` uint8 RGB. Raises ``OSError`` naming the file."""
    bgr = cv2.imread(str(path))
    if bgr is None:
        raise OSError(f"{path}: it cannot be read as a picture")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))

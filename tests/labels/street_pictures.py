"""Pictures of streets that do not exist, and sets of them."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.datasets.records import Box, Picture, PictureSet


def scene(seed: int, size: tuple[int, int] = (160, 120)) -> NDArray[np.uint8]:
    """Smooth shapes, as streets have them: noise of few cycles. ``(H, W, 3)``."""
    rough = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), np.uint8)
    return np.asarray(cv2.resize(rough, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def photograph(path: Path, seed: int, size: tuple[int, int] = (160, 120)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), scene(seed, size))
    return path


def labelled(path: Path, seed: int, *boxes: Box, place: str = "") -> Picture:
    return Picture(photograph(path, seed), (160, 120), boxes, scene=place)


def yolo_set(directory: Path, names: dict[str, int], boxes: str = "0 0.5 0.5 0.2 0.4\n") -> Path:
    """A YOLO set whose pictures, by name, show the scene of a seed; each has the same boxes."""
    for name, seed in names.items():
        photograph(directory / "images" / f"{name}.png", seed)
        (directory / "labels").mkdir(exist_ok=True)
        (directory / "labels" / f"{name}.txt").write_text(boxes, encoding="utf-8")
    return directory


def set_of(*pictures: Picture, name: str = "streets", licence: str | None = "CC0") -> PictureSet:
    classes = tuple(dict.fromkeys(box.cls for picture in pictures for box in picture.boxes))
    return PictureSet(name, classes, pictures, licence)


BIN = Box("bin", (0.25, 0.25, 0.5, 0.75))
HEAP = Box("exposed_garbage", (0.5, 0.5, 1.0, 1.0), ((0.5, 0.5), (1.0, 0.5), (1.0, 1.0)))

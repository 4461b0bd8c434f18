"""Pictures that show a network what its inputs look like, fitted as they are in service."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.datasets.yolo import PICTURES
from models.card import ModelCard, ModelRefused

MOST = 64
"""Pictures that are looked at, spread evenly over what is there: ranges hardly move with more."""

FEWEST = 8
"""Fewer say too little about light, weather and size."""

PADDING = 114
"""Grey beside a letterboxed picture, as in service."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Which pictures were used. sha256: over the contents of the files in their order, hex."""

    directory: Path
    pictures: tuple[Path, ...]
    sha256: str

    def __str__(self) -> str:
        return f"{len(self.pictures)} pictures of {named(self.directory)}"

    def crops(self, card: ModelCard) -> Iterator[NDArray[np.uint8]]:
        """Each picture as ``(1, H, W, 3)`` uint8 RGB in the best of the card's sizes. Raises ``ModelRefused``."""
        for path in self.pictures:
            bgr = cv2.imread(str(path))
            if bgr is None:
                raise ModelRefused(path, ["it cannot be read as a picture to calibrate with"])
            yield fitted(np.asarray(bgr[:, :, ::-1], np.uint8), card)[None]


def find_calibration(directory: Path) -> Calibration:
    """Pictures in a directory and below it, at most ``MOST``. Raises ``ModelRefused`` when there are too few."""
    found = sorted(p for p in directory.rglob("*") if p.suffix.lower() in PICTURES) if directory.is_dir() else []
    if len(found) < FEWEST:
        raise ModelRefused(
            directory,
            [f"it holds {len(found)} pictures: {FEWEST} or more are needed to calibrate with, {MOST} are enough"],
        )
    chosen = [found[i * len(found) // MOST] for i in range(MOST)] if len(found) > MOST else found
    digest = hashlib.sha256()
    for path in chosen:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return Calibration(directory, tuple(chosen), digest.hexdigest())


def fitted(picture: NDArray[np.uint8], card: ModelCard) -> NDArray[np.uint8]:
    """``(h, w, 3)`` to ``(H, W, 3)`` of the card's size that keeps most detail, letterboxed or stretched."""
    height, width = picture.shape[:2]
    if card.resize == "stretch":
        return np.asarray(cv2.resize(picture, card.sizes[0], interpolation=cv2.INTER_AREA), np.uint8)
    size = max(card.sizes, key=lambda s: (min(s[0] / width, s[1] / height), -s[0] * s[1]))
    scale = min(size[0] / width, size[1] / height)
    shown = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (size[0] - shown[0]) // 2, (size[1] - shown[1]) // 2
    canvas = np.full((size[1], size[0], 3), PADDING, np.uint8)
    resized = cv2.resize(picture, shown, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas[top : top + shown[1], left : left + shown[0]] = resized
    return canvas


def named(directory: Path) -> str:
    """The last parts of a directory's path, enough to know a picture set by: ``garbage_overflow_cn/train``."""
    parts = [part for part in directory.resolve().parts if part not in ("images", "/")]
    return "/".join(parts[-2:])

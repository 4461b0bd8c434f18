"""Pictures that show the same: a perceptual hash, and who is near whom by it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.datasets.records import LabelsError

NEAR = 10
"""Bits of 64 in which two near-duplicates may differ. Chosen by eye on pairs of a training and a test picture of four
sets: of those that differ in up to 10 bits nearly all show one scene, from 12 on strangers of like layout come in."""

Hashes = NDArray[np.uint64]
"""``(n, 2)``: of each picture, and of its mirror image."""


def hashes(paths: Iterable[Path]) -> Hashes:
    """Raises ``LabelsError`` for a file that is no picture."""
    return np.array([_both(path) for path in paths], np.uint64).reshape(-1, 2)


def perceptual_hash(grey: NDArray[np.uint8]) -> int:
    """64 bits of a ``(H, W)`` picture: which of its 64 lowest cosine coefficients lie above their median.

    After Zauner 2010, Implementation and Benchmarking of Perceptual Image Hash Functions, with the constant
    coefficient left out of the median. Scaling, recompression and light change few bits of it.
    """
    small: Any = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:8, :8].ravel()
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def near(ours: Hashes, theirs: Hashes, bits: int = NEAR) -> list[tuple[int, int, int]]:
    """Pairs ``(ours, theirs, bits that differ)`` of pictures, mirrored or not, that differ in at most so many bits."""
    pairs = []
    for i, (own, _) in enumerate(ours):
        different = np.bitwise_count(theirs ^ own).min(axis=1)
        pairs += [(i, int(j), int(different[j])) for j in np.flatnonzero(different <= bits)]
    return pairs


def straddling(train: Sequence[Path], test: Sequence[Path], bits: int = NEAR) -> list[tuple[Path, Path, int]]:
    """Pairs of a training and a test picture that are near-duplicates, with the bits that differ."""
    return [(train[i], test[j], different) for i, j, different in near(hashes(train), hashes(test), bits)]


def _both(path: Path) -> tuple[int, int]:
    grey: Any = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise LabelsError(f"{path}: it cannot be read as a picture")
    return perceptual_hash(grey), perceptual_hash(np.ascontiguousarray(grey[:, ::-1]))

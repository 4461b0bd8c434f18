"""The crops that go into a detector: which sizes, which form."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models.card import ModelCard

LETTERBOX_SIZES = ((768, 448), (672, 512), (576, 576), (512, 672), (448, 768))
"""``(width, height)`` of a model that takes any multiple of 32: from wide to tall at about equal cost, so that no
camera's picture is mostly padding."""


def check_crops(crops: NDArray[np.uint8], card: ModelCard) -> None:
    """Raises ``ValueError`` unless ``crops`` is ``(B, H, W, 3)`` uint8 in one of the card's sizes."""
    if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[3] != 3:
        raise ValueError(f"crops are {crops.dtype} {crops.shape}, they must be uint8 (B, H, W, 3)")
    if (crops.shape[2], crops.shape[1]) not in card.sizes:
        sizes = ", ".join(f"{width}x{height}" for width, height in card.sizes)
        raise ValueError(f"crops are {crops.shape[2]}x{crops.shape[1]}, model {card.name} takes {sizes}")


def unit_planes(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """``(B, H, W, 3)`` uint8 to ``(B, 3, H, W)`` float32 in [0, 1], the input of most foreign models."""
    return np.ascontiguousarray(crops.transpose(0, 3, 1, 2)).astype(np.float32) / np.float32(255)


def in_batches(crops: NDArray[np.uint8], batch: int | None) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """The crops in parts for a model that takes ``batch`` of them at a time, None for any number.

    Yields each part and how many of its crops are real: the last part is filled up with black ones.
    """
    step = batch or max(1, len(crops))
    for first in range(0, len(crops), step):
        part = crops[first : first + step]
        count = len(part)
        if batch is not None and count < batch:
            part = np.concatenate([part, np.zeros((batch - count, *part.shape[1:]), np.uint8)])
        yield part, count

"""From the detector's boxes in crop pixels to one list of detections of the picture."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.frame import Frame, Picture, Region
from vision.duplicates import distinct
from vision.parts import cuts, settled
from vision.records import Detections

DESCRIPTOR_SIDE = 8
THINNEST = 1e-5
"""Part of the picture below which a box has no width: far less than a pixel."""


def to_picture(boxes: Sequence[NDArray[np.float32]], frame: Frame, keys: tuple[str, ...]) -> Detections:
    """Map each crop's ``(n, 6)`` boxes to the picture, merge what several boxes or tiles say of one thing, describe it.

    Returns detections relative to the picture, best score first, at most one for a thing.
    """
    size = frame.crops[0].shape[1], frame.crops[0].shape[0]
    mapped = [_mapped(b, size, region) for b, region in zip(boxes, frame.regions, strict=True) if len(b)]
    if not mapped:
        empty = np.zeros((0, 4), np.float32)
        return Detections(empty, empty[:, 0], np.zeros(0, np.int64), keys)
    rows, cut = (np.concatenate(every) for every in zip(*mapped, strict=True))
    crop = np.repeat(np.arange(len(mapped)), [len(found) for found, _ in mapped])
    order = np.argsort(-rows[:, 4], kind="stable")
    rows = settled(rows[order], cut[order], crop[order])
    rows = rows[distinct(rows[:, :4], rows[:, 5])]
    xyxy = rows[:, :4].astype(np.float32)
    descriptor = describe(frame.crops[0], frame.regions[0], xyxy)
    return Detections(xyxy, rows[:, 4].astype(np.float32), rows[:, 5].astype(np.int64), keys, descriptor)


def above(detections: Detections, thresholds: Mapping[str, float]) -> NDArray[np.bool_]:
    """``(n,)`` whether each detection reaches its class's threshold."""
    limit = np.array([thresholds.get(key, 1.1) for key in detections.keys])
    return np.asarray(detections.score >= limit[detections.cls]) if len(detections) else np.zeros(0, bool)


def describe(crop: Picture, region: Region, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(n, D)`` what each thing looks like: its box at 8 by 8 pixels, mean removed, unit length.

    Robust to brightness and contrast, and coarse enough for boxes that jitter by a tenth of their size.
    """
    height, width = crop.shape[:2]
    scale = np.array([region.scale_x, region.scale_y] * 2)
    offset = np.array([region.offset_x, region.offset_y] * 2)
    pixels = np.round((xyxy - offset) / scale).astype(int)
    small = np.zeros((len(xyxy), DESCRIPTOR_SIDE, DESCRIPTOR_SIDE, 3), np.uint8)
    for i, (x1, y1, x2, y2) in enumerate(pixels.tolist()):
        x1, y1 = min(max(x1, 0), width - 2), min(max(y1, 0), height - 2)
        patch = crop[y1 : max(y2, y1 + 2), x1 : max(x2, x1 + 2)]
        cv2.resize(patch, (DESCRIPTOR_SIDE, DESCRIPTOR_SIDE), dst=small[i], interpolation=cv2.INTER_AREA)
    vectors = small.reshape(len(xyxy), DESCRIPTOR_SIDE * DESCRIPTOR_SIDE * 3).astype(np.float32)
    vectors -= vectors.mean(axis=1, keepdims=True)
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + np.float32(1e-6)))


def _mapped(
    boxes: NDArray[np.float32], crop_size: tuple[int, int], region: Region
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One crop's boxes relative to the picture, without those that have no width; and where its borders cut them."""
    rows = boxes.astype(np.float64)
    rows[:, [0, 2]] = rows[:, [0, 2]] * region.scale_x + region.offset_x
    rows[:, [1, 3]] = rows[:, [1, 3]] * region.scale_y + region.offset_y
    np.clip(rows[:, :4], 0.0, 1.0, out=rows[:, :4])
    there = (rows[:, 2] - rows[:, 0] > THINNEST) & (rows[:, 3] - rows[:, 1] > THINNEST)
    return rows[there], cuts(boxes, crop_size, region)[there]

"""Cut-outs from labelled pictures: along an outline where the set has one, else found within the box.

Within a box the thing is separated by GrabCut (Rother, Kolmogorov and Blake 2004), started from the box. Where the
result is not one thing that fills its box, the box is taken as it is, with soft edges.
"""

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.datasets.records import Box, Picture, Xyxy
from labels.synthesis.cutout import Cutout
from labels.synthesis.labelled import origin, read_rgb
from labels.synthesis.scene import under_neutral_light

Mask = NDArray[np.uint8]

LEAST_PX = 72
"""Boxes with a longer side below this are too coarse to be cut out."""

LEAST_CONTRAST = 20.0
"""Standard deviation of the colours below which it is a blur, or a piece of ground, that was cut out."""

WORKING_PX = 180
"""GrabCut runs on a crop of this size: its time grows with the area, and the edge is smoothed anyway."""

WIDE_M = {"exposed_garbage": (0.7, 2.6), "road_vending": (1.6, 2.4)}
HIGH_M = {"bin": (0.9, 1.15), "overflowing_bin": (1.0, 1.4)}
"""Real sizes in metres, smallest and largest: widths of what lies, heights of what stands (a 240 l bin is 1.07 m)."""


def usable(picture: Picture, keys: Iterable[str]) -> tuple[Box, ...]:
    """The boxes of these keys that show one whole thing: not cut by the picture's edge, hardly covered by another."""
    wanted = frozenset(keys)
    return tuple(box for box in picture.boxes if box.cls in wanted and _whole(box, picture))


def cut_out(picture: Picture, boxes: Sequence[Box], rng: np.random.Generator) -> Iterator[Cutout]:
    """Cuts these boxes out of their picture. Raises ``OSError`` where the picture cannot be read."""
    if not boxes:
        return
    rgb = under_neutral_light(read_rgb(picture.path))
    for box in boxes:
        alpha = _outlined(box, picture.size) if box.outline else _within(rgb, box)
        ys, xs = np.flatnonzero(alpha.max(axis=1) > 12), np.flatnonzero(alpha.max(axis=0) > 12)
        if len(ys) < 12 or len(xs) < 12:
            continue
        piece = np.s_[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
        rgba = np.dstack([rgb[piece], alpha[piece]])
        if rgba[..., :3][rgba[..., 3] > 127].std() < LEAST_CONTRAST:
            continue
        yield Cutout(rgba, box.cls, _height_m(box.cls, rgba.shape, rng), origin(picture.path))


def _whole(box: Box, picture: Picture) -> bool:
    x1, y1, x2, y2 = box.xyxy
    width, height = (x2 - x1) * picture.size[0], (y2 - y1) * picture.size[1]
    if max(width, height) < LEAST_PX or min(x1, y1, 1 - x2, 1 - y2) < 0.008 or not 0.2 < width / max(height, 1) < 5:
        return False
    covered = sum(_common(box.xyxy, other.xyxy) for other in picture.boxes if other is not box)
    return bool(box.outline) or covered < 0.12 * (x2 - x1) * (y2 - y1)


def _common(a: Xyxy, b: Xyxy) -> float:
    return max(min(a[2], b[2]) - max(a[0], b[0]), 0.0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0.0)


def _outlined(box: Box, size: tuple[int, int]) -> Mask:
    mask = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(mask, [np.rint(np.array(box.outline) * size).astype(np.int32)], (255,))
    return np.asarray(cv2.GaussianBlur(cv2.erode(mask, np.ones((3, 3), np.uint8)), (0, 0), 1.2))


def _within(rgb: NDArray[np.uint8], box: Box) -> Mask:
    """Opacity ``(H, W)`` of the thing in the box."""
    height, width = rgb.shape[:2]
    x1, y1, x2, y2 = (round(v * s) for v, s in zip(box.xyxy, (width, height, width, height), strict=True))
    dx, dy = round(0.2 * (x2 - x1)) + 2, round(0.2 * (y2 - y1)) + 2
    left, top, right, bottom = max(x1 - dx, 0), max(y1 - dy, 0), min(x2 + dx, width), min(y2 + dy, height)
    inner = (x1 - left, y1 - top, x2 - left, y2 - top)
    mask = _grabcut(rgb[top:bottom, left:right], inner)
    if mask is None:
        mask = _soft_box((bottom - top, right - left), inner, lying=box.cls in WIDE_M)
    alpha = np.zeros((height, width), np.uint8)
    alpha[top:bottom, left:right] = mask
    return alpha


def _grabcut(crop: NDArray[np.uint8], inner: tuple[int, int, int, int]) -> Mask | None:
    """The thing's mask, 0 to 255, or None where it is not one thing that fills its box."""
    height, width = crop.shape[:2]
    scale = min(WORKING_PX / max(height, width), 1.0)
    small = np.asarray(cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    x1, y1, x2, y2 = (round(v * scale) for v in inner)
    trimap = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    trimap[y1:y2, x1:x2] = cv2.GC_PR_FGD
    # What lies in the middle of a box is the thing; without this a pale heap is often taken for ground.
    cv2.ellipse(trimap, ((x1 + x2) // 2, (y1 + y2) // 2), ((x2 - x1) // 5, (y2 - y1) // 4), 0, 0, 360, cv2.GC_FGD, -1)
    cv2.setRNGSeed(0)  # the same picture gives the same cut-out
    cv2.grabCut(small, trimap, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    found = np.where((trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    closed = cv2.morphologyEx(found, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    mask = cv2.morphologyEx(closed, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    main = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    _, _, wide, high, area = stats[main]
    share = area / max((x2 - x1) * (y2 - y1), 1)
    alone = area > 0.85 * stats[1:, cv2.CC_STAT_AREA].sum()
    if not (0.35 <= share <= 0.97 and alone and wide >= 0.8 * (x2 - x1) and high >= 0.85 * (y2 - y1)):
        return None
    outer, _ = cv2.findContours((parts == main).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    solid = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(solid, outer, -1, (255,), -1)
    full = cv2.resize(cv2.GaussianBlur(solid, (0, 0), 1.2), (width, height), interpolation=cv2.INTER_LINEAR)
    # Drawn in by about a pixel: the outermost ring is half background.
    return np.asarray(np.clip((full.astype(np.float32) - 110) * 1.75, 0, 255), np.uint8)


def _soft_box(shape: tuple[int, int], inner: tuple[int, int, int, int], lying: bool) -> Mask:
    """What lies fades into the ground all around; what stands keeps rather straight sides."""
    x1, y1, x2, y2 = inner
    ys, xs = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    power = 2.5 if lying else 8.0
    across = np.abs((xs - (x1 + x2) / 2) / max((x2 - x1) / 2, 1)) ** power
    distance = (across + np.abs((ys - (y1 + y2) / 2) / max((y2 - y1) / 2, 1)) ** power) ** (1 / power)
    fade = 0.35 if lying else 0.1
    return np.asarray(np.clip((1 - distance) / fade * 255, 0, 255), np.uint8)


def _height_m(key: str, shape: Sequence[int], rng: np.random.Generator) -> float:
    if key in WIDE_M:
        return float(np.clip(rng.uniform(*WIDE_M[key]) * shape[0] / shape[1], 0.25, 2.2))
    return float(rng.uniform(*HIGH_M.get(key, (0.5, 1.5))))

"""Things that the border of a tile cuts: a part gives way to the box of the whole, or is put together with the rest.

Two crops can only agree on what both of them see. So a part is compared with another box as that box would look cut by
the same border, and the other way round.
"""

import numpy as np
from numpy.typing import NDArray

from streams.frame import Region
from vision.boxes import intersections
from vision.duplicates import same_thing

BORDER_PX = 2.0
"""Pixels of the crop within which a box touches the border. Most boxes of cut things end within half a pixel of it."""
PART_COVER = 0.8
"""A part that a box of the same class covers that far is of the same thing, however little of it the tile shows."""
OUTWARD = np.array([-1.0, -1.0, 1.0, 1.0])


def cuts(boxes: NDArray[np.float32], crop_size: tuple[int, int], region: Region) -> NDArray[np.float64]:
    """``(n, 4)`` where a border of the crop cuts each of its boxes, relative to the picture.

    boxes: ``(n, 4)`` or wider, xyxy in pixels of the crop. crop_size: its width and height in pixels. A side that ends
    by itself, or at the edge of the picture, is infinitely far out. A cut lies just beyond the border, so that parts
    on both sides of it meet even where tiles share nothing.
    """
    scale = np.array([region.scale_x, region.scale_y] * 2)
    border = np.array([0, 0, *crop_size]) * scale + [region.offset_x, region.offset_y] * 2
    pixel = scale / 2
    inner = (border > pixel) & (border < 1 - pixel)
    if not inner.any():
        return np.tile(OUTWARD * np.inf, (len(boxes), 1))
    beyond = (np.array([0, 0, *crop_size]) - boxes[:, :4]) * OUTWARD
    return np.where(inner & (beyond <= BORDER_PX), border + OUTWARD * BORDER_PX * scale, OUTWARD * np.inf)


def settled(rows: NDArray[np.float64], cut: NDArray[np.float64], crop: NDArray[np.int64]) -> NDArray[np.float64]:
    """The boxes of all crops with the parts of things settled: given up for a whole, put together, or not believed.

    rows: ``(n, 6)`` xyxy relative to the picture, score, class; best first, and so is what comes back. cut: ``(n, 4)``
    from ``cuts``. crop: ``(n,)`` which crop each is from. A box that no border cuts stays as it is, but for its score:
    a part that shows the same raises it to its own. A part that no other crop bears out is dropped: what a border cuts
    out of a large thing often looks like another one.
    """
    is_part = np.isfinite(cut).any(axis=1)
    if not is_part.any():
        return rows
    whole, parts, cut_parts = rows[~is_part], rows[is_part], cut[is_part]
    same, cover = _compared(parts, cut_parts, whole, cut[~is_part])
    for part, shows_same in zip(parts, same, strict=True):
        if shows_same.any():
            best = int(shows_same.argmax())
            whole[best, 4] = max(whole[best, 4], part[4])
    left = ~(same | (cover > PART_COVER)).any(axis=1)
    joined = _joined(parts[left], cut_parts[left], crop[is_part][left])
    settled = np.concatenate([whole, *joined])
    return settled[np.argsort(-settled[:, 4], kind="stable")]


def _joined(parts: NDArray[np.float64], cut: NDArray[np.float64], crop: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    """A row for each group of parts that agree with each other and come from several crops."""
    same, _ = _compared(parts, cut, parts, cut)
    groups: list[list[int]] = []
    for i in range(len(parts)):
        near = [group for group in groups if same[i, group].any()]
        groups = [group for group in groups if group not in near]
        groups.append([i, *(member for group in near for member in group)])
    return [_around(parts[group]) for group in groups if len(set(crop[group].tolist())) > 1]


def _around(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(1, 6)`` the box around several of one class, with the best of their scores."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    return np.concatenate([low[:2], high[2:]])[None]


def _compared(
    a: NDArray[np.float64], cut_a: NDArray[np.float64], b: NDArray[np.float64], cut_b: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """``(n, m)`` whether two boxes are the same where both crops can see, and how much of ``a`` is covered by ``b``.

    What two boxes share is seen by both crops anyway; only their areas have to be cut to what the other one sees.
    """
    box_a, box_b = np.where(np.isfinite(cut_a), cut_a, a[:, :4]), np.where(np.isfinite(cut_b), cut_b, b[:, :4])
    one_class = a[:, None, 5] == b[None, :, 5]
    shared = intersections(box_a, box_b) * one_class
    area_a, area_b = intersections(box_a, cut_b), intersections(cut_a, box_b)
    return same_thing(shared, area_a, area_b) & one_class, shared / np.maximum(area_a, 1e-12)

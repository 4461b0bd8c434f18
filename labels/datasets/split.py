"""A set split into training and test pictures, by place: no place is on both sides."""

from dataclasses import dataclass

import numpy as np

from labels.datasets.groups import BLOCK, groups, number
from labels.datasets.records import LabelsError, Picture, PictureSet

GUARD = 10
"""Training pictures within so many numbers of a test picture are left out: where one block ends and the next begins
they often show the same place from another side, which no hash tells. At the two ends of a test block from a walk
through streets, 3 and 7 training pictures did."""


@dataclass(frozen=True, slots=True)
class Split:
    """left_out: neighbours by number of test pictures, in neither part."""

    train: PictureSet
    test: PictureSet
    left_out: tuple[Picture, ...]


def split(pictures: PictureSet, share: float, seed: int, block: int = BLOCK, guard: int = GUARD) -> Split:
    """Test pictures are whole groups (see ``labels.datasets.groups``), drawn by chance until they are ``share`` of all.

    The same pictures and seed give the same split. Raises ``LabelsError`` where the groups do not allow it.
    """
    if not 0 < share < 1:
        raise LabelsError(f"share {share:g}: the test part is between 0 and 1 of the pictures")
    every = pictures.pictures
    together = groups(every, block)
    wanted = share * len(every)
    chosen: set[int] = set()
    for place in np.random.default_rng(seed).permutation(len(together)):
        group = together[place]
        if len(chosen) + len(group) <= max(wanted * 1.1, 1):
            chosen.update(group)
        if len(chosen) >= wanted * 0.9:
            break
    if len(chosen) < wanted / 2:
        raise LabelsError(
            f"{pictures.name}: {len(every)} pictures are {len(together)} groups of one place, the largest of"
            f" {max(map(len, together), default=0)}: no part of about {wanted:.0f} can be made of whole ones."
            " Ask for another share, or for smaller blocks of numbers (--block)"
        )
    test = [every[i] for i in sorted(chosen)]
    marks = {mark for picture in test if (mark := number(picture))}
    train: list[Picture] = []
    left_out: list[Picture] = []
    for i, picture in enumerate(every):
        if i in chosen:
            continue
        near = (mark := number(picture)) is not None and any(
            (mark[0], mark[1] + step) in marks for step in range(-guard, guard + 1)
        )
        (left_out if near else train).append(picture)
    return Split(pictures.with_pictures(tuple(train)), pictures.with_pictures(tuple(test)), tuple(left_out))

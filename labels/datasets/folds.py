"""A set cut into folds, by place: each fold is tested once by what the others taught."""

from collections.abc import Sequence

import numpy as np

from labels.datasets.groups import BLOCK, groups
from labels.datasets.records import LabelsError, Picture


def folds(pictures: Sequence[Picture], count: int, seed: int = 0, block: int = BLOCK) -> list[list[Picture]]:
    """``count`` folds of whole groups (see ``labels.datasets.groups``), as equal in pictures as the groups allow.

    The same pictures and seed give the same folds. Raises ``LabelsError`` where there are fewer groups than folds.
    """
    together = groups(pictures, block)
    if not 2 <= count <= len(together):
        raise LabelsError(
            f"{count} folds of {len(pictures)} pictures, which are {len(together)} groups of one place: from 2 to"
            f" {len(together)} are possible, or more with smaller blocks of numbers (--block)"
        )
    found: list[list[int]] = [[] for _ in range(count)]
    mixed = np.random.default_rng(seed).permutation(len(together))
    for place in sorted(mixed.tolist(), key=lambda place: -len(together[place])):
        min(found, key=len).extend(together[place])
    return [[pictures[i] for i in sorted(fold)] for fold in found]

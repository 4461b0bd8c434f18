"""Which pictures of a set belong together, because they show one place: they are never split apart."""

import re
from collections.abc import Sequence

from labels.datasets.likeness import NEAR, hashes, near
from labels.datasets.records import Picture

BLOCK = 40
"""So many neighbours by number stay together: sets are mostly numbered in the order in which they were taken."""
NUMBERED = re.compile(r"(.*?)(\d+)")


def number(picture: Picture) -> tuple[str, int] | None:
    """Where the picture stands in a series: ``("street/fs", 18)`` for ``street/fs00018.webp``; None: in none."""
    if found := NUMBERED.fullmatch(picture.path.stem):
        return f"{picture.path.parent}/{found[1]}", int(found[2])
    return None


def groups(pictures: Sequence[Picture], block: int = BLOCK, bits: int = NEAR) -> list[list[int]]:
    """Indices of the pictures, by group, each group and all of them in the order of the pictures.

    Together are pictures of one given scene, near-duplicates, and blocks of ``block`` neighbouring numbers.
    Raises ``LabelsError`` for a file that is no picture.
    """
    root = list(range(len(pictures)))

    def top(i: int) -> int:
        while root[i] != i:
            root[i] = i = root[root[i]]
        return i

    first: dict[object, int] = {}
    for i, picture in enumerate(pictures):
        series = number(picture)
        for mark in (("scene", picture.scene) if picture.scene else None, series and (series[0], series[1] // block)):
            if mark:
                root[top(i)] = top(first.setdefault(mark, i))
    both = hashes(picture.path for picture in pictures)
    for i, j, _ in near(both, both, bits):
        root[top(i)] = top(j)
    found: dict[int, list[int]] = {}
    for i in range(len(pictures)):
        found.setdefault(top(i), []).append(i)
    return list(found.values())

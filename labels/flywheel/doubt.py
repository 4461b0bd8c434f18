"""Which pictures a person should label next: those on which the model is least sure, and no two that are alike.

Least-confidence sampling (Settles 2009, Active Learning Literature Survey, 3.1) around the threshold at which a
detection begins to count, and flicker: a thing that was there just before and just after, and in between was not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from labels.datasets.records import Xyxy

T = TypeVar("T")
Reason = Literal["unsure", "flicker"]

SAME_PLACE = 0.4
"""IoU from which two boxes of one view are one place: what stands there is asked about once."""
SAME_LOOK = 0.9
"""Cosine of two descriptors from which two boxes show the same thing, wherever it is."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One detection of a picture. look: ``(D,)`` float32 of unit length."""

    key: str
    score: float
    xyxy: Xyxy
    look: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a picture is worth a look: one box of it. amount: in [0, 1], 1 is least sure."""

    reason: Reason
    amount: float
    sighting: Sighting


def unsure(seen: Sequence[Sighting], start: Mapping[str, float], keep: Mapping[str, float]) -> list[Doubt]:
    """Boxes whose scores lie around the start threshold of their key: from keep to as far above start."""
    doubts = []
    for sighting in seen:
        middle = start[sighting.key]
        reach = max(middle - keep[sighting.key], 1e-3)
        amount = 1 - abs(sighting.score - middle) / reach
        if amount > 0:
            doubts.append(Doubt("unsure", amount, sighting))
    return doubts


def flickers(
    before: Sequence[Sighting],
    now: Sequence[Sighting],
    after: Sequence[Sighting],
    start: Mapping[str, float],
    keep: Mapping[str, float],
) -> list[Doubt]:
    """What reached start just before and just after at one place, and does not even reach keep in between."""
    doubts = []
    for thing in before:
        if thing.score < start[thing.key]:
            continue
        again = [s for s in after if s.key == thing.key and s.score >= start[s.key] and _iou(s, thing) >= SAME_PLACE]
        there = any(s.key == thing.key and s.score >= keep[s.key] and _iou(s, thing) >= SAME_PLACE for s in now)
        if again and not there:
            doubts.append(Doubt("flicker", min(1.0, (thing.score + again[0].score) / 2), thing))
    return doubts


@dataclass(slots=True)
class Proposal(Generic[T]):
    """A picture to label. scene: pictures of one view share it. payload: whatever the caller needs to write it."""

    scene: str
    doubt: Doubt
    payload: T


class Proposals(Generic[T]):
    """Keeps the most doubtful pictures, at most ``count`` for each key, no two of the same place or look."""

    def __init__(self, count: int):
        self.count = count
        self._by_key: dict[str, list[Proposal[T]]] = {}

    def wants(self, scene: str, doubt: Doubt) -> bool:
        """Whether ``add`` would keep it: asked first, because a picture costs something to make."""
        pool = self._by_key.get(doubt.sighting.key, [])
        rivals = [p for p in pool if _alike(p, scene, doubt)]
        if rivals:
            return all(doubt.amount > p.doubt.amount for p in rivals)
        return len(pool) < self.count or doubt.amount > pool[-1].doubt.amount

    def add(self, proposal: Proposal[T]) -> None:
        """Takes the place of what is like it."""
        pool = self._by_key.setdefault(proposal.doubt.sighting.key, [])
        pool[:] = [p for p in pool if not _alike(p, proposal.scene, proposal.doubt)]
        pool.append(proposal)
        pool.sort(key=lambda p: -p.doubt.amount)
        del pool[self.count :]

    def best(self) -> list[Proposal[T]]:
        """The most doubtful of each key in turn, so that no key takes all the places."""
        chosen: list[Proposal[T]] = []
        for rank in range(self.count):
            row = [pool[rank] for pool in self._by_key.values() if rank < len(pool)]
            chosen += sorted(row, key=lambda p: -p.doubt.amount)
        return chosen[: self.count]


def _alike(proposal: Proposal[Any], scene: str, doubt: Doubt) -> bool:
    same_place = proposal.scene == scene and _iou(proposal.doubt.sighting, doubt.sighting) >= SAME_PLACE
    return same_place or float(proposal.doubt.sighting.look @ doubt.sighting.look) >= SAME_LOOK


def _iou(a: Sighting, b: Sighting) -> float:
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = a.xyxy, b.xyxy
    shared = max(0.0, min(ax2, bx2) - max(ax1, bx1)) * max(0.0, min(ay2, by2) - max(ay1, by1))
    union = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - shared
    return shared / union if union > 0 else 0.0

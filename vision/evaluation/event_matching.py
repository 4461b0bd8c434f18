"""Which found event is which true one: one to one, as many pairs as possible, like ones first.

One-to-one matching of events within a type and a camera, by their overlap in time, is how NIST's ActEV evaluations
score surveillance video (Awad et al., TRECVID 2018); here the boxes are asked for too, where both are known.
What is left over on the side of the found is told apart: what shows a true thing that is found already is a duplicate,
an operator's complaint of its own; what shows nothing true is a false alarm.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.boxes import iou
from vision.evaluation.happening import Happening

LEAST_IOU = 0.3
"""Boxes of the same standing thing by two observers; a person's box and a detector's seldom reach more far away."""


@dataclass(frozen=True, slots=True)
class Matched:
    """pairs, duplicates: ``(true, found)``. missed: true ones that nobody found. false: found ones."""

    pairs: tuple[tuple[Happening, Happening], ...]
    missed: tuple[Happening, ...]
    duplicates: tuple[tuple[Happening, Happening], ...]
    false: tuple[Happening, ...]


def match(
    true: Sequence[Happening], found: Sequence[Happening], slack_s: float = 0.0, least_iou: float = LEAST_IOU
) -> Matched:
    """Match each camera and type by itself. slack_s: how far apart two spans may lie and still be taken to meet."""
    groups: dict[tuple[str, str], tuple[list[Happening], list[Happening]]] = defaultdict(lambda: ([], []))
    for side, happenings in enumerate((true, found)):
        for h in happenings:
            groups[h.camera_id, h.key][side].append(h)
    pairs, missed, duplicates, false = [], [], [], []
    for _, (there, said) in sorted(groups.items()):
        there.sort(key=lambda h: h.onset_s)
        said.sort(key=lambda h: h.told_s)
        fit = _fit(there, said, slack_s, least_iou)
        partner = _most_pairs(fit)
        pairs += [(there[i], said[j]) for j, i in sorted(partner.items())]
        missed += [h for i, h in enumerate(there) if i not in partner.values()]
        for j, h in enumerate(said):
            if j not in partner:
                best = int(np.argmax(fit[:, j])) if len(there) else 0
                if len(there) and fit[best, j] > 0:
                    duplicates.append((there[best], h))
                else:
                    false.append(h)
    return Matched(tuple(pairs), tuple(missed), tuple(duplicates), tuple(false))


def _fit(
    there: Sequence[Happening], said: Sequence[Happening], slack_s: float, least_iou: float
) -> NDArray[np.float64]:
    """``(true, found)``: how well two fit, above 0 where they may be the same at all."""
    fit = np.zeros((len(there), len(said)))
    for i, a in enumerate(there):
        for j, b in enumerate(said):
            shared_s = min(a.end_s, b.end_s) - max(a.onset_s, b.onset_s)
            if shared_s < -slack_s:
                continue
            alike = 1.0
            if a.xyxy is not None and b.xyxy is not None:
                alike = float(iou(np.array([a.xyxy]), np.array([b.xyxy]))[0, 0])
                if alike < least_iou:
                    continue
            fit[i, j] = alike + 1 / (1 + abs(a.onset_s - b.onset_s))
    return fit


def _most_pairs(fit: NDArray[np.float64]) -> dict[int, int]:
    """Found to true, as many as there can be (augmenting paths, Kuhn 1955), the better fitting tried first."""
    owner: dict[int, int] = {}

    def seat(i: int, tried: set[int]) -> bool:
        for j in np.argsort(-fit[i], kind="stable").tolist():
            if fit[i, j] <= 0 or j in tried:
                continue
            tried.add(j)
            if j not in owner or seat(owner[j], tried):
                owner[j] = i
                return True
        return False

    for i in range(len(fit)):
        seat(i, set())
    return owner

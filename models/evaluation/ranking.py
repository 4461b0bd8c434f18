"""All found boxes of one class over a whole set, best first, and which of them are right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.examined import Examined
from models.evaluation.matching import IOUS, match

MOST = 100
"""Found boxes of a class that count in one picture, as in COCO: the best ones."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ``n`` found boxes of one class in ``P`` pictures, best first.

    score: ``(n,)``. picture: ``(n,)`` which picture each is from. right: ``(T, n)`` whether it is a labelled thing, at
    each overlap of ``IOUS``. wrong: ``(T, n)`` whether it is none (one in an ignored region is neither).
    positives: ``(P,)`` labelled things. scene: ``(P,)`` number of the place that each picture shows.
    complete: whether every instance in these pictures has a label. Where not, nothing can be said of what is wrong.
    """

    score: NDArray[np.float64]
    picture: NDArray[np.int64]
    right: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    positives: NDArray[np.int64]
    scene: NDArray[np.int64]
    complete: bool

    @property
    def boxes(self) -> int:
        """How many labelled things there are."""
        return int(self.positives.sum())


def rank(examined: Sequence[Examined], key: str) -> Ranking:
    """The ranking of one class, over the pictures in which all of its instances are labelled.

    A class that is labelled completely nowhere is ranked over the pictures that hold a labelled one.
    """
    pictures = [e for e in examined if key in e.picture.labelled]
    complete = bool(pictures)
    if not complete:
        pictures = [e for e in examined if len(e.truth(key))]
    score, picture, right, wrong = [np.zeros(0)], [np.zeros(0, np.int64)], [], []
    nothing = np.zeros((len(IOUS), 0), bool)
    for number, e in enumerate(pictures):
        found = e.found.of(key)
        matched = match(found.xyxy[:MOST], e.truth(key), e.ignore(key))
        score.append(found.score[:MOST])
        picture.append(np.full(len(score[-1]), number))
        right.append(matched.truth >= 0)
        wrong.append((matched.truth < 0) & ~matched.ignored)
    scores = np.concatenate(score)
    order = np.argsort(-scores, kind="stable")
    places = {place: number for number, place in enumerate(dict.fromkeys(_place(e) for e in pictures))}
    return Ranking(
        scores[order],
        np.concatenate(picture)[order],
        np.concatenate([nothing, *right], axis=1)[:, order],
        np.concatenate([nothing, *wrong], axis=1)[:, order],
        np.array([len(e.truth(key)) for e in pictures], np.int64),
        np.array([places[_place(e)] for e in pictures], np.int64),
        complete,
    )


def _place(examined: Examined) -> str:
    return examined.picture.scene or str(examined.picture.path)


def rounded(value: float | None) -> float | None:
    """Four places: more would claim what a test set cannot know."""
    return None if value is None else round(value, 4)

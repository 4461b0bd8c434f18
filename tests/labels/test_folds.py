"""Folds of a set: everything is tested once, and no place is in two of them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from labels.datasets.folds import folds
from labels.datasets.records import LabelsError, Picture


@pytest.fixture
def walk(tmp_path: Path) -> list[Picture]:
    """Thirty pictures from a walk, numbered; each unlike the others."""
    rng = np.random.default_rng(0)
    pictures = []
    for number in range(30):
        path = tmp_path / f"walk_{number}.png"
        cv2.imwrite(str(path), cv2.resize(rng.integers(0, 255, (12, 12, 3), np.uint8), (96, 96)))
        pictures.append(Picture(path, (96, 96), ()))
    return pictures


def test_neighbours_stay_together_and_everything_is_in_one_fold(walk: list[Picture]) -> None:
    found = folds(walk, 3, block=5)
    assert [len(fold) for fold in found] == [10, 10, 10]
    numbers = [{int(p.path.stem.split("_")[1]) for p in fold} for fold in found]
    assert set().union(*numbers) == set(range(30))
    for block in range(6):
        assert sum(bool(fold & set(range(block * 5, block * 5 + 5))) for fold in numbers) == 1


def test_the_seed_alone_decides(walk: list[Picture]) -> None:
    assert folds(walk, 3, 1, 5) == folds(walk, 3, 1, 5)
    assert folds(walk, 3, 1, 5) != folds(walk, 3, 2, 5)


def test_more_folds_than_places_cannot_be(walk: list[Picture]) -> None:
    with pytest.raises(LabelsError, match="from 2 to 3 are possible"):
        folds(walk, 4, block=10)

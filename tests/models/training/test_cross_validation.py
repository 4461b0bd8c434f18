"""A recipe judged on few pictures: each is tested once, by a network that never saw it."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from labels.datasets.records import LabelsError
from models.training.run import all_keys, packed
from models.training.start import blank_network
from service.cross_validation import Order, cross_validate, mean_and_interval

RECIPE = """
name: tiny
held_out: 0
sets: {{mine: {{share: 1, source: {source}, longest_px: 128}}}}
stages: [{{size: 128, steps: 2, batch: 2}}]
"""


@pytest.fixture
def order(tmp_path: Path) -> Order:
    import torch

    source = tmp_path / "mine.yaml"
    source.write_text("name: mine\nlicence: CC0\nclasses: {bin: bin}\nlabelled: [bin]\n", encoding="utf-8")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.format(source=source), encoding="utf-8")
    rng = np.random.default_rng(0)
    for part, numbers in (("train", range(0, 60, 10)), ("test", range(60, 80, 10))):
        for kind in ("images", "labels"):
            (tmp_path / "data" / "mine" / part / kind).mkdir(parents=True)
        for number in numbers:
            folder, name = tmp_path / "data" / "mine" / part, f"p{number}"
            # Blocks of chance, or all would count as pictures of one place.
            coarse = rng.integers(0, 255, (12, 12, 3), np.uint8)
            cv2.imwrite(str(folder / "images" / f"{name}.png"), cv2.resize(coarse, (96, 96)))
            (folder / "labels" / f"{name}.txt").write_text("0 0.5 0.5 0.4 0.4\n", encoding="utf-8")
    weights = tmp_path / "start.pt"
    torch.manual_seed(0)
    torch.save(packed(blank_network("yolo11n", all_keys()), all_keys()), weights)
    return Order(recipe, tmp_path / "data", "mine", "bin", 2, weights, None, tmp_path / "out", block=1)


def test_every_picture_is_tested_once_and_never_by_what_it_taught(order: Order) -> None:
    cv2.setNumThreads(2)  # a process that is forked beside OpenCV's threads must not wait for them
    cv2.GaussianBlur(np.zeros((2000, 2000, 3), np.uint8), (0, 0), 3)
    found = cross_validate(order, workers=1, told=lambda _: None)
    assert [fold["pictures"] for fold in found["folds"]] == [4, 4]
    assert sum(fold["boxes"] for fold in found["folds"]) == 8
    tested = []
    for fold in sorted(order.out.glob("fold-*")):
        parts = {part: {p.name for p in (fold / "data/mine" / part / "images").iterdir()} for part in ("train", "test")}
        assert parts["train"].isdisjoint(parts["test"])
        tested += parts["test"]
    assert len(tested) == len(set(tested)) == 8

    again = cross_validate(order, workers=0, told=lambda _: None)  # from what is kept, without training
    assert again == found
    result = order.out / "fold-0" / "figures.json"
    result.write_text(json.dumps({**json.loads(result.read_text()), "pictures": ["other.png"]}))
    with pytest.raises(LabelsError, match="other folds"):
        cross_validate(order, workers=0, told=lambda _: None)


def test_the_interval_is_students() -> None:
    mean, (low, high) = mean_and_interval([0.6, 0.7, 0.8])
    assert mean == pytest.approx(0.7)
    assert (low, high) == pytest.approx((0.7 - 0.2484, 0.7 + 0.2484), abs=1e-3)

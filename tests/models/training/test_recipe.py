"""Recipes as people write them, and the pictures they gather."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from labels.datasets.records import Box, LabelsError, Picture
from models.detector import load_detector
from models.training.gather import gather, hold_out, origin, without
from models.training.recipe import RecipeError, load_recipe
from models.training.run import RECIPE, all_keys
from models.training.teacher import Trust, completed, look


def test_the_shipped_recipe_can_be_read_and_names_only_keys_of_the_catalogue() -> None:
    recipe = load_recipe(RECIPE)
    keys = set(all_keys())
    for entry in recipe.sets.values():
        assert set(entry.also_labelled) <= keys


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x\nsets: {}\nstages: []", "stages"),
        ("name: x\nsets: {a: {share: 0}}\nstages: [{steps: 1}]", r"sets\.a\.share: .*greater than 0, not 0"),
        ("name: x\nsets: {a: {share: 1, shar: 2}}\nstages: [{steps: 1}]", r"sets\.a\.shar"),
        ("name: x\nsets: {}\nstages: [{steps: 1, size: 500}]", r"stages\.0\.size: .*multiple of 32, not 500"),
        ("name: [", "recipe.yaml"),
    ],
)
def test_a_mistake_names_the_file_the_entry_and_what_is_allowed(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match=told) as error:
        load_recipe(path)
    assert str(path) in str(error.value)


def a_set(folder: Path, count: int = 3) -> None:
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for i in range(count):
        picture = np.random.default_rng(i).integers(0, 255, (96, 128, 3), np.uint8)
        cv2.imwrite(str(folder / "images" / f"{i:03d}.png"), picture)
        (folder / "labels" / f"{i:03d}.txt").write_text("0 0.5 0.5 0.2 0.2\n", encoding="utf-8")


def test_a_set_without_a_licence_never_trains(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\nclasses: {heap: exposed_garbage}\n", encoding="utf-8")
    a_set(tmp_path / "mine" / "train")
    recipe = tmp_path / "recipe.yaml"
    text = f"name: x\nsets: {{mine: {{share: 1, source: {tmp_path / 'mine.yaml'}}}}}\nstages: [{{steps: 1}}]"
    recipe.write_text(text, encoding="utf-8")
    with pytest.raises(LabelsError, match="mine: no licence is stated"):
        gather(load_recipe(recipe), tmp_path, all_keys(), load_detector(None, threads=1), tmp_path, print)


ALL_BUT_ITS_OWN = {key for key in all_keys() if key != "exposed_garbage"}
TEACHER_S = {"motor_vehicle_parking", "non_motor_parking", "street_umbrella", "person"}


@pytest.mark.parametrize(
    ("unlabelled", "left_unknown"),
    [("open", ALL_BUT_ITS_OWN - TEACHER_S), ("masked", ALL_BUT_ITS_OWN), ("background", set())],
)
def test_what_a_set_never_labels_stays_unknown_but_for_what_the_teacher_completes(
    tmp_path: Path, unlabelled: str, left_unknown: set[str]
) -> None:
    source = tmp_path / "mine.yaml"
    source.write_text("name: mine\nlicence: CC0\nclasses: {heap: exposed_garbage}\n", encoding="utf-8")
    a_set(tmp_path / "mine" / "train")
    recipe = tmp_path / "recipe.yaml"
    sets = f"sets: {{mine: {{share: 2, source: {source}}}}}"
    recipe.write_text(f"name: x\nheld_out: 0\nunlabelled: {unlabelled}\n{sets}\nstages: [{{steps: 1}}]", "utf-8")
    keys = all_keys()
    gathered = gather(load_recipe(recipe), tmp_path, keys, load_detector(None, threads=1), tmp_path / "made", print)
    [(share, ready)] = gathered.train
    assert (share, len(ready)) == (2, 3)
    assert {key for key, unknown in zip(keys, ready[0].said.unknown[0], strict=True) if unknown} == left_unknown


def test_neighbours_are_held_back_together() -> None:
    pictures = [Picture(Path(f"{i:04d}.png"), (8, 8), ()) for i in range(400)]
    kept, held = hold_out(pictures, 0.1, block=10)
    assert len(held) == 40
    numbers = sorted(int(p.path.stem) for p in held)
    assert [n % 10 for n in numbers] == [*range(10)] * 4
    assert {p.path for p in kept}.isdisjoint(p.path for p in held)


def test_scenes_made_of_what_is_held_back_do_not_teach(tmp_path: Path) -> None:
    """Each line as `labels synthesise` writes it: a heap is cut out of several pictures."""
    scenes = {"0.webp": ("a/train/1.jpg", "b/train/1.jpg+b/train/2.jpg"), "1.webp": ("a/train/2.jpg", "b/train/3.jpg")}
    lines = [
        json.dumps({"picture": name, "background": ground, "pasted": [{"key": "bin", "origin": piece}]})
        for name, (ground, piece) in scenes.items()
    ]
    (tmp_path / "origins.jsonl").write_text("".join(f"{line}\n" for line in lines))
    pictures = [Picture(tmp_path / "images" / name, (8, 8), ()) for name in scenes]

    def left(held: str) -> list[str]:
        return [p.path.name for p in without(pictures, {origin(Path("data") / held)})]

    assert left("b/train/images/2.jpg") == ["1.webp"]
    assert left("a/train/images/2.jpg") == ["0.webp"]
    assert left("b/train/images/9.jpg") == ["0.webp", "1.webp"]


def test_a_sure_teacher_adds_a_box_an_unsure_one_leaves_the_place_open() -> None:
    picture = Picture(Path("x"), (100, 100), (Box("bin", (0, 0, 0.2, 0.2)),), labelled=frozenset({"bin"}))
    car, maybe, own = (0.5, 0.5, 0.9, 0.9), (0.1, 0.6, 0.2, 0.9), (0.0, 0.0, 0.2, 0.2)
    seen = [("motor_vehicle_parking", 0.8, car), ("person", 0.3, maybe), ("bin", 0.9, own), ("person", 0.05, own)]
    whole, unsure = completed(picture, seen, ("motor_vehicle_parking", "person", "bin"), Trust(0.5, 0.12))
    assert [(b.cls, b.xyxy) for b in whole.boxes] == [("bin", own), ("motor_vehicle_parking", car)]
    assert unsure == [(maybe, "person")]
    assert whole.labelled == {"bin", "person", "motor_vehicle_parking"}


def test_what_the_teacher_saw_is_kept_for_the_next_time(tmp_path: Path) -> None:
    a_set(tmp_path / "set" / "train", 1)
    picture = tmp_path / "set" / "train" / "images" / "000.png"
    detector = load_detector(None, threads=1)
    memory = tmp_path / "seen.json"
    first = look(detector, [picture], memory)

    class Asleep:
        card = detector.card

        def detect(self, _: np.ndarray, _least: float = 0.05) -> list[np.ndarray]:
            raise AssertionError("it was asked again")

    assert look(Asleep(), [picture], memory) == first

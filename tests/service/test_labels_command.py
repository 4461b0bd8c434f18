"""``streetorder labels``: what it says about picture sets."""

from pathlib import Path

import cv2
import numpy as np

from tests.command_line import looked


def picture(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rough = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(rough, (320, 240), interpolation=cv2.INTER_CUBIC))


def test_near_duplicates_across_a_split_are_listed_and_end_with_one(tmp_path: Path) -> None:
    for name, seed in (("train/a", 1), ("train/b", 2), ("test/c", 2), ("test/d", 3)):
        picture(tmp_path / f"{name}.png", seed)
    ended = looked("labels", "duplicates", "--train", tmp_path / "train", "--test", tmp_path / "test", "--json")
    assert ended.code == 1
    [pair] = ended.json["pairs"]
    assert (Path(pair["train"]).name, Path(pair["test"]).name, pair["bits"]) == ("b.png", "c.png", 0)


def test_a_clean_split_says_so(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "a.png", 1)
    picture(tmp_path / "test" / "b.png", 2)
    ended = looked("labels", "duplicates", "--train", tmp_path / "train", "--test", tmp_path / "test")
    assert ended.code == 0
    assert "0 near-duplicate pairs" in ended.out


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = looked("labels", "duplicates", "--train", tmp_path / "gone", "--test", tmp_path)
    assert ended.code == 2
    assert "gone: there is no such directory" in ended.err

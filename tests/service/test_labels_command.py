"""``streetorder labels``: what it says about picture sets."""

from pathlib import Path

import cv2
import numpy as np

from tests.command_line import looked
from tests.labels.street_pictures import yolo_set


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


def bins(directory: Path, names: dict[str, int]) -> Path:
    return yolo_set(directory, names, "1 0.5 0.5 0.2 0.4\n")


def test_a_set_is_counted_and_drawn(tmp_path: Path) -> None:
    bins(tmp_path / "set", {"a": 1, "b": 2})
    ended = looked(
        *("labels", "stats", "--source", "garbage_overflow_cn", "--images", tmp_path / "set"),
        *("--sheet", tmp_path / "sheet.webp"),
    )
    assert ended.code == 0
    assert "2 pictures, 0 of them without a box" in ended.out
    assert "licence: CC BY 4.0" in ended.out
    assert "20.0  20.0  20.0" in ended.out
    assert (tmp_path / "sheet.webp").is_file()


def test_a_set_without_a_licence_is_said_to_teach_nobody(tmp_path: Path) -> None:
    yolo_set(tmp_path, {"a": 1})
    ended = looked("labels", "stats", "--source", "visual_pollution_sa", "--images", tmp_path)
    assert "none is stated: it may evaluate a model and never train one" in ended.out


def test_a_converted_set_is_read_by_the_source_it_brings(tmp_path: Path) -> None:
    bins(tmp_path / "set", {"a": 1})
    out = tmp_path / "out"
    ended = looked(
        *("labels", "convert", "--source", "garbage_overflow_cn", "--images", tmp_path / "set"),
        *("--to", "coco", "--out", out),
    )
    assert (ended.code, ended.err) == (0, "")
    again = looked("labels", "stats", "--source", out / "source.yaml", "--images", out)
    assert "licence: CC BY 4.0" in again.out
    assert "bin " in again.out


def test_a_split_says_what_it_left_out_and_that_nothing_crosses(tmp_path: Path) -> None:
    bins(tmp_path / "set", {f"{n:03d}": n for n in range(40)})
    ended = looked(
        *("labels", "split", "--source", "garbage_overflow_cn", "--images", tmp_path / "set", "--share", "0.2"),
        *("--block", "4", "--guard", "1", "--out", tmp_path / "out"),
    )
    assert ended.code == 0, ended.err
    assert "test 8 pictures" in ended.out
    assert "near-duplicates across the split: 0" in ended.out
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"train", "test"}


def test_a_split_leaves_a_full_folder_alone(tmp_path: Path) -> None:
    bins(tmp_path / "set", {"a": 1, "b": 2})
    ended = looked(
        *("labels", "split", "--source", "garbage_overflow_cn", "--images", tmp_path / "set", "--share", "0.5"),
        *("--out", tmp_path / "set"),
    )
    assert ended.code == 2
    assert "it is not empty; name a new folder" in ended.err


def test_duplicates_of_a_known_source_are_those_that_loading_leaves(tmp_path: Path) -> None:
    bins(tmp_path / "train", {"a": 1, "b": 2})
    bins(tmp_path / "test", {"c": 2})
    ended = looked(
        *("labels", "duplicates", "--source", "garbage_overflow_cn"),
        *("--train", tmp_path / "train", "--test", tmp_path / "test"),
    )
    assert ended.code == 0
    assert "train: 1 pictures; left out: 1 near-duplicates of test pictures" in ended.out
    assert "0 near-duplicate pairs" in ended.out


def test_labels_that_cannot_be_used_are_told_in_one_line(tmp_path: Path) -> None:
    yolo_set(tmp_path, {"a": 1}, "7 0.5 0.5 0.2 0.4\n")
    ended = looked("labels", "stats", "--source", "garbage_overflow_cn", "--images", tmp_path)
    assert ended.code == 2
    assert "a.txt:1: class 7: allowed are 0 to 2 (garbage, garbage_bin, overflow)" in ended.err

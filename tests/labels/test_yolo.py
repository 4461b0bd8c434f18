"""YOLO labels in the folders of the tools that export them, and the names of their classes."""

from pathlib import Path

import pytest

from labels.datasets.class_names import class_names
from labels.datasets.read import read_set
from labels.datasets.records import LabelsError
from labels.datasets.yolo import read_labels
from tests.labels.street_pictures import photograph, yolo_set


def test_cvat_puts_labels_beside_their_pictures_and_names_in_obj_names(tmp_path: Path) -> None:
    photograph(tmp_path / "obj_train_data" / "street" / "a.png", 1)
    (tmp_path / "obj_train_data" / "street" / "a.txt").write_text("1 0.5 0.5 0.2 0.4\n", encoding="utf-8")
    photograph(tmp_path / "obj_train_data" / "unlabelled.png", 2)
    (tmp_path / "obj.names").write_text("bin\nheap\n", encoding="utf-8")
    (tmp_path / "train.txt").write_text("data/obj_train_data/street/a.png\n", encoding="utf-8")
    found = read_set(tmp_path)
    assert [[box.cls for box in picture.boxes] for picture in found.pictures] == [["heap"]]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("classes.txt", "bin\r\nheap\r\n"),
        ("obj.names", "\ufeffbin\nheap\n"),
        ("data.yaml", "path: .\ntrain: train.txt\nnames:\n  0: bin\n  1: heap\n"),
        ("data.yaml", "names: [bin, heap]\nnc: 2\n"),
        ("notes.json", '{"categories": [{"id": 1, "name": "heap"}, {"id": 0, "name": "bin"}], "info": {}}'),
    ],
)
def test_each_tool_names_its_classes(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert class_names(tmp_path) == ("bin", "heap")


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("classes.txt", "", "every class needs a name"),
        ("classes.txt", "bin\nbin\n", "'bin' stands there twice"),
        ("data.yaml", "names: [", "not YAML"),
        ("data.yaml", "nc: 2\n", "numbered from 0"),
        ("data.yaml", "names: {0: bin, 2: heap}\n", "numbered from 0 without a gap"),
        ("data.yaml", "names: [1, 2]\n", "a name that is a text"),
        ("notes.json", "{}", "must list 'categories'"),
    ],
)
def test_names_that_cannot_be_used_are_told_with_the_file(tmp_path: Path, file: str, text: str, told: str) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(LabelsError, match=rf"{file}: .*{told}"):
        class_names(tmp_path)


def test_the_names_beside_the_labels_hold_against_those_that_were_expected(tmp_path: Path) -> None:
    yolo_set(tmp_path, {"a": 1})
    (tmp_path / "classes.txt").write_text("heap\nbin\n", encoding="utf-8")
    assert read_set(tmp_path, ["bin", "heap"]).pictures[0].boxes[0].cls == "heap"


def test_a_set_that_nobody_names_the_classes_of_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match=r"add classes\.txt"):
        read_set(yolo_set(tmp_path, {"a": 1}))


def test_a_folder_of_pictures_only_is_told_what_is_understood(tmp_path: Path) -> None:
    photograph(tmp_path / "a.png", 1)
    with pytest.raises(LabelsError, match="it holds no labels"):
        read_set(tmp_path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("0 0.5 0.5 0.2", "3 numbers after the class"),
        ("0 0.5 0.5 0.2 wide", "a label is numbers"),
        ("2 0.5 0.5 0.2 0.2", r"class 2: allowed are 0 to 1 \(bin, heap\)"),
        ("0 0.9 0.5 0.4 0.2", "reaches out of the picture"),
        ("0 nan 0.5 0.4 0.2", "reaches out of the picture"),
    ],
)
def test_a_wrong_line_is_told_with_its_number(tmp_path: Path, line: str, told: str) -> None:
    file = tmp_path / "a.txt"
    file.write_text(f"0 0.5 0.5 0.2 0.4\n{line}\n", encoding="utf-8")
    with pytest.raises(LabelsError, match=rf"a\.txt:2: .*{told}"):
        read_labels(file, ["bin", "heap"])

"""Sets as training and evaluation take them, written again, and what is known of their licences."""

from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from labels.datasets.contact_sheet import write_contact_sheet
from labels.datasets.exclusions import exclusions
from labels.datasets.export import Form, write_set
from labels.datasets.licence import refuse_unlicensed
from labels.datasets.likeness import straddling
from labels.datasets.load import load_set
from labels.datasets.records import Box, LabelsError, PictureSet
from labels.datasets.statistics import statistics
from labels.source_classes import load_source_classes
from tests.labels.street_pictures import BIN, HEAP, labelled, set_of, yolo_set

SPLIT_SETS = ("fire_smoke", "garbage_overflow_cn", "graffiti_athens", "vendor_carts_in")


def source(folder: Path, excluded: str = "", joins: str = "") -> str:
    file = folder / "ours.yaml"
    text = f"name: ours\nlicence: MIT\nclasses: {{bin: bin, heap: exposed_garbage}}\njoin: [{joins}]\n"
    file.write_text(text, encoding="utf-8")
    if excluded:
        (folder / "ours.exclude.txt").write_text(excluded, encoding="utf-8")
    return str(file)


def test_training_pictures_like_a_test_picture_are_left_out(tmp_path: Path) -> None:
    yolo_set(tmp_path / "train", {"a": 1, "b": 2})
    yolo_set(tmp_path / "test", {"c": 2, "d": 3})
    train, test = (load_set(source(tmp_path), tmp_path / part) for part in ("train", "test"))
    assert [p.path.stem for p in train.pictures] == ["a"]
    assert train.notes == "left out: 1 near-duplicates of test pictures"
    assert [p.path.stem for p in test.pictures] == ["c", "d"]
    assert (test.licence, test.notes) == ("MIT", "")


def test_pieces_that_the_source_joins_are_one_thing_where_they_touch(tmp_path: Path) -> None:
    pieces = "1 0.2 0.5 0.2 0.2\n1 0.4 0.5 0.2 0.2\n1 0.8 0.5 0.2 0.2\n0 0.3 0.5 0.2 0.2\n"
    yolo_set(tmp_path / "test", {"a": 1}, pieces)
    joins = source(tmp_path, joins="exposed_garbage")
    (picture,) = load_set(joins, tmp_path / "test").pictures
    heaps = [b.xyxy for b in picture.boxes if b.cls == "exposed_garbage"]
    assert heaps == [pytest.approx((0.1, 0.4, 0.5, 0.6)), pytest.approx((0.7, 0.4, 0.9, 0.6))]
    assert len(load_set(source(tmp_path), tmp_path / "test").pictures[0].boxes) == 4


def test_what_the_list_names_is_left_out_of_its_part_only(tmp_path: Path) -> None:
    for part, seed in (("train", 1), ("test", 5)):
        yolo_set(tmp_path / part, {"a": seed, "b": seed + 1})
    name = source(tmp_path, "# looked at\n\ntest/a  a catalogue shot\n")
    assert [len(load_set(name, tmp_path / part).pictures) for part in ("train", "test")] == [2, 1]
    assert load_set(name, tmp_path / "test").notes.startswith("left out: 1 by the list of")


@pytest.mark.parametrize("line", ["test/a", "a  a reason", "test/x/a  a reason", "test/b one\ntest/b two"])
def test_a_wrong_line_of_the_list_is_told(tmp_path: Path, line: str) -> None:
    with pytest.raises(LabelsError, match=r"exclude\.txt:\d: "):
        exclusions(source(tmp_path, line))


def test_shipped_lists_name_parts_and_reasons() -> None:
    listed = exclusions("garbage_overflow_cn")
    assert {name.split("/")[0] for name in listed} <= {"train", "test"}
    assert exclusions("coco") == {}


def test_a_set_in_which_nothing_is_labelled_is_refused(tmp_path: Path) -> None:
    yolo_set(tmp_path, {"a": 1})
    (tmp_path / "labels" / "a.txt").unlink()
    with pytest.raises(LabelsError, match="none of its pictures is labelled"):
        load_set(source(tmp_path), tmp_path)


def test_a_set_without_a_licence_teaches_nobody() -> None:
    free, unknown = PictureSet("free", (), (), "CC0"), PictureSet("found", (), (), None)
    refuse_unlicensed([free])
    with pytest.raises(LabelsError, match=r"^found: no licence is stated for it: .*state it in the entry 'licence'"):
        refuse_unlicensed([free, unknown])


@pytest.mark.parametrize("form", Form)
def test_a_set_written_and_read_again_says_the_same(tmp_path: Path, form: Form) -> None:
    shelf = Box("illegal_advertising", (0.0, 0.5, 0.25, 1.0))
    picture = replace(
        labelled(tmp_path / "a.png", 1, BIN, HEAP),
        ignore=((0.0, 0.0, 0.25, 0.25),),
        look_alikes=(shelf,),
        labelled=frozenset({"bin"}),
    )
    write_set(tmp_path / "out", set_of(picture), form)
    [again] = load_set(str(tmp_path / "out" / "source.yaml"), tmp_path / "out").pictures
    assert again == replace(picture, path=tmp_path / "out" / "images" / "a.png")
    assert load_source_classes(str(tmp_path / "out" / "source.yaml")).licence == "CC0"


def test_nothing_is_written_over(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="it is not empty"):
        write_set(tmp_path, set_of(labelled(tmp_path / "a.png", 1, BIN)), Form.YOLO)


def test_statistics_count_what_is_there(tmp_path: Path) -> None:
    told = statistics(set_of(labelled(tmp_path / "a.png", 1, BIN, BIN, HEAP), labelled(tmp_path / "b.png", 2)))
    assert (told.pictures, told.empty, told.sizes) == (2, 1, {(160, 120): 2})
    assert (told.classes["bin"].boxes, told.classes["bin"].pictures, told.classes["bin"].width) == (2, 1, (0.25,) * 3)


def test_a_contact_sheet_shows_every_class(tmp_path: Path) -> None:
    edge = Box("person", (0.9, 0.9, 1.0, 1.0))
    write_contact_sheet(set_of(labelled(tmp_path / "a.png", 1, BIN, HEAP, edge)), tmp_path / "sheets" / "s.webp")
    sheet = cv2.imread(str(tmp_path / "sheets" / "s.webp"))
    assert sheet is not None
    assert sheet.shape == (3 * (22 + 132), 8 * 132, 3)


def test_a_sheet_of_nothing_or_into_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="it has no box to show"):
        write_contact_sheet(set_of(), tmp_path / "s.webp")
    with pytest.raises(LabelsError, match=r"s\.txt: a sheet is a"):
        write_contact_sheet(set_of(labelled(tmp_path / "a.png", 1, BIN)), tmp_path / "s.txt")


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("name", SPLIT_SETS)
def test_no_test_picture_of_the_shared_sets_has_a_near_duplicate_that_teaches(shared: Path, name: str) -> None:
    train, test = (load_set(name, shared / "data" / name / part) for part in ("train", "test"))
    assert train.pictures
    assert test.pictures
    assert straddling([p.path for p in train.pictures], [p.path for p in test.pictures]) == []

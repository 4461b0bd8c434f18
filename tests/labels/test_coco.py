"""COCO files, as CVAT and Label Studio export them and as we write them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.datasets.coco import read_coco, write_coco
from labels.datasets.read import read_set
from labels.datasets.records import Box, LabelsError, Picture
from tests.labels.street_pictures import BIN, HEAP, labelled, photograph


def coco(**changes: Any) -> dict[str, Any]:
    """One picture with one bin, in the keys and the order in which CVAT writes them."""
    record = {
        "licenses": [{"name": "", "id": 0, "url": ""}],
        "categories": [{"id": 1, "name": "bin", "supercategory": ""}, {"id": 2, "name": "heap", "supercategory": ""}],
        "images": [{"id": 1, "width": 160, "height": 120, "file_name": "a.png", "license": 0, "date_captured": 0}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "segmentation": [],
                "area": 4800.0,
                "bbox": [40.0, 30.0, 40.0, 60.0],
                "iscrowd": 0,
                "attributes": {"occluded": False},
            }
        ],
    }
    return record | changes


def annotation(**changes: Any) -> list[dict[str, Any]]:
    return [coco()["annotations"][0] | changes]


def written(file: Path, record: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(record), encoding="utf-8")
    return file


def test_an_export_of_cvat_keeps_its_pictures_in_a_folder_for_each_subset(tmp_path: Path) -> None:
    photograph(tmp_path / "images" / "train" / "street" / "a.png", 1)
    image = coco()["images"][0] | {"file_name": "street/a.png"}
    written(tmp_path / "annotations" / "instances_train.json", coco(images=[image]))
    found = read_set(tmp_path)
    assert found.classes == ("bin", "heap")
    assert [p.boxes for p in found.pictures] == [(BIN,)]


@pytest.mark.parametrize(
    "stated",
    [
        "images/a.png",
        "images\\a.png",  # exported on Windows
        "/label-studio/data/media/upload/3/a.png",  # pictures not exported, but put there by hand
        "../../label-studio/data/media/upload/3/a.png",
        "https://example.org/pictures/a.png?token=1",
    ],
)
def test_label_studio_names_the_same_picture_in_many_ways(tmp_path: Path, stated: str) -> None:
    photograph(tmp_path / "images" / "a.png", 1)
    categories = [{"id": 0, "name": "heap"}, {"id": 1, "name": "bin"}]
    image = {"width": 160, "height": 120, "id": 1, "file_name": stated}
    written(tmp_path / "result.json", coco(images=[image], categories=categories))
    found = read_set(tmp_path)
    assert found.classes == ("heap", "bin")
    assert [p.boxes for p in found.pictures] == [(BIN,)]


def test_a_picture_labelled_in_two_tasks_is_one_picture(tmp_path: Path) -> None:
    photograph(tmp_path / "images" / "a.png", 1)
    images = [coco()["images"][0] | {"id": number} for number in (1, 2)]
    both = annotation() + annotation(image_id=2, category_id=2)
    [picture] = read_coco(written(tmp_path / "result.json", coco(images=images, annotations=both))).pictures
    assert [box.cls for box in picture.boxes] == ["bin", "heap"]


def test_a_crowd_is_ignored_and_run_lengths_leave_the_box(tmp_path: Path) -> None:
    photograph(tmp_path / "images" / "a.png", 1)
    runs = {"counts": [305, 15, 3040], "size": [120, 160]}
    both = annotation(segmentation=runs) + annotation(segmentation=runs, iscrowd=1)
    [picture] = read_coco(written(tmp_path / "result.json", coco(annotations=both))).pictures
    assert picture.boxes == (BIN,)
    assert picture.ignore == (BIN.xyxy,)


def test_a_listed_picture_without_boxes_shows_nothing(tmp_path: Path) -> None:
    photograph(tmp_path / "images" / "a.png", 1)
    [picture] = read_coco(written(tmp_path / "result.json", coco(annotations=[]))).pictures
    assert picture.boxes == ()


def test_boxes_of_a_set_scaled_after_labelling_still_fit(tmp_path: Path) -> None:
    photograph(tmp_path / "images" / "a.png", 1, (80, 60))
    [picture] = read_coco(written(tmp_path / "result.json", coco())).pictures
    assert (picture.size, picture.boxes) == ((80, 60), (BIN,))


@pytest.mark.parametrize(
    ("record", "told"),
    [
        pytest.param([], "it is no COCO file", id="a list"),
        pytest.param({"images": []}, "no list 'categories'", id="no categories"),
        pytest.param(
            coco(annotations=[{"id": 3}]), r"annotations\[0\]: it lacks image_id, category_id, bbox", id="bare"
        ),
        pytest.param(
            coco(annotations=annotation(category_id=9)), "annotation 1: category_id 9: no such", id="category"
        ),
        pytest.param(coco(annotations=annotation(image_id=9)), "image_id 9: no such image", id="image"),
        pytest.param(coco(annotations=annotation(bbox=[9, 9, -1, 2])), "cannot be below 0", id="negative"),
        pytest.param(coco(annotations=annotation(bbox=[1, 2])), r"annotation 1: bbox \[1, 2\]", id="two numbers"),
        pytest.param(
            coco(annotations=annotation(bbox=[90, 0, 90, 9])), "reaches out of its picture of 160x120", id="out"
        ),
        pytest.param(coco(images=[coco()["images"][0] | {"width": 0}]), "pixels are needed", id="no width"),
        pytest.param(
            coco(images=[coco()["images"][0] | {"width": 120, "height": 160}]), "lay on its side", id="turned"
        ),
        pytest.param(coco(images=[coco()["images"][0] | {"file_name": "b.png"}]), "'b.png' is not there", id="gone"),
        pytest.param(coco(categories=[{"id": 1, "name": "bin"}, {"id": 2, "name": "bin"}]), "same name", id="twice"),
    ],
)
def test_a_mistake_is_told_with_the_file_and_the_entry(tmp_path: Path, record: Any, told: str) -> None:
    photograph(tmp_path / "images" / "a.png", 1)
    with pytest.raises(LabelsError, match=rf"result\.json: .*{told}"):
        read_coco(written(tmp_path / "result.json", record))


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("{", encoding="utf-8")
    with pytest.raises(LabelsError, match=r"result\.json: it is no JSON"):
        read_set(tmp_path)


def test_two_files_want_a_choice(tmp_path: Path) -> None:
    for name in ("instances_train", "instances_val"):
        written(tmp_path / "annotations" / f"{name}.json", coco())
    with pytest.raises(LabelsError, match="2 COCO files; name one"):
        read_set(tmp_path)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    picture = labelled(tmp_path / "images" / "a.png", 1, BIN, HEAP)
    ignoring = Picture(picture.path, picture.size, picture.boxes, ignore=((0.0, 0.0, 0.25, 0.25),))
    write_coco(tmp_path / "annotations" / "instances.json", [ignoring], ["bin", "exposed_garbage"], "CC0")
    found = read_set(tmp_path, name="x")
    assert found.classes == ("bin", "exposed_garbage")
    assert found.pictures == (ignoring,)


def test_a_class_that_is_not_to_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match=r"a\.png: a box of 'bin': the classes to write are heap"):
        write_coco(tmp_path / "a.json", [labelled(tmp_path / "a.png", 1, BIN)], ["heap"])


side = st.floats(0, 1).map(lambda v: round(v, 4))


@given(ends=st.lists(st.tuples(side, side, side, side), max_size=5))
def test_any_box_survives_to_a_hundredth_of_a_pixel(
    tmp_path_factory: pytest.TempPathFactory, ends: list[tuple[float, float, float, float]]
) -> None:
    folder = tmp_path_factory.mktemp("coco")
    boxes = tuple(Box("bin", (min(a, c), min(b, d), max(a, c), max(b, d))) for a, b, c, d in ends)
    write_coco(folder / "result.json", [labelled(folder / "images" / "a.png", 1, *boxes)], ["bin"])
    [picture] = read_coco(folder / "result.json").pictures
    for box, again in zip(boxes, picture.boxes, strict=True):
        assert again.xyxy == pytest.approx(box.xyxy, abs=2e-4)

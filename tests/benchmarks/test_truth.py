"""What the street pictures really show, as judged by eye: a file that any model can be measured by."""

import json
from pathlib import Path
from typing import Any

import pytest

from labels.catalogue import load_catalogue
from labels.datasets.load import load_set
from labels.source_classes import load_source_classes

SOURCE = "visual_pollution_eye"
SMALLEST = {"motor_vehicle_parking": 0.03, "bin": 0.01, "exposed_garbage": 0.03}
"""Width below which a thing is not counted, part of the picture's."""


@pytest.fixture(scope="module")
def file(checkout: Path) -> Path:
    return checkout / "benchmarks" / "truth" / "visual_pollution_sa.json"


@pytest.fixture(scope="module")
def truth(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def test_it_speaks_of_our_types_and_of_what_is_unsure_only(truth: Any) -> None:
    catalogue = load_catalogue()
    source = load_source_classes(SOURCE)
    assert {c["name"] for c in truth["categories"]} == set(source.key_of)
    assert source.ignored == {"unsure"}
    assert all(source.key_of[cls] == cls for cls in source.key_of if cls != "unsure")
    assert {key for key in source.key_of.values() if key} <= {*catalogue.types, *catalogue.auxiliary}
    assert source.licence is None, "nobody stated a licence for the pictures: they never train"


def test_every_box_lies_in_its_picture(truth: Any) -> None:
    sizes = {image["id"]: (image["width"], image["height"]) for image in truth["images"]}
    assert len(sizes) == 142
    for one in truth["annotations"]:
        (x, y, w, h), (width, height) = one["bbox"], sizes[one["image_id"]]
        assert w > 0, one
        assert h > 0, one
        assert min(x, y) >= 0, one
        assert x + w <= width + 0.1, one
        assert y + h <= height + 0.1, one


def test_nothing_counts_that_is_too_small_to_be_sure_of(truth: Any) -> None:
    names = {c["id"]: c["name"] for c in truth["categories"]}
    widths = {image["id"]: image["width"] for image in truth["images"]}
    for one in truth["annotations"]:
        assert one["bbox"][2] / widths[one["image_id"]] >= SMALLEST.get(names[one["category_id"]], 0) - 1e-4, one


def test_nothing_is_boxed_twice(truth: Any) -> None:
    boxes = [(one["image_id"], one["category_id"], *one["bbox"]) for one in truth["annotations"]]
    assert len(set(boxes)) == len(boxes)


@pytest.mark.shared
def test_it_reads_beside_its_pictures_as_a_set_to_measure_by(file: Path, shared: Path, tmp_path: Path) -> None:
    (tmp_path / "images").symlink_to(shared / "data" / "visual_pollution_sa" / "test" / "images")
    (tmp_path / "result.json").symlink_to(file)
    pictures = load_set(SOURCE, tmp_path)
    assert len(pictures.pictures) == 142
    assert pictures.licence is None
    boxes = [box.cls for picture in pictures.pictures for box in picture.boxes]
    assert (boxes.count("bin"), boxes.count("overflowing_bin"), boxes.count("exposed_garbage")) == (28, 3, 0)
    assert "unsure" not in boxes
    assert all("exposed_garbage" in p.labelled and "person" not in p.labelled for p in pictures.pictures)

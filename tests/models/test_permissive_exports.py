"""Exports of YOLOX, and of RT-DETR and D-FINE by Transformers: what is red is a car to them, what is blue a person."""

from pathlib import Path

import numpy as np
import pytest

from labels.source_classes import SourceClasses
from models.adapters.pixels import bgr_planes, imagenet_planes
from models.adopt import adopt
from models.card import ModelRefused
from models.detector import Detector, load_detector
from tests.command_line import looked
from tests.models.foreign_models import write_detr
from tests.models.seeing_models import BLUE, RED, picture_with, write_queries, write_yolox

CAR, PERSON = "motor_vehicle_parking", "person"
OURS = SourceClasses("a city's own", {"heap": "exposed_garbage", "bin": "bin", "car": None})


def found(detector: Detector, crops: np.ndarray) -> list[list[tuple[str, list[int], float]]]:
    keys = detector.card.keys
    return [
        [(keys[int(row[5])], row[:4].round().astype(int).tolist(), round(float(row[4]), 3)) for row in rows]
        for rows in detector.detect(crops)
    ]


@pytest.mark.parametrize("decoded", [False, True], ids=["cells", "decoded in the graph"])
@pytest.mark.parametrize("stride", [8, 16, 32])
def test_yolox_puts_a_red_car_and_a_blue_person_where_they_are_on_every_level(
    tmp_path: Path, stride: int, decoded: bool
) -> None:
    detector = load_detector(write_yolox(tmp_path / "x.onnx", seeing_stride=stride, decoded=decoded))
    x, y = 2 * stride, stride
    crop = picture_with([((x, y, x + stride, y + stride), RED)], 160, 128)
    assert detector.card.resize == "letterbox"
    assert detector.card.sizes == ((160, 128),)
    box = [x - stride // 2, round(y - stride / 4), x + stride * 3 // 2, round(y + stride * 3 / 4)]
    assert found(detector, crop) == [[(CAR, box, 0.72)]]
    crop = picture_with([((x, y, x + stride, y + stride), BLUE)], 160, 128)
    assert found(detector, crop) == [[(PERSON, box, 0.72)]]


@pytest.mark.parametrize("batch", [None, 1, 2])
def test_yolox_takes_any_number_of_pictures(tmp_path: Path, batch: int | None) -> None:
    detector = load_detector(write_yolox(tmp_path / "x.onnx", batch=batch))
    empty = picture_with([], 160, 128)
    car = picture_with([((64, 32, 96, 64), RED)], 160, 128)
    seen = found(detector, np.concatenate([car, empty, car]))
    assert [[key for key, _, _ in rows] for rows in seen] == [[CAR], [], [CAR]]
    assert detector.detect(car[:0]) == []


def test_yolox_of_another_grid_is_told_what_its_output_must_be(tmp_path: Path) -> None:
    path = write_yolox(tmp_path / "x.onnx", strides=(8, 16, 32, 64))
    with pytest.raises(ModelRefused, match=r"\(B, 424, 85\): a picture of 160x128 with strides 8, 16, 32 gives"):
        load_detector(path)


def test_yolox_of_other_classes_than_cocos_is_not_guessed_at(tmp_path: Path) -> None:
    path = write_yolox(tmp_path / "x.onnx", classes=3)
    with pytest.raises(ModelRefused, match=r"gives 3 classes .* name them with streetorder adopt"):
        load_detector(path)


@pytest.mark.parametrize("batch", [None, 1, 2])
@pytest.mark.parametrize(("side", "stated"), [(320, True), (320, False), (None, False)])
def test_an_export_of_transformers_sees_cars_and_people(
    tmp_path: Path, side: int | None, stated: bool, batch: int | None
) -> None:
    detector = load_detector(write_queries(tmp_path / "q.onnx", side=side, batch=batch, stated=stated))
    whole = side or 640
    assert (detector.card.sizes, detector.card.resize) == (((whole, whole),), "stretch")
    assert "assumed to be COCO's 80" in detector.card.recipe
    q = whole // 4
    crop = picture_with([((q, 0, 2 * q, q), RED), ((3 * q, 2 * q, 4 * q, 3 * q), BLUE)], whole, whole)
    seen = {(CAR, (q, 0, 2 * q, q), 0.8), (PERSON, (3 * q, 2 * q, 4 * q, 3 * q), 0.8)}
    for rows in found(detector, np.concatenate([crop] * 3)):
        assert {(key, tuple(box), score) for key, box, score in rows} == seen


def test_a_detr_with_a_class_for_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="gives 92 classes"):
        load_detector(write_queries(tmp_path / "q.onnx", classes=92))


def test_named_after_its_source_a_model_sees_our_types_and_no_others(tmp_path: Path) -> None:
    theirs = write_yolox(tmp_path / "theirs.onnx", classes=3, car=0, person=2)
    card = adopt(theirs, tmp_path / "ours.onnx", OURS, licence="Apache-2.0")
    assert (card.keys, card.licence, card.recipe) == (
        ("exposed_garbage", "bin"),
        "Apache-2.0",
        "YOLOX export, through an adapter",
    )
    crop = picture_with([((32, 32, 64, 64), RED), ((96, 64, 128, 96), BLUE)], 160, 128)
    heap = [("exposed_garbage", [16, 24, 80, 56], 0.72)]  # the blue one is its "car", which shows none of ours
    assert found(load_detector(tmp_path / "ours.onnx"), crop) == [heap]


def test_yolox_of_one_class_is_not_taken_for_finished_boxes(tmp_path: Path) -> None:
    source = SourceClasses("heaps", {"heap": "exposed_garbage"})
    theirs = write_yolox(tmp_path / "theirs.onnx", classes=1, car=0, person=0)
    adopt(theirs, tmp_path / "ours.onnx", source, licence="MIT")
    detector = load_detector(tmp_path / "ours.onnx")
    assert "YOLOX" in detector.card.recipe
    crop = picture_with([((32, 32, 64, 64), BLUE)], 160, 128)
    assert found(detector, crop) == [[("exposed_garbage", [16, 24, 80, 56], 0.72)]]


def test_names_that_do_not_fit_leave_no_file(tmp_path: Path) -> None:
    theirs, out = write_yolox(tmp_path / "theirs.onnx", classes=4), tmp_path / "ours.onnx"
    source = tmp_path / "mine.yaml"
    source.write_text("name: mine\nclasses:\n  heap: exposed_garbage\n  bin: bin\n", encoding="utf-8")
    given = ["adopt", theirs, out, "--source", source, "--licence", "MIT"]
    ended = looked(*given)
    assert ended.code == 2
    assert "gives 4 classes and its metadata 'names' names 2" in ended.err
    assert not out.exists()
    out.write_bytes(b"somebody's")
    assert looked(*given).code == 2
    assert out.read_bytes() == b"somebody's"


def test_adopting_says_what_came_of_it(tmp_path: Path) -> None:
    theirs, out = write_detr(tmp_path / "d.onnx", [(0, 0, 9, 9, 0.9, 2)], side=100), tmp_path / "named.onnx"
    options = ["--licence", "Apache-2.0", "--pixels", "rgb-imagenet"]
    ended = looked("adopt", theirs, out, "--source", "coco", *options)
    assert ended.code == 0
    assert "Apache-2.0; sees person (start 0.35, keep 0.25), non_motor_parking" in ended.out
    assert looked("adopt", tmp_path / "none.onnx", out, "--source", "coco", *options).code == 2
    assert looked("adopt", theirs, out, "--source", "no-such-set", *options).code == 2


def test_thresholds_that_were_measured_stay_with_the_file(tmp_path: Path) -> None:
    theirs, out = write_yolox(tmp_path / "theirs.onnx", classes=3, car=0, person=2), tmp_path / "ours.onnx"
    card = adopt(theirs, out, OURS, licence="MIT", thresholds={"start": {"bin": 0.6, "exposed_garbage": 0.1}})
    assert card.start == {"exposed_garbage": 0.1, "bin": 0.6}
    assert card.keep == {"exposed_garbage": 0.1, "bin": 0.15}
    again = load_detector(out).card
    assert (again.start, again.keep) == (card.start, card.keep)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--start", "bin"), "--start bin: KEY=SCORE is wanted"),
        (("--start", "bin=high"), "--start bin=high: KEY=SCORE is wanted"),
        (("--start", "car=0.4"), "start 'car': its classes are exposed_garbage, bin"),
        (("--start", "bin=0"), "start bin=0.0: a score above 0, up to 1 is allowed"),
        (("--keep", "bin=nan"), "keep bin=nan: a score above 0, up to 1 is allowed"),
        (("--keep", "bin=0.5"), "bin: keep 0.5 is above start 0.35"),
    ],
)
def test_thresholds_that_are_none_leave_no_file(tmp_path: Path, option: tuple[str, str], told: str) -> None:
    theirs, out = write_yolox(tmp_path / "theirs.onnx", classes=3), tmp_path / "ours.onnx"
    source = tmp_path / "mine.yaml"
    source.write_text("name: mine\nclasses: {heap: exposed_garbage, car: null, bin: bin}\n", encoding="utf-8")
    ended = looked("adopt", theirs, out, "--source", source, "--licence", "MIT", *option)
    assert ended.code == 2
    assert told in ended.err
    assert not out.exists()


def test_the_shipped_model_needs_no_names(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="names its classes already"):
        adopt(load_detector(None).card.path, tmp_path / "n.onnx", OURS, licence="MIT")


def test_pixels_come_in_the_form_that_the_file_names(tmp_path: Path) -> None:
    crop = np.array([[[[124, 116, 104]]]], np.uint8)
    assert bgr_planes(crop).ravel().tolist() == [104, 116, 124]
    assert np.abs(imagenet_planes(crop)).max() < 0.02  # ImageNet's mean colour is nothing
    theirs, out = write_yolox(tmp_path / "t.onnx"), tmp_path / "o.onnx"
    red = picture_with([((64, 32, 96, 64), RED)], 160, 128)
    coco = SourceClasses("two", {f"c{i}": {0: PERSON, 2: CAR}.get(i) for i in range(80)})
    adopt(theirs, out, coco, licence="MIT", pixel_form="rgb-unit")
    assert found(load_detector(out), red) == [[]]
    with pytest.raises(ModelRefused, match=r"'pixels' is 'sepia': allowed are rgb-unit, bgr-255, rgb-imagenet"):
        adopt(theirs, tmp_path / "p.onnx", coco, licence="MIT", pixel_form="sepia")

"""Models of other houses: their boxes come out in our classes, or the file is refused with the reason."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from models.card import ModelRefused
from models.crops import LETTERBOX_SIZES
from models.detector import Detector, load_detector
from tests.models.foreign_models import Row, write_detr, write_yolo
from tests.models.pictures import frame_of, noise

COCO_SHORT = ("person", "bicycle", "car", "motorcycle", "airplane", "bus")
CAR: Row = (10, 20, 90, 60, 0.8, 2)
SAME_AS_BUS: Row = (11, 20, 91, 61, 0.6, 5)
PERSON: Row = (100, 20, 120, 80, 0.7, 0)
AIRPLANE: Row = (150, 20, 170, 80, 0.9, 4)
FAINT: Row = (200, 20, 220, 80, 0.04, 0)
EVERYTHING = [PERSON, AIRPLANE, SAME_AS_BUS, CAR, FAINT]


def found(detector: Detector, count: int = 1) -> list[list[tuple[str, list[int], float]]]:
    """What is found in each of ``count`` crops: key, box, score."""
    keys = detector.card.keys
    return [
        [(keys[int(row[5])], row[:4].round().astype(int).tolist(), round(float(row[4]), 3)) for row in rows]
        for rows in detector.detect(noise(detector.card.sizes[0], count))
    ]


STREET = [("motor_vehicle_parking", [10, 20, 90, 60], 0.8), ("person", [100, 20, 120, 80], 0.7)]


@pytest.mark.parametrize("finished", [False, True], ids=["raw anchors", "finished boxes"])
@pytest.mark.parametrize("batch", [None, 1, 2])
def test_a_yolo_export_finds_vehicles_once_and_nothing_that_is_none_of_ours(
    tmp_path: Path, finished: bool, batch: int | None
) -> None:
    path = write_yolo(tmp_path / "y.onnx", EVERYTHING, COCO_SHORT, batch=batch, finished=finished)
    assert found(load_detector(path), 3) == [STREET] * 3


def test_an_anchor_that_shows_two_of_our_classes_gives_both_and_a_ranking_gets_the_faint_ones(tmp_path: Path) -> None:
    path = write_yolo(tmp_path / "y.onnx", [PERSON, FAINT], COCO_SHORT, also=((0, 1, 0.3),))
    detector = load_detector(path)
    assert found(detector) == [[("person", [100, 20, 120, 80], 0.7), ("non_motor_parking", [100, 20, 120, 80], 0.3)]]
    (rows,) = detector.detect(noise(detector.card.sizes[0], 1), 0.01)
    assert rows[:, 4].tolist() == pytest.approx([0.7, 0.3, 0.04])


@pytest.mark.parametrize("finished", [False, True], ids=["raw anchors", "finished boxes"])
def test_an_export_that_does_not_state_the_shape_of_its_output_is_asked_with_a_picture(
    tmp_path: Path, finished: bool
) -> None:
    path = write_yolo(tmp_path / "y.onnx", EVERYTHING, COCO_SHORT, size=None, finished=finished, stated=False)
    assert not isinstance(ort.InferenceSession(path).get_outputs()[0].shape[1], int)
    assert found(load_detector(path)) == [STREET]


def test_a_foreign_file_claims_nothing(tmp_path: Path) -> None:
    card = load_detector(write_yolo(tmp_path / "y.onnx", [CAR], COCO_SHORT, license="MIT")).card
    assert (card.name, card.nms, card.resize, card.licence) == ("y", "adapter", "letterbox", "MIT")
    assert card.keys == ("person", "non_motor_parking", "motor_vehicle_parking")
    assert not any(card.proven.values())
    assert all(card.keep[key] < card.start[key] for key in card.keys)


@pytest.mark.parametrize(
    ("size", "stride", "sizes"),
    [
        ((320, 192), "32", ((320, 192),)),
        (None, "32", LETTERBOX_SIZES),
        (None, "64", ((768, 448), (576, 576), (448, 768))),
    ],
)
def test_a_yolo_export_is_fed_the_sizes_it_takes(
    tmp_path: Path, size: tuple[int, int] | None, stride: str, sizes: tuple[tuple[int, int], ...]
) -> None:
    detector = load_detector(write_yolo(tmp_path / "y.onnx", [CAR], COCO_SHORT, size=size, stride=stride))
    assert detector.card.sizes == sizes
    for width, height in sizes:
        assert len(detector.detect(noise((width, height)))[0]) == 1


def test_a_model_trained_on_our_own_keys_needs_no_mapping(tmp_path: Path) -> None:
    path = write_yolo(tmp_path / "y.onnx", [(1, 1, 50, 50, 0.5, 1)], ("posted_bills", "overflowing_bin"))
    assert found(load_detector(path)) == [[("overflowing_bin", [1, 1, 50, 50], 0.5)]]


def test_a_model_of_other_things_is_refused_with_their_names(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=r"none of its classes is one of ours .*: cat, dog"):
        load_detector(write_yolo(tmp_path / "y.onnx", [], ("cat", "dog")))


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"task": "segment"}, "its task is 'segment', not 'detect'"),
        ({"names": ""}, "'names' does not name its classes"),
        ({"names": "{0: 'car', 2: 'bus'}"}, "'names' does not name its classes"),
        ({"names": "{0: 'car'}"}, r"with 1 classes it must be \(B, 5, A\)"),
    ],
)
def test_a_yolo_export_that_does_not_fit_is_told_why(tmp_path: Path, metadata: dict[str, str], told: str) -> None:
    with pytest.raises(ModelRefused, match=told):
        load_detector(write_yolo(tmp_path / "y.onnx", [CAR], COCO_SHORT, **metadata))


@pytest.mark.parametrize("batch", [None, 1, 2])
def test_a_detr_export_gives_a_thing_with_two_labels_once(tmp_path: Path, batch: int | None) -> None:
    twice: Row = (10, 20, 30, 60, 0.5, 0)  # a person where the car is surer
    rows: list[Row] = [(10, 20, 30, 60, 0.8, 2), twice, (50, 50, 60, 60, 0.4, 0), (70, 70, 90, 90, 0.9, 4)]
    detector = load_detector(write_detr(tmp_path / "d.onnx", rows, side=200, batch=batch))
    assert detector.card.sizes == ((200, 200),)
    assert detector.card.resize == "stretch"
    street = [("motor_vehicle_parking", [20, 40, 60, 120], 0.8), ("person", [100, 100, 120, 120], 0.4)]
    assert found(detector, 3) == [street] * 3


def test_a_detr_export_that_does_not_name_its_classes_says_what_was_assumed(tmp_path: Path) -> None:
    assert "assumed to be COCO's 80" in load_detector(write_detr(tmp_path / "d.onnx", [CAR])).card.recipe
    named = load_detector(write_detr(tmp_path / "n.onnx", [(0, 0, 9, 9, 0.5, 0)], names=["exposed_garbage"]))
    assert named.card.keys == ("exposed_garbage",)
    assert "assumed" not in named.card.recipe


def test_a_label_beyond_the_known_classes_is_left_out(tmp_path: Path) -> None:
    path = write_detr(tmp_path / "d.onnx", [(0, 0, 9, 9, 0.9, 300), (0, 0, 9, 9, 0.5, 7)], side=100)
    assert found(load_detector(path)) == [[("motor_vehicle_parking", [0, 0, 9, 9], 0.5)]]


@pytest.mark.shared
def test_deimv2_sees_the_standing_cars(shared: Path) -> None:
    detector = load_detector(shared / "weights/deimv2_hgnetv2_femto_coco.onnx", threads=1)
    (rows,) = detector.detect(
        frame_of(shared / "data/videos/ckuhn_traffic.mp4", 10, detector.card.sizes[0], stretch=True)
    )
    keys = np.array(detector.card.keys)[rows[:, 5].astype(int)]
    assert ((keys == "motor_vehicle_parking") & (rows[:, 4] >= 0.25)).sum() >= 5

"""A detector takes crops of a size that it names and gives tidy boxes, alone or in a batch, in any thread."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from models.boxes import SCORE_FLOOR
from models.card import ModelRefused
from models.detector import Detector, load_detector
from tests.models.pictures import noise
from tests.toy_model import write_toy_model


@pytest.fixture(scope="module")
def toy(toy_model: Path) -> Detector:
    return load_detector(toy_model, threads=1)


def painted(
    width: int, height: int, **boxes: tuple[int, int, int, int]
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    colours = {"red": (255, 0, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}
    picture = np.full((height, width, 3), 118, np.uint8)
    for colour, (x1, y1, x2, y2) in boxes.items():
        picture[y1:y2, x1:x2] = colours[colour]
    return picture


@pytest.mark.parametrize(("width", "height"), [(320, 192), (192, 320)])
def test_things_come_out_where_they_stand_and_padding_does_not(toy: Detector, width: int, height: int) -> None:
    street = painted(width, height, red=(10, 20, 60, 50), yellow=(100, 40, 112, 80))
    empty = painted(width, height)
    with_things, without = toy.detect(np.stack([street, empty]))
    score = np.float32(0.9)
    assert with_things.tolist() == [[10, 20, 60, 50, score, 0], [100, 40, 112, 80, score, 1]]
    assert without.shape == (0, 6)


def test_no_crops_give_no_answers(toy: Detector) -> None:
    assert toy.detect(np.zeros((0, 192, 320, 3), np.uint8)) == []


def test_crops_that_are_a_view_of_something_larger_are_read_right(toy: Detector) -> None:
    mirrored = painted(320, 192, red=(10, 20, 60, 50))[None, :, ::-1]
    assert toy.detect(mirrored)[0][:, :4].tolist() == [[260, 20, 310, 50]]


@pytest.mark.parametrize(
    ("shape", "kind", "told"),
    [
        ((1, 192, 319, 3), np.uint8, "crops are 319x192, model toy takes 320x192, 192x320"),
        ((1, 192, 320, 3), np.float32, "must be uint8"),
        ((192, 320, 3), np.uint8, r"must be uint8 \(B, H, W, 3\)"),
        ((1, 3, 192, 320), np.uint8, r"must be uint8 \(B, H, W, 3\)"),
    ],
)
def test_crops_of_another_form_are_refused(
    toy: Detector, shape: tuple[int, ...], kind: Callable[[int], object], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        toy.detect(np.zeros(shape, kind))  # type: ignore[call-overload]


def test_threads_may_share_a_detector(toy: Detector) -> None:
    streets = [painted(320, 192, blue=(10 * i, 20, 10 * i + 8, 50))[None] for i in range(16)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(toy.detect, streets))
    assert [answer[0][0, 0] for answer in answers] == [10 * i for i in range(16)]


def test_a_card_that_leaves_duplicates_to_somebody_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="removes duplicates itself"):
        load_detector(write_toy_model(tmp_path / "t.onnx", nms="adapter"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda g: setattr(g.input[0].type.tensor_type.shape.dim[0], "dim_value", 1), "B, H and W must be free"),
        (lambda g: setattr(g.output[0].type.tensor_type, "elem_type", TensorProto.DOUBLE), "cannot be used as a model"),
    ],
    ids=["fixed batch", "other numbers"],
)
def test_a_graph_that_breaks_its_own_contract_is_refused(
    tmp_path: Path, toy_model: Path, change: Callable[[onnx.GraphProto], None], told: str
) -> None:
    model = onnx.load(toy_model)
    change(model.graph)
    onnx.save(model, tmp_path / "t.onnx")
    with pytest.raises(ModelRefused, match=told):
        load_detector(tmp_path / "t.onnx")


def test_rows_below_the_floor_never_come_out(tmp_path: Path) -> None:
    detector = load_detector(write_toy_model(tmp_path / "t.onnx"))
    for rows in detector.detect(noise((320, 192), 3)):
        assert (rows[:, 4] >= SCORE_FLOOR).all()


def test_the_runtime_is_loaded_so_that_it_reports_nothing(checkout):
    loading = re.compile(r"^\s*(import onnxruntime|from onnxruntime)", re.MULTILINE)
    packages = ("models", "vision", "streams", "service", "benchmarks", "labels", "cases")
    files = [path for package in packages for path in (checkout / package).rglob("*.py")]
    assert [p.name for p in files if loading.search(p.read_text())] == ["runtime.py", "quantise.py"]
    said = "import models.detector, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "1\n"

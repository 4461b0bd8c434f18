"""The same model in half the bytes, or in eight bits: it says the same, and its card says what was done to it."""

import hashlib
import tempfile
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from models.agreement import agreement
from models.calibration import MOST, find_calibration, fitted
from models.card import ModelRefused, read_card
from models.detector import load_detector
from models.half import half_stored
from models.precision import convert
from models.quantise import inner_nodes
from tests.command_line import looked
from tests.models.pictures import frame_of, noise
from tests.scenery import empty_street

FOLDER = tempfile.TemporaryDirectory()
NANO = Path(FOLDER.name) / "nano.onnx"
convert(load_detector(None).card.path, NANO, "fp32")  # the shipped one has its weights in 16 bits


def pictures(folder: Path, count: int) -> Path:
    folder.mkdir()
    for i in range(count):
        cv2.imwrite(str(folder / f"{i}.png"), empty_street((320, 180), seed=i))
    return folder


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("half") / "nano.onnx"
    convert(NANO, out, "fp16")
    return out


@pytest.fixture(scope="module")
def int8(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("int8")
    convert(NANO, folder / "nano.onnx", "int8", find_calibration(pictures(folder / "street", 8)))
    return folder / "nano.onnx"


def test_half_the_bytes_hold_the_same_model(half: Path) -> None:
    assert half.stat().st_size < 0.55 * NANO.stat().st_size
    card, whole = read_card(half), read_card(NANO)
    assert (card.keys, card.sizes, card.start, card.licence) == (whole.keys, whole.sizes, whole.start, whole.licence)
    assert card.name == "nano-fp16"
    assert "stored as float16" in card.recipe


@pytest.mark.parametrize("precision", ["fp16", pytest.param("int8", marks=pytest.mark.slow)])
def test_a_converted_file_names_the_one_it_came_from_and_its_own_graph(
    precision: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue("half" if precision == "fp16" else "int8")
    said = read_card(path).provenance
    assert said["precision"] == precision
    assert said["converted_from_sha256"] == hashlib.sha256(NANO.read_bytes()).hexdigest()
    graph = onnx.load(path).graph.SerializeToString(deterministic=True)
    assert said["graph_sha256"] == hashlib.sha256(graph).hexdigest()


@pytest.mark.slow
def test_eight_bits_are_a_third_of_the_bytes_and_the_card_says_on_what_they_were_calibrated(int8: Path) -> None:
    assert int8.stat().st_size < 0.35 * NANO.stat().st_size
    card = read_card(int8)
    assert "calibrated on 8 pictures of" in card.recipe
    assert len(card.provenance["calibration_sha256"]) == 64


def test_the_shipped_file_made_whole_says_exactly_what_it_said() -> None:
    card = read_card(NANO)
    assert card.name == "nano-fp32"
    assert "precision" not in card.provenance
    crops = noise((576, 576))
    for before, after in zip(load_detector(None).detect(crops), load_detector(NANO).detect(crops), strict=True):
        np.testing.assert_array_equal(before, after)


def test_what_makes_boxes_and_scores_is_never_put_into_eight_bits() -> None:
    model = onnx.load(NANO)
    inner = set(inner_nodes(model))
    last = [
        f"/branches.{branch}/{heads}.{level}/{heads}.{level}.2/Conv"
        for branch in range(2)
        for heads in ("box_heads", "class_heads")
        for level in range(3)
    ]
    convolutions = {node.name for node in model.graph.node if node.op_type == "Conv"}
    assert convolutions - inner == set(last)
    assert not {node.name for node in model.graph.node if node.op_type in ("TopK", "MatMul", "Softmax")} & inner


def test_a_number_too_large_for_float16_stays_as_it_is() -> None:
    values = np.full(300, 1e6, np.float32)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Add", ["x", "w"], ["y"])],
        "adds",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [300])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [300])],
        [onnx.numpy_helper.from_array(values, "w")],
    )
    kept = half_stored(onnx.helper.make_model(graph))
    assert [tensor.data_type for tensor in kept.graph.initializer] == [onnx.TensorProto.FLOAT]


@pytest.mark.shared
@pytest.mark.slow
def test_on_streets_both_find_what_the_whole_model_finds(half: Path, int8: Path, shared: Path) -> None:
    """The eight bits here are calibrated on drawn streets, which is worse than anybody's own pictures."""
    whole = load_detector(NANO)
    clips = [("ckuhn_traffic.mp4", 5.0), ("opencv_vtest.avi", 3.0), ("ckuhn_traffic.mp4", 40.0)]
    crops = [frame_of(shared / "data/videos" / clip, at, whole.card.sizes[0]) for clip, at in clips]
    same = agreement(whole, load_detector(half), crops)
    assert same.boxes >= 15
    assert (same.found, same.extra) == (same.boxes, 0)
    assert same.iou > 0.99
    coarse = agreement(whole, load_detector(int8), crops)
    assert coarse.found >= 0.8 * coarse.boxes


def test_a_model_agrees_with_itself_and_nothing_is_compared_where_nothing_is_seen(toy_model: Path) -> None:
    toy = load_detector(toy_model)
    crop = np.full((1, 192, 320, 3), 118, np.uint8)
    assert str(agreement(toy, toy, [crop])) == "no boxes to compare"
    crop[0, 50:90, 60:120] = (255, 0, 0)
    same = agreement(toy, toy, [crop])
    assert (same.boxes, same.found, same.extra, same.iou) == (1, 1, 0, 1.0)


def test_calibration_takes_pictures_from_all_over_a_large_folder(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "many", MOST + 40)
    chosen = find_calibration(folder).pictures
    assert len(chosen) == len(set(chosen)) == MOST
    assert chosen[0].name == "0.png"


def test_a_tall_picture_is_fitted_into_a_tall_input_with_grey_beside_it() -> None:
    card = read_card(NANO)
    crop = fitted(np.zeros((800, 400, 3), np.uint8), card)
    assert crop.shape == (768, 448, 3)
    assert crop[400, 0].tolist() == [114, 114, 114]
    assert crop[400, 200].tolist() == [0, 0, 0]


def test_it_takes_from_the_card_which_way_a_picture_is_fitted(tmp_path: Path) -> None:
    from tests.toy_model import write_toy_model

    card = read_card(write_toy_model(tmp_path / "toy.onnx", resize="stretch"))
    assert fitted(np.zeros((800, 400, 3), np.uint8), card).max() == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--precision", "int8"], "int8 needs pictures to calibrate with: --calibration DIR"),
        (["--precision", "int8", "--calibration", "few"], "it holds 3 pictures: 8 or more are needed"),
        (["--precision", "int8", "--calibration", "gone"], "it holds 0 pictures"),
        (["--precision", "fp16", "--facts", "facts.yaml"], "it is a model file already"),
        ([], "it is in fp32 already; allowed are fp16 and int8"),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], told: str
) -> None:
    pictures(tmp_path / "few", 3)
    monkeypatch.chdir(tmp_path)
    ended = looked("export", NANO, "out.onnx", *options)
    assert ended.code == 2
    assert told in ended.err
    assert not list(tmp_path.glob("out*"))


def test_a_converted_file_is_not_converted_again(half: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="it was converted to fp16 already; start from the fp32 file"):
        convert(half, tmp_path / "again.onnx", "fp16")


def test_a_model_is_never_written_over_the_one_it_is_made_from(half: Path) -> None:
    before = half.read_bytes()
    ended = looked("export", half, half, "--precision", "fp16")
    assert ended.code == 2
    assert "it would overwrite what it is made from" in ended.err
    assert half.read_bytes() == before


def test_a_foreign_file_has_no_card_to_carry_over(tmp_path: Path) -> None:
    model = onnx.load(NANO)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "foreign.onnx")
    with pytest.raises(ModelRefused, match="only model files of the contract are converted"):
        convert(tmp_path / "foreign.onnx", tmp_path / "out.onnx", "fp16")


def test_a_picture_that_is_none_is_named(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "street", 8)
    (folder / "5.png").write_bytes(b"no picture")
    with pytest.raises(ModelRefused, match=r"5\.png .* cannot be read as a picture to calibrate with"):
        convert(NANO, tmp_path / "out.onnx", "int8", find_calibration(folder))
    assert not list(tmp_path.glob("out*"))


@pytest.mark.slow
def test_both_take_any_size_and_any_number_of_pictures(half: Path, int8: Path) -> None:
    for path in (half, int8):
        detector = load_detector(path, threads=1)
        assert len(detector.detect(noise(detector.card.sizes[-1], 2))) == 2

"""OpenVINO's form of a model file says what the ONNX file says. What needs OpenVINO is skipped where it is missing."""

import importlib.util
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.agreement import agreement
from models.card import ModelRefused
from models.detector import load_detector
from models.openvino_export import write_openvino
from tests.command_line import looked

MISSING = importlib.util.find_spec("openvino") is None
needs_openvino = pytest.mark.skipif(MISSING, reason="needs the extra openvino")


def red_car() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    crop = np.full((1, 192, 320, 3), 118, np.uint8)
    crop[0, 50:90, 60:120] = (255, 0, 0)
    return crop


@needs_openvino
def test_it_finds_what_the_onnx_file_finds_and_brings_the_same_card(toy_model: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(toy_model, tmp_path))
    converted = load_detector(write_openvino(copy), threads=1)
    original = load_detector(toy_model)
    same = agreement(original, converted, [red_car()])
    assert (same.boxes, same.found, same.extra) == (1, 1, 0)
    assert converted.card.to_metadata() == original.card.to_metadata()
    assert converted.card.sha256 != original.card.sha256


@needs_openvino
def test_other_weights_beside_the_same_network_are_another_model(toy_model: Path, tmp_path: Path) -> None:
    xml = write_openvino(Path(shutil.copy(toy_model, tmp_path)))
    before = load_detector(xml).card.sha256
    with xml.with_suffix(".bin").open("ab") as weights:
        weights.write(b"\0")
    assert load_detector(xml).card.sha256 != before


@needs_openvino
def test_a_network_without_its_weights_or_its_card_is_refused(toy_model: Path, tmp_path: Path) -> None:
    xml = write_openvino(Path(shutil.copy(toy_model, tmp_path)))
    text = re.sub(r"<streetorder [^>]*/>", "", xml.read_text(encoding="utf-8"))
    xml.write_text(text, encoding="utf-8")
    with pytest.raises(ModelRefused, match="it has no metadata 'streetorder'"):
        load_detector(xml)
    xml.with_suffix(".bin").unlink()
    with pytest.raises(ModelRefused, match=r"there is no file toy\.bin"):
        load_detector(xml)


@pytest.mark.skipif(not MISSING, reason="OpenVINO is there")
def test_without_openvino_both_ways_say_how_to_get_it(toy_model: Path, tmp_path: Path) -> None:
    for attempt in (lambda: write_openvino(toy_model), lambda: load_detector(tmp_path / "m.xml")):
        with pytest.raises(ModelRefused, match=r"pip install 'streetorder\[openvino\]'"):
            attempt()
    assert looked("export", toy_model, tmp_path / "out.onnx", "--openvino").code == 2
    assert not (tmp_path / "out.onnx").exists()

"""A model file says what it is, completely, or is refused with everything that is wrong."""

import json
from pathlib import Path
from typing import Any

import onnx
import pytest

from models.card import PROPERTY, STORED, ModelRefused, parse_card, read_card

GOOD: dict[str, Any] = {
    "contract_version": 1,
    "name": "x",
    "version": "1",
    "keys": ["motor_vehicle_parking", "person"],
    "sizes": [[320, 192]],
    "resize": "letterbox",
    "nms": "in-graph",
    "start": {"motor_vehicle_parking": 0.5, "person": 0.5},
    "keep": {"motor_vehicle_parking": 0.25, "person": 0.5},
    "proven": {"motor_vehicle_parking": True, "person": False},
    "licence": "Apache-2.0",
    "training_sets": [],
    "recipe": "by hand",
    "figures": {},
    "provenance": {},
}


def parse(**changes: Any) -> Any:
    return parse_card(Path("m.onnx"), "0" * 64, json.dumps({**GOOD, **changes}))


def test_a_card_comes_back_as_it_was_stored() -> None:
    card = parse()
    assert (card.keys, card.sizes) == (("motor_vehicle_parking", "person"), ((320, 192),))
    assert parse_card(card.path, card.sha256, card.to_metadata()) == card


@pytest.mark.parametrize("field", STORED)
def test_a_missing_field_is_named_with_what_it_must_hold(field: str) -> None:
    text = json.dumps({name: value for name, value in GOOD.items() if name != field})
    with pytest.raises(ModelRefused) as refused:
        parse_card(Path("m.onnx"), "", text)
    assert f"metadata '{field}' is missing: it must be {STORED[field]}" in str(refused.value)
    assert "m.onnx" in str(refused.value)


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(ModelRefused) as refused:
        parse_card(Path("m.onnx"), "", '{"contract_version": 1}')
    assert len(refused.value.reasons) == len(STORED)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("keys", []),
        ("keys", ["person", "person"]),
        ("keys", "person"),
        ("sizes", [[320]]),
        ("sizes", [[320, 0]]),
        ("sizes", [[320.0, 192]]),
        ("resize", "crop"),
        ("nms", None),
        ("start", {"person": 0.5}),  # a key is missing
        ("start", {"motor_vehicle_parking": 0.5, "person": 1.5}),
        ("start", {"motor_vehicle_parking": 0.5, "person": True}),
        ("keep", {"motor_vehicle_parking": 0.25, "person": 0.51}),  # above its start
        ("proven", {"motor_vehicle_parking": 1, "person": 0}),
        ("licence", ""),
        ("training_sets", "COCO"),
        ("figures", []),
        ("provenance", {"weights": 1}),
    ],
)
def test_a_wrong_value_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ModelRefused, match=f"metadata '{field}' is "):
        parse(**{field: value})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "contract_version is None"),
        ('{"contract_version": 2}', "contract_version is 2, this program reads 1"),
    ],
)
def test_metadata_of_another_form_is_refused(text: str, told: str) -> None:
    with pytest.raises(ModelRefused, match=told):
        parse_card(Path("m.onnx"), "", text)


def write_junk(path: Path, content: bytes | None) -> Path:
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [b"", b"not a model\n", bytes(range(256)) * 9, b"\x08\x08", None])
def test_a_file_that_is_no_model_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    path = write_junk(tmp_path / "junk.onnx", content)
    with pytest.raises(ModelRefused, match=r"junk\.onnx cannot be used as a model"):
        read_card(path)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=r"gone\.onnx cannot be used as a model: there is no such file"):
        read_card(tmp_path / "gone.onnx")


def test_weights_that_are_no_model_file_yet_say_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=r"streetorder export"):
        read_card(write_junk(tmp_path / "best.pt", b"PK\x03\x04"))


def test_a_model_without_a_card_and_of_no_known_form_is_told_why_each_form_does_not_fit(
    tmp_path: Path, toy_model: Path
) -> None:
    model = onnx.load(toy_model)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "bare.onnx")
    with pytest.raises(ModelRefused) as refused:
        read_card(tmp_path / "bare.onnx")
    told = str(refused.value)
    assert f"no metadata '{PROPERTY}'" in told
    assert "as a YOLO export: " in told
    assert "as a DEIM, D-FINE or RT-DETR export: " in told

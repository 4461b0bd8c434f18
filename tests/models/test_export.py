"""What a person writes for an export is checked before anything is written."""

from pathlib import Path

import pytest

from labels.source_classes import SourceClasses, load_source_classes
from models.card import ModelRefused
from models.export import class_groups, describe, load_facts
from models.ultralytics_weights import Weights
from tests.command_line import looked


def weights(*classes: str) -> Weights:
    return Weights(Path("w.pt"), None, classes, {})


def test_several_classes_of_coco_show_one_of_ours() -> None:
    groups = class_groups(weights("person", "car", "cat", "truck"), load_source_classes("coco"))
    assert groups == {"person": [0], "motor_vehicle_parking": [1, 3]}


def test_weights_that_see_nothing_of_ours_are_refused_with_their_classes() -> None:
    with pytest.raises(ModelRefused, match=r"none of its classes is one of ours .*: cat, dog"):
        class_groups(weights("cat", "dog"), load_source_classes("coco"))


def test_a_key_that_the_catalogue_lacks_is_refused_with_what_is_allowed() -> None:
    source = SourceClasses("mine", {"car": "parked_car"})
    with pytest.raises(ModelRefused, match="'mine' maps to parked_car: allowed are motor_vehicle_parking"):
        class_groups(weights("car"), source)


@pytest.mark.parametrize(("text", "told"), [("- 1", "must be a mapping with name"), ("a: [", "while parsing")])
def test_facts_that_are_no_mapping_are_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "facts.yaml"
    path.write_text(text)
    with pytest.raises(ModelRefused, match=told):
        load_facts(path)


@pytest.mark.parametrize("said", [0, 1, True, "half"])
def test_when_a_box_is_a_duplicate_must_be_an_iou(tmp_path: Path, said: object) -> None:
    with pytest.raises(ModelRefused, match=r"'duplicate_iou' is .*: a number between 0 and 1 is allowed"):
        describe(
            tmp_path / "m.onnx",
            ("bin",),
            load_source_classes("ours"),
            {"duplicate_iou": said},
            {"weights": "w.pt", "weights_sha256": "c" * 64, "graph_sha256": "d" * 64},
        )


def test_a_user_s_mistake_is_one_line_and_no_file(tmp_path: Path) -> None:
    gone, out = tmp_path / "gone.pt", tmp_path / "out.onnx"
    ended = [
        looked("export", gone, out),
        looked("export", gone, out, "--source", "voc"),
        looked("export", gone, out, "--facts", tmp_path / "gone.yaml"),
    ]
    assert [(e.code, e.out, e.err.count("\n")) for e in ended] == [(2, "", 1)] * 3
    told = [e.err for e in ended]
    assert "gone.pt cannot be used as a model" in told[0]
    assert "'voc': there is no such file; give a .yaml file or one of: coco" in told[1]
    assert "gone.yaml" in told[2]

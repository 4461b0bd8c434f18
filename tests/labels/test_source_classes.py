"""The classes of picture sets, and which of ours they show."""

from pathlib import Path

import pytest

from labels.catalogue import load_catalogue
from labels.source_classes import SourceClassesError, load_source_classes


def test_coco_has_its_eighty_classes_in_their_order() -> None:
    coco = list(load_source_classes("coco").key_of)
    assert len(coco) == 80
    assert [coco[i] for i in (0, 2, 7, 25, 79)] == ["person", "car", "truck", "umbrella", "toothbrush"]


def test_coco_shows_only_what_the_catalogue_knows() -> None:
    catalogue = load_catalogue()
    shown = {key for key in load_source_classes("coco").key_of.values() if key}
    assert shown == {"person", "non_motor_parking", "motor_vehicle_parking", "street_umbrella"}
    assert shown <= {*catalogue.types, *catalogue.auxiliary}


def test_an_unknown_class_shows_nothing() -> None:
    coco = load_source_classes("coco")
    assert coco.keys_of(["bus", "kite", "tuk-tuk"]) == ("motor_vehicle_parking", None, None)


def test_a_city_may_write_its_own(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text("name: ours\nclasses: {tricycle: road_vending, tree: null}\n", encoding="utf-8")
    assert load_source_classes(str(path)).key_of == {"tricycle": "road_vending", "tree": None}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "exactly the entries 'name' and 'classes'"),
        ("name: x", "exactly the entries"),
        ("name: 3\nclasses: {a: b}", "name: 3 must be a text"),
        ("name: x\nclasses: []", "must name the classes"),
        ("name: x\nclasses: {1: person}", "1 must be a text; put it in quotes"),
        ("name: x\nclasses: {a: 1}", "a: 1 must be one of our keys or null"),
        ("name: x\nclasses: {a: bin, b: null}\njoin: [exposed_garbage]", "join: .* its classes show: bin"),
        ("name: x\nclasses: {a: bin}\njoin: bin", "join: 'bin' must be a list"),
        ("name: [", "not YAML"),
    ],
)
def test_a_mistake_is_told_with_the_file(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceClassesError, match=rf"bad\.yaml.*{told}"):
        load_source_classes(str(path))


def test_a_source_that_is_not_shipped_is_told_what_is(tmp_path: Path) -> None:
    with pytest.raises(SourceClassesError, match=r"'voc': there is no such file; give a .yaml file or one of: coco"):
        load_source_classes("voc")
    with pytest.raises(SourceClassesError, match="there is no such file"):
        load_source_classes(str(tmp_path / "gone.yaml"))

"""What operators decide teaches, and nothing that they did not decide."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.catalogue import load_catalogue
from labels.datasets.records import LabelsError, Xyxy
from labels.flywheel.decided import HARD, Decided, decide, outside
from labels.flywheel.decided_set import read_decided, write_decided
from labels.flywheel.decisions import Decision, read_decisions
from labels.flywheel.found import read_found
from labels.source_classes import load_source_classes
from tests.scenery import empty_street

CATALOGUE = load_catalogue()
CLASSES = [*CATALOGUE.types, *CATALOGUE.auxiliary]
CAR, BIN = "motor_vehicle_parking", "overflowing_bin"


def violation(id: str, key: str = CAR, xyxy: tuple[float, ...] = (32, 18, 160, 90), **more: Any) -> dict[str, Any]:
    return {
        "id": id, "camera_id": "gate", "view_id": "home", "key": key, "xyxy": xyxy, "size": [320, 180], "score": 0.5,
        "evidence": f"evidence/{id}", **more,
    }  # fmt: skip


def results(folder: Path, *violations: dict[str, Any], seeds: dict[str, int] | None = None) -> Path:
    """A folder as scoring leaves it; violations with the same seed were confirmed at the same moment."""
    folder.mkdir()
    (folder / "violations.jsonl").write_text("".join(json.dumps(v) + "\n" for v in violations))
    for v in violations:
        if v["evidence"]:
            (folder / v["evidence"]).mkdir(parents=True)
            picture = empty_street((320, 180), seed=(seeds or {}).get(v["id"], 0))
            cv2.imwrite(str(folder / v["evidence"] / "trigger.jpg"), picture)
    return folder


def decided(folder: Path, *decisions: Decision) -> Decided:
    return decide(read_found([folder]), {d.violation: d for d in decisions}, CATALOGUE.types)


def test_what_is_confirmed_becomes_a_box(tmp_path: Path) -> None:
    (one,) = decided(results(tmp_path / "r", violation("a")), Decision("a", "confirmed")).pictures
    (box,) = one.boxes
    assert (box.cls, box.xyxy) == (CAR, (0.1, 0.1, 0.5, 0.5))
    assert (one.scene, one.weight) == ("gate/home", 1.0)


def test_what_the_program_mistook_is_a_hard_negative_that_counts_more(tmp_path: Path) -> None:
    folder = results(tmp_path / "r", violation("a", BIN))
    done = decided(folder, Decision("a", "rejected"))
    (one,) = done.pictures
    assert (one.boxes, [b.cls for b in one.look_alikes], one.weight) == ([], [BIN], HARD)
    assert done.mistaken == 1


def test_a_car_in_a_bay_stays_a_car(tmp_path: Path) -> None:
    done = decided(results(tmp_path / "r", violation("a")), Decision("a", "rejected", reason="allowed"))
    assert [b.cls for b in done.pictures[0].boxes] == [CAR]
    assert done.allowed == 1


def test_a_car_rejected_without_a_word_teaches_nothing_for_it_may_have_been_allowed(tmp_path: Path) -> None:
    done = decided(results(tmp_path / "r", violation("a")), Decision("a", "rejected"))
    assert (done.pictures, done.unclear) == ([], 1)


def test_a_corrected_type_teaches_what_it_is_and_what_it_is_not(tmp_path: Path) -> None:
    folder = results(tmp_path / "r", violation("a", BIN))
    (one,) = decided(folder, Decision("a", "confirmed", key="exposed_garbage")).pictures
    assert [b.cls for b in one.boxes] == ["exposed_garbage"]
    assert [b.cls for b in one.look_alikes] == [BIN]


def test_two_things_confirmed_at_one_moment_share_one_picture(tmp_path: Path) -> None:
    other = violation("b", xyxy=(200, 90, 260, 150))
    folder = results(tmp_path / "r", violation("a"), other, violation("c"), seeds={"c": 1})
    done = decided(folder, *(Decision(id, "confirmed") for id in "abc"))
    assert sorted(len(p.boxes) for p in done.pictures) == [1, 2]


def test_decisions_without_a_picture_or_a_violation_are_counted(tmp_path: Path) -> None:
    folder = results(tmp_path / "r", violation("a", evidence=None))
    done = decided(folder, Decision("a", "confirmed"), Decision("z", "confirmed"))
    assert (done.pictures, done.without_picture, done.not_found) == ([], 1, 1)


sides = st.floats(0, 1).map(lambda v: round(v, 2))
places = st.tuples(sides, sides, sides, sides).map(
    lambda v: (min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3]))
)


@given(st.lists(places, max_size=5), st.lists(st.tuples(st.floats(0.001, 0.998), st.floats(0.001, 0.998)), max_size=20))
def test_every_point_is_either_decided_or_unknown(known: list[Xyxy], points: list[tuple[float, float]]) -> None:
    def within(x: float, y: float, boxes: list[Xyxy]) -> bool:
        return any(x1 <= x < x2 and y1 <= y < y2 for x1, y1, x2, y2 in boxes)

    unknown = outside(known)
    for x, y in points:
        assert within(x, y, known) != within(x, y, unknown)


def test_the_set_reads_back_with_everything_undecided_unknown(tmp_path: Path) -> None:
    folder = results(tmp_path / "r", violation("a"), violation("b", BIN, (200, 90, 260, 150)))
    done = decided(folder, Decision("a", "confirmed"), Decision("b", "rejected"))
    write_decided(tmp_path / "set", done.pictures, CLASSES, "CC BY 4.0, city of X")
    read = read_decided(tmp_path / "set")
    (picture,) = read.pictures
    assert read.licence == "CC BY 4.0, city of X"
    assert [b.cls for b in picture.boxes] == [CAR]
    assert [b.cls for b in picture.look_alikes] == [BIN]
    assert picture.labelled == {CAR, BIN}
    assert (picture.scene, picture.weight) == ("gate/home", HARD)
    assert picture.ignore == ()
    car, bin_ = (0.1, 0.1, 0.5, 0.5), (0.625, 0.5, 0.8125, 150 / 180)
    assert picture.unknown == (*((r, CAR) for r in outside([car])), *((r, BIN) for r in outside([bin_])))
    assert (tmp_path / "set/weights.csv").read_text().splitlines() == ["picture,weight", f"{picture.path.name},{HARD}"]


def test_the_same_set_lies_there_in_cocos_form_and_names_no_operator(tmp_path: Path) -> None:
    folder = results(tmp_path / "r", violation("a"))
    done = decided(folder, Decision("a", "confirmed", who="Lin"))
    write_decided(tmp_path / "set", done.pictures, CLASSES, None)
    coco = json.loads((tmp_path / "set/annotations.json").read_text())
    (box,) = coco["annotations"]
    assert box["bbox"] == [32, 18, 128, 72]
    assert coco["categories"][box["category_id"] - 1]["name"] == CAR
    assert (coco["images"][0]["width"], coco["images"][0]["height"]) == (320, 180)
    for file in (tmp_path / "set").glob("*.*"):
        assert "Lin" not in file.read_text()


def test_without_a_licence_the_set_may_only_evaluate(tmp_path: Path) -> None:
    done = decided(results(tmp_path / "r", violation("a")), Decision("a", "confirmed"))
    write_decided(tmp_path / "set", done.pictures, CLASSES, None)
    assert read_decided(tmp_path / "set").licence is None
    assert load_source_classes(str(tmp_path / "set/source.yaml")).labelled == frozenset()


def test_a_set_is_never_mixed_into_another_one(tmp_path: Path) -> None:
    done = decided(results(tmp_path / "r", violation("a")), Decision("a", "confirmed"))
    write_decided(tmp_path / "set", done.pictures, CLASSES, None)
    with pytest.raises(LabelsError, match="it is not empty; name a new folder"):
        write_decided(tmp_path / "set", done.pictures, CLASSES, None)


def test_a_set_that_lost_what_was_decided_is_refused(tmp_path: Path) -> None:
    done = decided(results(tmp_path / "r", violation("a")), Decision("a", "confirmed"))
    write_decided(tmp_path / "set", done.pictures, CLASSES, None)
    (tmp_path / "set/known.json").write_text("{}")
    with pytest.raises(LabelsError, match="do not belong to its pictures"):
        read_decided(tmp_path / "set")


JSONL = """{"violation": "a", "decision": "confirmed", "type": "road_vending"}

{"violation": "b", "decision": "rejected"}
"""
CSV = "\ufeffviolation,decision,type,reason,who,when\na,confirmed,road_vending,,Lin,\nb,rejected,,,,\n"


@pytest.mark.parametrize(("name", "text"), [("d.jsonl", JSONL), ("d.csv", CSV)])
def test_decisions_are_read_from_either_form(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    read = read_decisions(tmp_path / name, CATALOGUE.types)
    assert (read["a"].verdict, read["a"].key) == ("confirmed", "road_vending")
    assert (read["b"].verdict, read["b"].key, read["b"].reason) == ("rejected", None, None)


def test_who_changes_a_decision_writes_a_later_line(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("violation,decision\na,confirmed\na,rejected\n")
    assert read_decisions(tmp_path / "d.csv", CATALOGUE.types)["a"].verdict == "rejected"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("d.csv", "id,verdict\n", r"d\.csv:1: the first line must name the columns, of violation, decision"),
        ("d.csv", "violation,decision\na,yes\n", r"d\.csv:2: decision: 'yes': allowed are confirmed, rejected"),
        ("d.csv", "violation,decision,reason\na,rejected,no\n", "reason: 'no': allowed are mistaken, allowed"),
        ("d.csv", "violation,decision,type\na,confirmed,tree\n", "type: 'tree': allowed are motor_vehicle_parking"),
        ("d.csv", "violation,decision,type\na,rejected,open_burning\n", "it is rejected, so it has no type"),
        ("d.csv", "violation,decision,reason\na,confirmed,allowed\n", "only what is rejected has one"),
        ("d.csv", "violation,decision\n,confirmed\n", "it names no violation"),
        ("d.jsonl", "[1]\n", r"d\.jsonl:1: an object with violation, decision"),
        ("d.jsonl", "{}{\n", r"d\.jsonl:1: .* is not JSON"),
        ("d.jsonl", '{"violation": 3, "decision": "confirmed"}\n', "violation: 3 must be a text"),
        ("d.jsonl", '{"violation": "a", "decision": "confirmed", "note": "x"}\n', "unknown entry note"),
        ("d.xlsx", "", r"decisions are read from \.jsonl or \.csv"),
    ],
)
def test_a_decision_that_cannot_be_meant_is_named_with_its_line(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(LabelsError, match=told):
        read_decisions(tmp_path / name, CATALOGUE.types)


@pytest.mark.parametrize("line", ["no", "[]", '{"id": "a"}', json.dumps(violation("a", size=[0, 0]))])
def test_a_line_that_is_no_violation_is_named(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / "violations.jsonl").write_text(line + "\n")
    with pytest.raises(LabelsError, match=r"violations\.jsonl:1: it is no violation"):
        read_found([folder])


def test_a_folder_without_results_says_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="make some with: streetorder score"):
        read_found([tmp_path])


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = results(tmp_path / "r", violation("a"))
    (folder / "evidence/a/trigger.jpg").write_bytes(np.zeros(10, np.uint8).tobytes())
    done = decided(folder, Decision("a", "confirmed"))
    with pytest.raises(LabelsError, match=r"trigger\.jpg: it cannot be read as a picture"):
        write_decided(tmp_path / "set", done.pictures, CLASSES, None)
    assert not (tmp_path / "set").exists()

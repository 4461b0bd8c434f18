"""Two models on one street: what both find, what only one finds, and whose results count."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from service.commands.shadow import shadow
from service.shadow import compare
from tests.command_line import Ended, read_lines
from tests.scenery import Thing, street
from tests.toy_model import write_toy_model

CAR, STALL = "motor_vehicle_parking", "road_vending"


def line(id: str, key: str = CAR, xyxy: tuple[float, ...] = (0, 0, 50, 50), **more: Any) -> dict[str, Any]:
    return {
        "id": id, "camera_id": "gate", "view_id": "home", "key": key, "xyxy": xyxy, "size": [100, 100],
        "onset_s": 0.0, "cleared_s": None, **more,
    }  # fmt: skip


def ids(lines: list[Any]) -> list[str]:
    return [v["id"] for v in lines]


def test_the_same_car_at_the_same_place_is_found_by_both() -> None:
    found = compare([line("a")], [line("b", xyxy=(2, 2, 52, 52))])
    assert [(a["id"], b["id"]) for a, b in found.both] == [("a", "b")]
    assert [*found.renamed, *found.only_old, *found.only_new] == []


@pytest.mark.parametrize(
    "other",
    [
        line("b", xyxy=(60, 60, 90, 90)),
        line("b", camera_id="bridge"),
        line("b", view_id="preset 2"),
        line("b", onset_s=70.0),
    ],
    ids=["elsewhere", "another camera", "another view", "after the first was gone"],
)
def test_what_stood_at_another_place_or_time_is_another_thing(other: dict[str, Any]) -> None:
    found = compare([line("a", cleared_s=60.0)], [other])
    assert (ids(found.only_old), ids(found.only_new)) == (["a"], ["b"])


def test_two_boxes_for_one_car_count_once_and_the_better_one_is_it() -> None:
    found = compare([line("a")], [line("loose", xyxy=(0, 0, 50, 70)), line("tight", xyxy=(0, 0, 50, 51))])
    assert [b["id"] for _, b in found.both] == ["tight"]
    assert ids(found.only_new) == ["loose"]


def test_another_name_for_the_same_thing_is_told_apart_from_a_miss() -> None:
    found = compare([line("a", "overflowing_bin")], [line("b", "exposed_garbage")])
    assert [(a["key"], b["key"]) for a, b in found.renamed] == [("overflowing_bin", "exposed_garbage")]
    assert not found.only_old


def test_the_same_type_goes_first_even_where_another_type_fits_better() -> None:
    found = compare([line("a")], [line("stall", STALL), line("car", xyxy=(0, 0, 50, 60))])
    assert [b["id"] for _, b in found.both] == ["car"]
    assert ids(found.only_new) == ["stall"]


def test_nothing_on_either_side_is_agreement() -> None:
    assert compare([], []).both == []
    assert ids(compare([], [line("b")]).only_new) == ["b"]


def run(*words: str | Path) -> Ended:
    app = typer.Typer()
    app.command()(shadow)
    result = CliRunner().invoke(app, [*map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return Ended(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The old one sees red cars; the candidate takes what is yellow for a stall."""
    folder = tmp_path_factory.mktemp("models")
    new = write_toy_model(folder / "new.onnx", keys=(CAR, STALL), name="candidate", proven={CAR: True, STALL: False})
    return write_toy_model(folder / "old.onnx", keys=(CAR,)), new


def test_a_candidate_that_sees_more_is_compared_picture_by_picture(tmp_path: Path, models: tuple[Path, Path]) -> None:
    things = [Thing("red", (0.1, 0.4, 0.3, 0.7)), Thing("yellow", (0.6, 0.4, 0.8, 0.7))]
    recording = street(tmp_path / "gate.mp4", seconds=16, fps=5, things=things)
    old, new = models
    options = ("--against", old, "--model", new, "--dwell", f"{CAR}=5", "--dwell", f"{STALL}=5")
    ended = run(recording, *options, "--out", tmp_path / "shadow", "--json")
    assert ended.code == 0, ended.err
    said = ended.json
    assert [pair["key"] for pair in said["both"]] == [CAR]
    assert [v["key"] for v in said["only_new"]] == [STALL]
    assert said["only_old"] == said["renamed"] == []
    assert said["verdict"].startswith(
        "the candidate finds 1 of 1 violations again, misses 0,"
        " raises 1 others (1 of types that the old model does not see);"
    )
    assert json.loads((tmp_path / "shadow/shadow.json").read_text())["only_new"] == said["only_new"]
    assert [v["key"] for v in read_lines(tmp_path / "shadow/old/violations.jsonl")] == [CAR]
    page = (tmp_path / "shadow/shadow.html").read_text()
    assert page.count("data:image/jpeg") == 1
    assert "(unproven)" in page
    assert (tmp_path / "shadow/old/report.html").is_file()


def test_mistakes_are_told_in_a_sentence(tmp_path: Path, models: tuple[Path, Path]) -> None:
    old, new = models
    assert "Name the candidate: --model FILE" in run(tmp_path).err
    assert "shadow on what?" in run("--model", new).err
    assert "it is the model in service itself" in run(tmp_path, "--model", old, "--against", old).err
    for ended in (run("--model", new), run(tmp_path / "gone.mp4", "--model", new, "--out", tmp_path / "s")):
        assert ended.code == 2

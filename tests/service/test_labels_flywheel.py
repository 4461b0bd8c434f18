"""The commands around the flywheel, from a scored street to a set that teaches and to pictures that are asked about."""

import csv
import json
from pathlib import Path

import cv2
import pytest
import typer
from typer.testing import CliRunner

from labels.datasets.yolo import read_yolo
from labels.flywheel.decided_set import read_decided
from service.commands.labels_flywheel import export_decisions, propose_pictures
from tests.command_line import Ended, read_lines, streetorder
from tests.scenery import Thing, picture, street
from tests.toy_model import write_toy_model

CAR = "motor_vehicle_parking"
RED, BLUE = Thing("red", (0.1, 0.4, 0.3, 0.7)), Thing("blue", (0.6, 0.4, 0.8, 0.7))


def run(command: str, *words: str | Path) -> Ended:
    app = typer.Typer()
    app.command("export")(export_decisions)
    app.command("propose")(propose_pictures)
    result = CliRunner().invoke(app, [command, *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return Ended(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, toy_model: Path) -> Path:
    folder = tmp_path_factory.mktemp("scored")
    recording = street(folder / "gate.mp4", seconds=12, fps=5, things=[RED, BLUE])
    options = ("--model", toy_model, "--dwell", f"{CAR}=4", "--out", folder / "results", "--quiet")
    ended = streetorder("score", recording, *options, key=folder / "key")
    assert ended.code == 0, ended.err
    return folder / "results"


def test_a_scored_street_and_an_operator_s_word_make_a_set(scored: Path, tmp_path: Path) -> None:
    red, blue = sorted(read_lines(scored / "violations.jsonl"), key=lambda v: v["xyxy"][0])
    (tmp_path / "d.csv").write_text(
        f"violation,decision,reason\n{red['id']},confirmed,\n{blue['id']},rejected,mistaken\ngone,confirmed,\n"
    )
    options = ("--results", scored, "--decisions", tmp_path / "d.csv", "--out", tmp_path / "set")
    ended = run("export", *options, "--licence", "city of X, for training")
    assert ended.code == 0, ended.err
    assert "1 pictures of 1 cameras; 1 confirmed, 0 corrected, 0 allowed things, 1 mistaken ones" in ended.out
    assert "left out: 1 of no violation in these results" in ended.out
    (taught,) = read_decided(tmp_path / "set").pictures
    assert taught.scene == "gate/home"
    for box, thing in ((taught.boxes[0], RED), (taught.look_alikes[0], BLUE)):
        assert box.xyxy == pytest.approx(thing.xyxy, abs=0.03)


def test_what_teaches_nothing_is_told_and_leaves_no_folder(scored: Path, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("violation,decision\ngone,confirmed\n")
    ended = run("export", "--results", scored, "--decisions", tmp_path / "d.csv", "--out", tmp_path / "set")
    assert ended.code == 2
    assert "no decision of it teaches anything: 1 are of no violation" in ended.err
    assert not (tmp_path / "set").exists()


def doubting(folder: Path) -> Path:
    """Sees everything with a score of 0.9, and counts from 0.95."""
    return write_toy_model(folder / "doubting.onnx", keys=(CAR,), start={CAR: 0.95}, keep={CAR: 0.25})


def test_doubtful_cars_of_a_recording_are_proposed_once_each_with_the_boxes_drawn(tmp_path: Path) -> None:
    recording = street(tmp_path / "gate.mp4", seconds=8, fps=5, things=[RED, BLUE])
    ended = run("propose", recording, "--model", doubting(tmp_path), "--out", tmp_path / "p", "--every", "1")
    assert ended.code == 0, ended.err
    with (tmp_path / "p/proposals.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["reason"], r["key"], r["scene"]) for r in rows] == [("unsure", CAR, "gate/home")] * 2
    assert {round(float(r["x1"]), 1) for r in rows} == {0.1, 0.6}
    drawn = read_yolo(tmp_path / "p", (tmp_path / "p/classes.txt").read_text().split())
    assert all(len(p.boxes) == 2 for p in drawn.pictures)
    assert len(json.loads((tmp_path / "p/annotations.json").read_text())["annotations"]) == 2 * len(drawn.pictures)


def test_a_car_that_vanishes_for_a_second_is_proposed_because_it_flickers(tmp_path: Path, toy_model: Path) -> None:
    things = [Thing("red", RED.xyxy, 0, 3.5), Thing("red", RED.xyxy, 4.5)]
    recording = street(tmp_path / "gate.mp4", seconds=8, fps=5, things=things)
    assert run("propose", recording, "--model", toy_model, "--out", tmp_path / "p", "--every", "1").code == 0
    with (tmp_path / "p/proposals.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["reason"], float(row["elapsed_s"])) == ("flicker", pytest.approx(4, abs=0.3))


def test_pictures_of_a_folder_are_proposed_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "streets"
    folder.mkdir()
    for i, things in enumerate([[RED], []]):
        cv2.imwrite(str(folder / f"{i}.png"), picture((320, 192), things)[:, :, ::-1])
    ended = run("propose", "--images", folder, "--model", doubting(tmp_path), "--out", tmp_path / "p")
    assert ended.code == 0, ended.err
    assert "1 pictures of 1 scenes; 1 doubts about a score, 0 about a thing that flickers" in ended.out


def test_mistakes_are_told_in_a_sentence(tmp_path: Path, toy_model: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p/mine").touch()
    model = ("--model", toy_model)
    assert "propose from what?" in run("propose", *model).err
    assert "there are no pictures" in run("propose", "--images", tmp_path / "gone", *model).err
    assert "--every soon: allowed are auto" in run("propose", "x.mp4", "--every", "soon", *model).err
    cv2.imwrite(str(tmp_path / "a.png"), picture((320, 192)))
    ended = run("propose", "--images", tmp_path, *model, "--out", tmp_path / "p")
    assert (ended.code, "it is not empty; name a new folder" in ended.err) == (2, True)

"""A model's card tells what was measured, shows what may be shown, and claims nothing else."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest
import typer
from typer.testing import CliRunner

from models.card import ModelCard
from models.detector import load_detector
from service import model_measured
from service.commands.card import card as card_command
from service.model_card import Order, describe, read_account
from service.model_curve import curve_svg
from service.model_measured import chosen
from service.model_sheets import BIGGEST
from tests.models.test_evaluation import scored
from tests.scenery import Thing, picture
from tests.toy_model import write_toy_model

KEYS = ("overflowing_bin", "bin", "posted_bills", "hanging_banner", "street_drying")
RED, YELLOW, SIGN = (0.1, 0.2, 0.3, 0.6), (0.5, 0.3, 0.7, 0.8), (0.75, 0.1, 0.95, 0.5)
OVERFLOW, BIN, GRAFFITI = 2, 1, 0
RECIPE = """\
name: toy
sets:
  garbage_overflow_cn: {share: 2}
  graffiti_athens: {share: 1}
  scenes: {share: 1, source: synthesis, directory: composed}
stages:
  - {steps: 10}
"""


@dataclass(frozen=True)
class Made:
    card: ModelCard
    text: str
    out: Path


def street(folder: Path, number: int, things: list[Thing], labels: list[tuple[int, tuple[float, ...]]]) -> None:
    """One picture, 320 by 192, in YOLO form."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    shown = picture((320, 192), things, noise_seed=number)
    cv2.imwrite(str(folder / "images" / f"{number:03}.png"), cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))
    lines = (f"{c} {(x1 + x2) / 2} {(y1 + y2) / 2} {x2 - x1} {y2 - y1}\n" for c, (x1, y1, x2, y2) in labels)
    (folder / "labels" / f"{number:03}.txt").write_text("".join(lines), encoding="utf-8")


def account(folder: Path) -> None:
    told = {
        "recipe": RECIPE,
        "start": {"file": "begin.onnx", "sha256": "ab" * 32},
        "sets": [
            {"name": "garbage_overflow_cn", "licence": "CC BY 4.0", "pictures": 30},
            {"name": "graffiti_athens", "licence": "CC BY 4.0 (as remembered; not verified)", "pictures": 9},
            {"name": "scenes", "licence": "derived from the sets named in its card", "pictures": 5},
        ],
        "samples": 160,
        "seed": 0,
        "device": "cpu",
        "minutes": 1.5,
        "tools": {"torch": "2"},
        "curve": [{"stage": 0.0, "step": 5.0, "cls_loss": 2.0}, {"stage": 0.0, "step": 10.0, "cls_loss": 1.0}],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "training.json").write_text(json.dumps(told), encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Overflowing bins (red) are found, but for one that cannot be seen; of plain bins (yellow) there are few."""
    folder = tmp_path_factory.mktemp("card")
    run, data, out = folder / "run", folder / "data", folder / "out"
    account(run)
    red, yellow = Thing("red", RED), Thing("yellow", YELLOW)
    for number in range(6):
        street(run / "held/garbage_overflow_cn", number, [red], [(OVERFLOW, RED)])
    for number in range(22):
        street(data / "garbage_overflow_cn/test", number, [red], [(OVERFLOW, RED)])
    street(data / "garbage_overflow_cn/test", 22, [], [(OVERFLOW, RED)])
    street(data / "garbage_overflow_cn/test", 23, [red], [])
    for number in range(24, 27):
        street(data / "garbage_overflow_cn/test", number, [yellow], [(BIN, YELLOW)])
    for number in range(21):
        street(data / "graffiti_athens/test", number, [], [(GRAFFITI, SIGN)])
    street(data / "visual_pollution_sa/test", 0, [red], [(0, RED)])
    made_of = {"boxes": {"street_drying": 7}, "made_of": {"facade_signs_spb": {"pictures": 5, "licence": "CC0"}}}
    (data / "composed").mkdir()
    (data / "composed/card.json").write_text(json.dumps(made_of), encoding="utf-8")
    model = write_toy_model(
        folder / "provisional.onnx", KEYS, provenance={"weights": "w.pt", "weights_sha256": "c" * 64}
    )
    order = Order(run, data, None, out, 0.9)
    card = describe(model, order, *read_account(run), lambda _: None)
    return Made(card, (out / "toy.md").read_text(encoding="utf-8"), out)


def test_a_class_found_well_in_enough_test_pictures_is_proven_and_no_other(made: Made) -> None:
    assert made.card.proven == dict.fromkeys(KEYS, False) | {"overflowing_bin": True}


def test_the_model_file_holds_what_was_chosen_and_measured(made: Made) -> None:
    card = load_detector(made.out / "toy.onnx").card
    assert card == made.card
    measured = card.figures["test"]["overflowing_bin"]["garbage_overflow_cn"]
    assert measured["boxes"] == 23
    assert measured["recall"] == pytest.approx(22 / 23, abs=1e-4)
    assert measured["precision"] == pytest.approx(22 / 23, abs=1e-4)
    assert (
        measured["threshold"]
        == card.start["overflowing_bin"]
        == card.figures["thresholds"]["overflowing_bin"]["start"]["threshold"]
    )
    assert card.provenance["start_weights_sha256"] == "ab" * 32


def test_a_class_may_be_asked_for_another_precision(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(card_command)
    for said, told in (("car=0.8", "no such class; allowed are"), ("bin=2", "above 0 and up to 1"), ("bin", "above 0")):
        given = [str(tmp_path), "--data", str(tmp_path), "--out", "out", "--precision-of", said]
        ended = CliRunner().invoke(app, given)
        assert ended.exit_code == 2
        assert told in ended.stderr
    seen = scored(*[(0.9, True)] * 9, *[(0.6, False)] * 5, *[(0.4, True)] * 3)
    for precisions, start in (({}, 0.61), ({"bin": 0.7}, 0.05)):  # 9 of 9, or 12 of 17
        thresholds, _ = chosen(seen, ["bin"], 0.9, precisions)["bin"]
        assert (thresholds.start.threshold, thresholds.asked) == (start, precisions.get("bin", 0.9))


def test_a_class_that_nothing_held_back_shows_keeps_what_a_person_set(made: Made) -> None:
    assert made.card.start["bin"] == 0.5
    assert made.card.keep["bin"] == 0.25
    assert "bin" not in made.card.figures["thresholds"]
    assert "| `bin` | 0.50 | 0.25 | nothing: set by hand" in made.text


def test_the_page_names_every_class_every_hash_the_recipe_and_the_licence(made: Made) -> None:
    for value in (*KEYS, made.card.sha256, "c" * 64, "ab" * 32, RECIPE.strip(), made.card.licence, "road_vending"):
        assert value in made.text
    assert "It was never taught** `hanging_banner`" in made.text


def test_the_sheet_shows_hits_misses_and_false_boxes_and_says_whose_pictures_they_are(made: Made) -> None:
    sheet = made.out / "toy-overflowing_bin.webp"
    assert sheet.stat().st_size <= BIGGEST
    assert cv2.imread(str(sheet)) is not None
    assert "22 found, 1 missed, 1 found where no label is" in made.text
    assert "garbage_overflow_cn, CC BY 4.0, stated by its uploader" in made.text


def test_pictures_whose_licence_is_in_doubt_are_told_in_words_and_never_shown(made: Made) -> None:
    assert not (made.out / "toy-posted_bills.webp").exists()
    assert "`posted_bills` without pictures" in made.text
    assert "0 found, 21 missed" in made.text
    assert "**Not verified:** the licence of `graffiti_athens`" in made.text
    assert "visual_pollution_sa" not in made.text


def test_composed_scenes_are_told_with_what_they_show_and_what_they_are_made_of(made: Made) -> None:
    assert "| `street_drying` 沿街晾挂 | scenes (composed) | unproven | not measured" in made.text
    assert "`scenes` is composed of `facade_signs_spb` (CC0)." in made.text


def test_a_card_of_a_training_that_is_not_done_is_refused_in_one_line(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(card_command)
    arguments = [str(tmp_path), "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    ended = CliRunner().invoke(app, arguments)
    assert ended.exit_code == 2
    assert "training.json is missing" in ended.output
    account(tmp_path)
    ended = CliRunner().invoke(app, arguments)
    assert ended.exit_code == 2
    assert "no NAME/test/images" in ended.output


def test_a_further_set_is_measured_beside_the_test_parts(tmp_path: Path) -> None:
    yellow = [Thing("yellow", YELLOW)]
    street(tmp_path / "data/garbage_overflow_cn/test", 0, yellow, [(BIN, YELLOW)])
    for number in range(2):
        street(tmp_path / "elsewhere", number, yellow, [(BIN, YELLOW)])
    detector = load_detector(write_toy_model(tmp_path / "toy.onnx", KEYS))
    parts = list(
        model_measured.sets_measured_on(tmp_path / "data", detector, [("garbage_overflow_cn", tmp_path / "elsewhere")])
    )
    assert [len(part.examined) for part in parts] == [1, 2]
    app = typer.Typer()
    app.command()(card_command)
    for said in ("garbage_overflow_cn", f"={tmp_path}", f"garbage_overflow_cn={tmp_path / 'gone'}"):
        ended = CliRunner().invoke(app, [str(tmp_path), "--data", str(tmp_path), "--out", "out", "--test", said])
        assert ended.exit_code == 2
        assert "SOURCE=DIR is asked for" in ended.output


def test_the_stages_of_a_training_stand_one_behind_the_other_in_its_curve() -> None:
    lines = [{"stage": s, "step": n, "box_loss": 1.0} for s, n in ((0.0, 50.0), (0.0, 100.0), (1.0, 50.0))]
    svg = curve_svg(lines)
    assert "150 steps" in svg
    assert svg.count("<polyline") == 1

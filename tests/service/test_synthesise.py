"""``labels synthesise`` on the command line: what it writes, and what it says when it cannot."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from service.commands.synthesise import synthesise

app = typer.Typer()
app.command()(synthesise)


def told(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, " ".join(result.output.split())


def test_a_folder_without_the_sets_is_named(tmp_path: Path) -> None:
    code, text = told("--kind", "camera-scale", "--data", str(tmp_path), "--out", str(tmp_path / "o"))
    assert code == 2
    assert "garbage_overflow_cn" in text


def test_drawn_things_are_not_for_testing(tmp_path: Path) -> None:
    code, text = told("--kind", "things", "--part", "test", "--data", str(tmp_path), "--out", str(tmp_path / "o"))
    assert code == 2
    assert "prove nothing about real ones" in text


def test_a_sheet_that_is_no_png_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    code, text = told("--data", str(tmp_path), "--out", str(tmp_path / "o"), "--sheet", str(tmp_path / "sheet.jpg"))
    assert code == 2
    assert ".png" in text
    assert not (tmp_path / "o").exists()


@pytest.mark.shared
@pytest.mark.slow
def test_scenes_to_evaluate_on_are_written_with_their_sheet(shared: Path, tmp_path: Path) -> None:
    out, sheet = tmp_path / "o", tmp_path / "sheet.png"
    arguments = ["--kind", "camera-scale", "--part", "test", "--count", "2", "--seed", "1", "--sheet", str(sheet)]
    code, text = told("--data", str(shared / "data"), "--out", str(out), *arguments)
    assert code == 0, text
    assert "2 pictures with" in text
    assert len(list((out / "images").iterdir())) == 2
    assert sheet.is_file()

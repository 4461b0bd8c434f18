"""Whether copies hide what another model finds."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.hidden_people import Part, counted


def test_what_is_hidden_is_counted_by_height_and_what_is_not_is_listed() -> None:
    parts = [Part("head", covered, (0, 0, 10, 60), f"{covered}.jpg") for covered in (1.0, 0.9, 0.89)]
    rows = counted([*parts, Part("plate", 1.0, (0, 0, 300, 200), "x.jpg")])
    assert [(r["what"], r["from_px"], r["to_px"], r["there"], r["hidden"]) for r in rows] == [
        ("head", 48, 96, 3, 2),
        ("plate", 192, None, 1, 1),
    ]
    assert rows[0]["missed"] == [{"where": "0.89.jpg", "box": [0, 0, 10, 60], "covered": 0.89}]


def test_without_the_material_it_says_what_is_missing(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["privacy", str(tmp_path)])
    assert done.exit_code == 2
    assert f"{tmp_path}/weights/deimv2_hgnetv2_femto_coco.onnx: no such file" in done.output


@pytest.mark.shared
@pytest.mark.slow
def test_most_heads_on_a_street_are_hidden(shared: Path) -> None:
    done = CliRunner().invoke(app, ["privacy", str(shared), "--most", "2", "--json"])
    assert done.exit_code == 0, done.output
    street = json.loads(done.output)["results"][0]
    heads = [row for row in street["parts"] if row["what"] == "head"]
    there, hidden = (sum(row[name] for row in heads) for name in ("there", "hidden"))
    assert there > 5
    assert hidden >= 0.8 * there

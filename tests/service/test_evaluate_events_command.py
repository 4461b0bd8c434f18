"""``streetorder evaluate events`` from the command line."""

import json
from pathlib import Path

from tests.command_line import streetorder

TRUTH = """camera,key,onset,cleared,x1,y1,x2,y2,width,height
gate,motor_vehicle_parking,100,900,410,300,520,390,1920,1080
gate,motor_vehicle_parking,100,900,800,300,960,390,1920,1080
gate,overflowing_bin,2000,2600,,,,,,
gate,outage,300,600,,,,,,
gate,observed,0,43200,,,,,,
"""
FOUND = """camera,key,onset,cleared,reported,x1,y1,x2,y2,width,height
gate,motor_vehicle_parking,102,310,402,412,302,520,392,1920,1080
gate,motor_vehicle_parking,605,900,905,412,302,520,392,1920,1080
gate,motor_vehicle_parking,5000,5600,5300,412,302,520,392,1920,1080
"""


def told(folder: Path, truth: str, found: str, *options: str):
    folder.mkdir(exist_ok=True)
    (folder / "truth.csv").write_text(truth, encoding="utf-8")
    (folder / "found.csv").write_text(found, encoding="utf-8")
    return streetorder("evaluate", "events", "--truth", folder / "truth.csv", "--found", folder / "found.csv", *options)


def test_found_missed_false_and_found_twice(tmp_path):
    done = told(tmp_path, TRUTH, FOUND, "--json", "--picture", str(tmp_path / "timeline.svg"))
    assert done.code == 0
    figures = json.loads(done.out)
    assert [figures[k] for k in ("tp", "missed", "fp", "duplicates")] == [1, 2, 1, 1]
    assert figures["fa_per_camera_day"] == 2.0
    assert figures["delay_p50_s"] == 302.0
    assert (figures["outages_spanned"], figures["fragmented"]) == (1, 1)
    assert figures["types"]["overflowing_bin"]["missed"] == 1
    assert "found again" in (tmp_path / "timeline.svg").read_text(encoding="utf-8")


def test_the_table_names_every_line_that_is_wrong(tmp_path):
    done = told(tmp_path, TRUTH, FOUND)
    assert done.code == 0
    assert f"found again: {tmp_path / 'found.csv'}:3, shows {tmp_path / 'truth.csv'}:2" in done.out
    assert f"false alarm: {tmp_path / 'found.csv'}:4" in done.out
    assert f"missed: {tmp_path / 'truth.csv'}:3" in done.out


def test_a_line_that_cannot_be_read_is_named_with_what_is_allowed(tmp_path):
    done = told(tmp_path, TRUTH, FOUND.replace("605,900", "soon,900"))
    assert done.code == 2
    assert "found.csv:3: onset 'soon' is no time; allowed are seconds, or ISO 8601" in " ".join(done.err.split())
    done = told(tmp_path, TRUTH.replace("overflowing_bin", "dragons"), FOUND)
    assert done.code == 2
    assert "truth.csv:4: key 'dragons' is no type" in " ".join(done.err.split())


def test_dates_against_seconds_are_refused(tmp_path):
    done = told(tmp_path, "camera,key,onset,cleared\ngate,overflowing_bin,2026-03-01T08:00:00Z,\n", FOUND)
    assert done.code == 2
    assert "one gives dates and the other seconds" in " ".join(done.err.split())

"""``streetorder score`` on a recorded street: what it finds, what it leaves in its folder, what it says."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from pydantic import TypeAdapter

from service.schema import event_schema
from tests.command_line import Ended, camera, city_file, read_lines, streetorder, unfinished
from tests.scenery import Thing, street
from vision.records import Event

FIELDS = {
    "id", "camera_id", "view_id", "key", "gb_new", "gb_old", "onset", "confirmed_at", "cleared_at", "onset_s",
    "confirmed_s", "cleared_s", "xyxy", "size", "place", "score", "sightings", "repeat_of", "cue", "evidence",
}  # fmt: skip
RED = Thing("red", (0.1, 0.4, 0.3, 0.7), from_s=6, to_s=30)
BLUE = Thing("blue", (0.6, 0.4, 0.8, 0.7), from_s=20)


@dataclass(frozen=True, slots=True)
class Morning:
    """One run that serves many tests: a red car comes and goes, a blue one comes and stays."""

    folder: Path
    recording: Path
    city: Path
    results: Path
    key: Path
    ended: Ended

    @property
    def violations(self) -> list[dict[str, Any]]:
        return read_lines(self.results / "violations.jsonl")

    def evidence(self, violation: dict[str, Any]) -> Path:
        return self.results / violation["evidence"]


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory, toy_model: Path) -> Morning:
    folder = tmp_path_factory.mktemp("morning")
    recording = street(folder / "gate.mp4", seconds=48, fps=5, things=[RED, BLUE])
    city = city_file(folder / "city.yaml", camera("gate", "gate.mp4"))
    results, key = folder / "results", folder / "signing.key"
    ended = streetorder("score", "--cameras", city, "--model", toy_model, "--out", results, "--json", key=key)
    assert ended.code == 0, ended.err
    return Morning(folder, recording, city, results, key, ended)


def shows(path: Path, thing: Thing) -> bool:
    """Whether a picture shows the thing's colour at the thing's place."""
    pixels = cv2.imread(str(path))[:, :, ::-1].astype(int)
    height, width = pixels.shape[:2]
    x1, y1, x2, y2 = (np.array(thing.xyxy) * (width, height, width, height)).astype(int)
    inner = pixels[y1 + 4 : y2 - 4, x1 + 4 : x2 - 4]
    channel = {"red": 0, "blue": 2}[thing.colour]
    others = [c for c in range(3) if c != channel]
    return bool(inner[..., channel].mean() > 180 and inner[..., others].mean() < 90)


def test_a_car_that_leaves_and_one_that_stays_are_two_violations_with_true_times(morning: Morning) -> None:
    red, blue = morning.violations
    assert (red["onset_s"], red["confirmed_s"], red["cleared_s"]) == (6.0, 12.0, 30.0)
    assert (blue["onset_s"], blue["confirmed_s"], blue["cleared_s"]) == (20.0, 26.0, None)
    for found, thing in ((red, RED), (blue, BLUE)):
        assert (found["camera_id"], found["view_id"], found["key"]) == ("gate", "home", "motor_vehicle_parking")
        assert (found["gb_new"], found["gb_old"], found["size"]) == ("09009", "04-09", [320, 192])
        assert np.allclose(found["xyxy"], np.array(thing.xyxy) * (320, 192, 320, 192), atol=2)
        assert found["score"] == pytest.approx(0.9)


def test_a_start_without_an_offset_is_local_time_of_the_city(morning: Morning, toy_model: Path, tmp_path: Path) -> None:
    ended = streetorder(
        "score", "--cameras", morning.city, "--model", toy_model, "--out", tmp_path, "--json",
        "--start", "2026-05-01T08:00:00",
    )  # fmt: skip
    red, blue = ended.json["violations"]
    assert (red["onset"], red["cleared_at"]) == ("2026-05-01T00:00:06.000Z", "2026-05-01T00:00:30.000Z")
    assert (blue["confirmed_at"], blue["cleared_at"]) == ("2026-05-01T00:00:26.000Z", None)


def test_each_line_of_violations_has_exactly_the_documented_fields(morning: Morning) -> None:
    assert [line.keys() for line in morning.violations] == [FIELDS, FIELDS]


def test_the_pictures_show_what_they_are_named_after(morning: Morning) -> None:
    red, blue = map(morning.evidence, morning.violations)
    assert shows(red / "onset.jpg", RED)
    assert not shows(red / "onset.jpg", BLUE)
    assert shows(red / "trigger.jpg", RED)
    assert not shows(red / "cleared.jpg", RED)
    assert shows(red / "cleared.jpg", BLUE)
    assert shows(blue / "onset.jpg", BLUE)
    assert shows(blue / "onset.jpg", RED)
    assert shows(blue / "trigger.jpg", BLUE)
    assert not (blue / "cleared.jpg").exists()


def test_the_clip_plays_from_zero_and_covers_what_came_before_and_after(morning: Morning) -> None:
    for violation in morning.violations:
        folder = morning.evidence(violation)
        with av.open(str(folder / "clip.mp4")) as clip:
            packets = [p for p in clip.demux(video=0) if p.size]
            times = [float(p.pts * p.time_base) for p in packets]
        record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["record"]
        assert packets[0].is_keyframe
        assert times[0] == 0
        assert all(0.19 < b - a < 0.21 for a, b in pairwise(times))
        assert record["clip"]["start_s"] <= violation["confirmed_s"] - 10
        assert record["clip"]["end_s"] >= violation["confirmed_s"] + 5
        assert times[-1] == pytest.approx(record["clip"]["end_s"] - record["clip"]["start_s"] - 0.2, abs=0.01)


def test_what_was_sealed_verifies_and_one_changed_byte_is_named(morning: Morning) -> None:
    assert streetorder("verify", morning.results, key=morning.key).code == 0
    picture = morning.evidence(morning.violations[0]) / "trigger.jpg"
    whole = picture.read_bytes()
    picture.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    try:
        ended = streetorder("verify", morning.results, key=morning.key)
        assert ended.code == 1
        assert f"{morning.violations[0]['id']}/trigger.jpg" in ended.out
        assert streetorder("verify", morning.results, "--json", key=morning.key).json["findings"]
    finally:
        picture.write_bytes(whole)


def test_the_report_shows_every_violation(morning: Morning) -> None:
    page = (morning.results / "report.html").read_text(encoding="utf-8")
    assert all(v["id"] in page for v in morning.violations)


def test_json_is_one_object_that_agrees_with_the_files(morning: Morning) -> None:
    told = morning.ended.json
    assert told["violations"] == morning.violations
    assert [c["camera_id"] for c in told["cameras"]] == ["gate"]
    assert (told["failures"], told["scored_s"]) == ([], pytest.approx(46, abs=1))
    assert morning.ended.err == ""


def test_nothing_half_written_is_left(morning: Morning) -> None:
    assert unfinished(morning.results) == []


def test_every_line_of_the_journal_is_an_event_of_the_published_schema(morning: Morning, checkout: Path) -> None:
    published = json.loads((checkout / "docs" / "event.schema.json").read_text(encoding="utf-8"))
    assert published == event_schema(), "write it anew: streetorder schema event > docs/event.schema.json"
    for line in (morning.results / "journal.jsonl").read_bytes().splitlines():
        record = json.loads(line)
        assert record.keys() == published["properties"].keys()
        assert record["violation"].keys() == published["$defs"]["Violation"]["properties"].keys()
        assert TypeAdapter(Event).validate_json(line) == Event.from_dict(record)


def test_a_finished_run_started_again_says_so_and_changes_nothing(morning: Morning, toy_model: Path) -> None:
    def contents() -> dict[str, bytes]:
        kept = ("journal.jsonl", "violations.jsonl", "tracks.jsonl", "evidence/chain.jsonl", "state/gate.zip")
        return {name: (morning.results / name).read_bytes() for name in kept}

    before = contents()
    ended = streetorder(
        "score", "--cameras", morning.city, "--model", toy_model, "--out", morning.results, key=morning.key
    )
    assert ended.code == 0
    assert "gate: scored by an earlier run, nothing has changed" in ended.err
    assert "2 violations; nothing new was read" in ended.out
    assert contents() == before


def test_quiet_says_nothing_and_still_finds_everything(morning: Morning, toy_model: Path, tmp_path: Path) -> None:
    ended = streetorder("score", "--cameras", morning.city, "--model", toy_model, "--out", tmp_path / "r", "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert len(read_lines(tmp_path / "r" / "violations.jsonl")) == 2


def cut(recording: Path, folder: Path, pieces: int, seconds: float) -> list[Path]:
    """One recording as a camera stores it: files of equal length, each beginning at zero."""
    folder.mkdir()
    with av.open(str(recording)) as source:
        packets = [p for p in source.demux(video=0) if p.size]
        paths = [folder / f"part{n + 1}.mp4" for n in range(pieces)]  # part10 would come after part9
        for n, path in enumerate(paths):
            with av.open(str(path), "w") as target:
                stream = target.add_stream_from_template(source.streams.video[0])
                for packet in packets:
                    at = float(packet.pts * packet.time_base)
                    if n * seconds <= at < (n + 1) * seconds:
                        first = round(n * seconds / packet.time_base)
                        packet.pts, packet.dts, packet.stream = packet.pts - first, packet.dts - first, stream
                        target.mux(packet)
                        packet.pts, packet.dts = packet.pts + round(n * seconds / packet.time_base), packet.dts
    return paths


@pytest.fixture(scope="module")
def pieces(morning: Morning) -> Path:
    folder = morning.folder / "pieces"
    cut(morning.recording, folder, 8, 6.0)
    return folder


@pytest.mark.parametrize("named", ["directory", "glob", "one by one"])
def test_a_recording_cut_into_eight_files_gives_the_same_violations(
    morning: Morning, pieces: Path, toy_model: Path, tmp_path: Path, named: str
) -> None:
    sources: dict[str, list[str | Path]] = {
        "directory": [pieces],
        "glob": [f"{pieces}/part*.mp4"],
        "one by one": [pieces / f"part{n}.mp4" for n in range(1, 9)],
    }
    ended = streetorder(
        "score", *sources[named], "--cameras", morning.city, "--camera", "gate", "--model", toy_model,
        "--out", tmp_path, "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert ended.json["violations"] == morning.violations


def test_the_start_of_the_first_file_holds_for_those_that_follow_it(
    morning: Morning, pieces: Path, toy_model: Path, tmp_path: Path
) -> None:
    ended = streetorder(
        "score", pieces, "--cameras", morning.city, "--camera", "gate", "--model", toy_model,
        "--out", tmp_path, "--json", "--start", "2026-05-01T08:00:00",
    )  # fmt: skip
    assert [v["onset"] for v in ended.json["violations"]] == ["2026-05-01T00:00:06.000Z", "2026-05-01T00:00:20.000Z"]


def test_files_whose_pictures_follow_one_another_are_taken_for_one_camera(
    pieces: Path, toy_model: Path, tmp_path: Path
) -> None:
    ended = streetorder(
        "score", pieces, "--model", toy_model, "--out", tmp_path, "--json", "--dwell", "motor_vehicle_parking=6"
    )
    assert [c["camera_id"] for c in ended.json["cameras"]] == ["part"]
    assert [(v["onset_s"], v["confirmed_s"]) for v in ended.json["violations"]] == [(6.0, 12.0), (20.0, 26.0)]


def test_a_car_that_stands_before_and_after_an_outage_is_one_violation(toy_model: Path, tmp_path: Path) -> None:
    for stamp in ("080000", "081000"):
        street(tmp_path / f"gate_20260501_{stamp}.mp4", seconds=20, fps=5, things=[Thing("red", RED.xyxy, 2)])
    city = city_file(tmp_path / "city.yaml", camera("gate", "gate_*.mp4"))
    ended = streetorder(
        "score", "--cameras", city, "--start-pattern", "gate_%Y%m%d_%H%M%S", "--model", toy_model,
        "--out", tmp_path / "r", "--json",
    )  # fmt: skip
    (found,) = ended.json["violations"]
    assert (found["onset"], found["cleared_s"]) == ("2026-05-01T00:00:02.000Z", None)
    assert [f["start_s"] for f in ended.json["cameras"][0]["files"]] == [0, 600]
    assert found["sightings"] > 15, "the car is seen on both sides of the outage"


@pytest.fixture(scope="module")
def three_streets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("three")
    for seed, name in enumerate(("north", "gate", "south")):
        things = [Thing("red", RED.xyxy, 2 + seed), Thing("blue", BLUE.xyxy, 5, 20)]
        street(folder / f"{name}.mp4", seconds=24, fps=5, things=things, noise_seed=seed + 1)
    return folder


def test_cameras_read_at_the_same_time_give_what_they_give_one_by_one(
    three_streets: Path, toy_model: Path, tmp_path: Path
) -> None:
    runs = [
        streetorder(
            "score", three_streets, "--model", toy_model, "--out", tmp_path / jobs, "--jobs", jobs, "--json",
            "--dwell", "motor_vehicle_parking=6", "--every", "all",
        )
        for jobs in ("1", "3")
    ]  # fmt: skip
    one, three = (run.json["violations"] for run in runs)
    assert len(one) == 6
    assert one == three
    assert (tmp_path / "1" / "violations.jsonl").read_bytes() == (tmp_path / "3" / "violations.jsonl").read_bytes()


def test_a_recording_shorter_than_the_dwell_is_told_how_to_ask_for_less(toy_model: Path, tmp_path: Path) -> None:
    street(tmp_path / "gate.mp4", seconds=10, fps=5, things=[RED])
    ended = streetorder("score", tmp_path / "gate.mp4", "--model", toy_model, "--out", tmp_path / "r")
    assert ended.code == 0
    assert "0 violations" in ended.out
    assert "before the dwell of motor_vehicle_parking (300 s); ask for less: --dwell KEY=SECONDS" in ended.out


def test_a_covered_lens_opens_nothing_and_clears_nothing(toy_model: Path, tmp_path: Path) -> None:
    covered = Thing("black", (0, 0, 1, 1), 16, 40)
    red = Thing("red", RED.xyxy, 2)
    street(tmp_path / "gate.mp4", seconds=48, fps=5, things=[red, covered])
    street(tmp_path / "cellar.mp4", seconds=12, fps=5, things=[Thing("black", (0, 0, 1, 1))])
    city = city_file(tmp_path / "city.yaml", camera("gate", "gate.mp4"), camera("cellar", "cellar.mp4"))
    ended = streetorder("score", "--cameras", city, "--model", toy_model, "--out", tmp_path / "r", "--json")
    (found,) = ended.json["violations"]
    assert (found["camera_id"], found["onset_s"], found["cleared_s"]) == ("gate", 2.0, None)
    notes = "\n".join(ended.json["notes"])
    assert "gate: 12 pictures are black" in notes
    assert "cellar: 6 pictures are black" in notes


def test_results_among_the_recordings_are_not_scored_as_recordings(toy_model: Path, tmp_path: Path) -> None:
    street(tmp_path / "gate.mp4", seconds=16, fps=5, things=[Thing("red", RED.xyxy, 2)])
    words = ["score", ".", "--model", str(toy_model), "--json", "--dwell", "motor_vehicle_parking=6"]
    first = streetorder(*words, cwd=tmp_path)
    again = streetorder(*words, cwd=tmp_path)
    assert len(first.json["violations"]) == 1
    assert [c["camera_id"] for c in again.json["cameras"]] == ["gate"]
    assert again.json["violations"] == first.json["violations"]


def contents(folder: Path) -> Iterator[bytes]:
    return (p.read_bytes() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("as_camera", [False, True])
def test_a_password_in_a_url_is_shown_nowhere(toy_model: Path, tmp_path: Path, as_camera: bool) -> None:
    url = "rtsp://admin:geheim@127.0.0.1:1/main"
    sources: list[str | Path] = [url]
    if as_camera:
        sources = ["--cameras", city_file(tmp_path / "city.yaml", camera("gate", url))]
    ended = streetorder("score", *sources, "--model", toy_model, "--out", tmp_path / "r")
    assert ended.code == 1
    assert "rtsp://***@127.0.0.1:1/main: cannot be reached" in ended.err
    assert "geheim" not in ended.out + ended.err
    assert not [data for data in contents(tmp_path / "r") if b"geheim" in data]

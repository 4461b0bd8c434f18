"""The command line itself: wrong use gets one clear line that names the value and what is allowed."""

import json
import stat
from pathlib import Path

import pytest

from tests.command_line import camera, city_file, looked, streetorder
from tests.crashes import run
from tests.scenery import Thing, street

CAR = Thing("red", (0.1, 0.4, 0.3, 0.7))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording, a city file, a text file and a city file with a mistake."""
    folder = tmp_path_factory.mktemp("commands")
    street(folder / "gate.mp4", seconds=10, fps=5, things=[CAR])
    street(folder / "yard.mp4", seconds=10, fps=5, things=[CAR], noise_seed=1)
    city_file(folder / "city.yaml", camera("gate", "gate.mp4"), camera("yard", "yard.mp4"))
    (folder / "tabs.yaml").write_text("name: a\n\tcameras: []\n", encoding="utf-8")
    (folder / "text.onnx").write_text("no model", encoding="utf-8")
    (folder / "empty").mkdir()
    return folder


WRONG = [
    ("score", "score what? Name files, directories, globs or URLs, or give --cameras city.yaml"),
    ("score {d}/gone.mp4", "{d}/gone.mp4: no such file, directory or match"),
    ("score {d}/empty", "{d}/empty: no recording in this directory"),
    ("score {d}/*.avi", "{d}/*.avi: no such file, directory or match"),
    ("score {v} --dwell parking=5", "--dwell parking=5: no such type; allowed are motor_vehicle_parking, "),
    ("score {v} --dwell motor_vehicle_parking", "--dwell motor_vehicle_parking: seconds above 0 and up to 604800"),
    ("score {v} --dwell motor_vehicle_parking=-1", "--dwell motor_vehicle_parking=-1: seconds above 0 and up to"),
    ("score {v} --dwell motor_vehicle_parking=nan", "--dwell motor_vehicle_parking=nan: seconds above 0 and up to"),
    ("score {v} --every often", "--every often: allowed are auto, keyframe, all, or seconds from 0.01 to 86400"),
    ("score {v} --every 0", "--every 0: allowed are auto, keyframe, all, or seconds"),
    ("score {v} --start 2026-05-01T08:00", "--start 2026-05-01T08:00: say the offset, such as 2026-05-01T08:00+08:00"),
    ("score {v} --start yesterday", "--start yesterday: a time such as 2026-05-01T08:00:00+08:00 is needed"),
    ("score {v} {d}/yard.mp4 --start 2026-05-01T08:00Z", "--start gives the start of one recording, but these are 2: "),
    ("score {v} --camera ../up", "'../up'"),
    ("score {v} --jobs 0", "--jobs 0: 1 or more is allowed"),
    ("score {v} --model {d}/gone.onnx", "{d}/gone.onnx cannot be used as a model: there is no such file"),
    ("score {v} --model {d}/text.onnx", "{d}/text.onnx cannot be used as a model: "),
    ("score {v} --model {d}", "{d} cannot be used as a model: it is not a file"),
    ("score {v} --cameras {d}/gone.yaml", "{d}/gone.yaml"),
    ("score {v} --cameras {d}/tabs.yaml", "{d}/tabs.yaml:2: "),
    ("score {v} --cameras {d}", "{d}"),
    ("score {v} --cameras {d}/city.yaml --camera west", "--camera west: no camera 'west'; there are gate, yard"),
    ("score {d}/city.yaml --cameras {d}/city.yaml", "say --camera ID (cameras in the city file: gate, yard)"),
    ("explain --results {d}/empty", "no results here; make some with: streetorder score SOURCE --out {d}/empty"),
    ("verify {d}/gone", "{d}/gone is not a folder; give an evidence folder or a folder of results"),
    ("verify {d}/empty", "{d}/empty holds neither manifest.json"),
    ("verify {d} --public-key {d}/city.yaml", "{d}/city.yaml is no public key in PEM format"),
    ("check {d}/tabs.yaml --out {d}/check", "{d}/tabs.yaml:2: "),
    ("keys --key {d}/city.yaml", "{d}/city.yaml"),
    ("models {d}/text.onnx", "{d}/text.onnx cannot be used as a model: "),
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"), WRONG, ids=[w.replace("{d}/", "").replace("{v}", "gate") for w, _ in WRONG]
)
def test_wrong_use_is_told_in_words(
    folder: Path, toy_model: Path, tmp_path: Path, key: Path, words: str, message: str
) -> None:
    filled = [w.format(d=folder, v=folder / "gate.mp4") for w in words.split()]
    if filled[0] == "score":
        filled += ["--out", str(tmp_path / "r")] + ([] if "--model" in filled else ["--model", str(toy_model)])
    assert run(filled, key, tmp_path / "said", "nothing") == 2
    said = (tmp_path / "said").read_text(encoding="utf-8")
    assert "Traceback" not in said
    assert message.format(d=folder, v=folder / "gate.mp4") in said
    assert not (tmp_path / "r" / "violations.jsonl").exists()


def test_json_tells_of_wrong_use_in_json_too(folder: Path, toy_model: Path, tmp_path: Path) -> None:
    ended = streetorder("score", folder / "gone.mp4", "--model", toy_model, "--out", tmp_path / "r", "--json")
    assert ended.code == 2
    assert ended.json["exit_code"] == 2
    assert ended.json["error"] == ended.err.strip() == f"{folder}/gone.mp4: no such file, directory or match"


def test_a_folder_that_cannot_be_written_is_named(folder: Path, toy_model: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    ended = streetorder("score", folder / "gate.mp4", "--model", toy_model, "--out", tmp_path / "taken")
    assert ended.code == 3
    assert str(tmp_path / "taken") in ended.err


def test_names_with_spaces_and_chinese_make_camera_ids(folder: Path, toy_model: Path, tmp_path: Path) -> None:
    for name in ("湖滨南路 12 号.mp4", "gate (old) [1].mp4", "-quiet.mp4"):
        (tmp_path / name).write_bytes((folder / "gate.mp4").read_bytes())
    ended = streetorder("score", tmp_path, "--model", toy_model, "--out", tmp_path / "r", "--json")
    assert ended.code == 0, ended.err
    ids = [c["camera_id"] for c in ended.json["cameras"]]
    assert len(ids) == 3
    assert any(id.startswith("湖滨南路") for id in ids)
    assert {p.name for p in (tmp_path / "r" / "state").glob("*.zip")} == {f"{id}.zip" for id in ids}


def test_the_first_run_makes_a_key_that_only_its_owner_reads(
    folder: Path, toy_model: Path, tmp_path: Path, key: Path
) -> None:
    ended = streetorder("score", folder / "gate.mp4", "--model", toy_model, "--out", tmp_path / "r")
    assert f"made a signing key: {key}" in ended.err
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    shown = looked("keys")
    assert f"there is a signing key: {key}" in shown.out
    assert f"{key}.pub" in shown.out


def test_models_shows_what_a_model_sees_and_whether_it_is_proven(toy_model: Path) -> None:
    ended = looked("models", toy_model)
    assert ended.code == 0, ended.err
    assert "toy 1" in ended.out
    assert "motor_vehicle_parking" in ended.out
    assert "占道停车" in ended.out
    assert "does not see: non_motor_parking" in ended.out


def test_help_and_version_need_nothing(tmp_path: Path) -> None:
    helped = streetorder("--help", cwd=tmp_path)
    assert helped.code == 0
    for command in ("score", "check", "schema", "explain", "verify", "keys", "models"):
        assert command in helped.out
    assert streetorder("--version", cwd=tmp_path).out.startswith("streetorder ")
    assert list(tmp_path.iterdir()) == [], "nobody asked for a folder"


def test_the_schemas_are_json() -> None:
    assert json.loads(looked("schema").out)["title"] == "Streetorder city file"
    assert json.loads(looked("schema", "event").out)["title"] == "Streetorder event"

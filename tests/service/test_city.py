"""What a city file means."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labels.catalogue import load_catalogue
from service.city import City, CityFileError, load_city
from service.schema import city_schema
from vision.place import distance_m

EXAMPLE = Path("docs/examples/city.yaml")
HEAD = "name: Test\ntime_zone: Asia/Shanghai\n"

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        path = tmp_path / "city.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def one_camera(extra: str = "", urls: str = "{detect: clip.mp4}") -> str:
    return f"{HEAD}cameras:\n  - id: k1\n    urls: {urls}\n{extra}"


def test_the_example_in_the_docs_loads_and_builds_every_part(checkout: Path) -> None:
    city = load_city(checkout / EXAMPLE)
    for camera in city.cameras:
        for view in camera.views:
            assert city.rules_for(camera, view)
            assert len(city.zones_for(camera, view).zones) == len(view.zones)
            assert city.locator_for(camera, view).camera is not None
        assert len(city.config_hash(camera)) == 64
    assert city.locator_for(city.cameras[0], city.cameras[0].views[0]).ground is not None


def test_the_docs_show_the_example_as_it_is(checkout: Path) -> None:
    assert (checkout / EXAMPLE).read_text(encoding="utf-8") in (checkout / "docs/city.md").read_text(encoding="utf-8")


def test_a_car_on_the_tactile_paving_of_the_example_has_two_minutes_and_a_place_on_the_map(checkout: Path) -> None:
    city = load_city(checkout / EXAMPLE)
    camera = city.camera("中山路-01")
    view = camera.view("home")
    car = city.types_for(camera, view)["motor_vehicle_parking"]
    verdict = city.zones_for(camera, view).judge(car, (0.57, 0.7), datetime(2026, 3, 1, 20, tzinfo=UTC))
    assert (verdict.applies, verdict.zone_id, verdict.rule.dwell_s) == (True, "盲道", 120)
    place = city.locator_for(camera, view).locate((0.5, 0.5, 0.64, 0.7), on_ground=True)
    assert place is not None
    assert distance_m((place.lat, place.lon), (24.4433, 118.0805)) < 20


def test_rules_are_changed_by_the_city_then_the_camera_then_the_view(write: Write) -> None:
    city = load_city(
        write(
            f"{HEAD}defaults:\n  rules:\n    road_vending: {{dwell_s: 1, absence_s: 1, share: 0.1}}\n"
            "cameras:\n  - id: k1\n    urls: {detect: clip.mp4}\n"
            "    rules: {road_vending: {dwell_s: 2, absence_s: 2}}\n"
            "    views:\n      - rules: {road_vending: {dwell_s: 3}}\n"
        )
    )
    camera = city.camera("k1")
    rules = city.rules_for(camera, camera.view("home"))
    assert (rules["road_vending"].dwell_s, rules["road_vending"].absence_s, rules["road_vending"].share) == (3, 2, 0.1)
    catalogue = load_catalogue().types
    assert rules["road_vending"].where == catalogue["road_vending"].rule.where
    assert rules["posted_bills"] == catalogue["posted_bills"].rule
    assert list(rules) == list(catalogue)


def test_only_the_types_that_are_asked_for_are_looked_for(write: Write) -> None:
    city = load_city(write(one_camera("    types: [open_burning, road_vending]\n")))
    camera = city.camera("k1")
    assert list(city.types_for(camera, camera.view("home"))) == ["road_vending", "open_burning"]


def test_a_camera_without_views_has_one_called_home(write: Write) -> None:
    camera = load_city(write(one_camera())).camera("k1")
    assert [view.id for view in camera.views] == ["home"]
    with pytest.raises(KeyError, match="there are home"):
        camera.view("north")


def test_evidence_comes_from_the_detect_stream_unless_the_file_says_otherwise(write: Write) -> None:
    city = load_city(write(one_camera()))
    assert city.source(city.camera("k1"), "evidence") == city.source(city.camera("k1"), "detect")
    city = load_city(write(one_camera(urls="{detect: rtsp://h/sub, evidence: rtsp://h/main}")))
    assert city.source(city.camera("k1"), "evidence") == "rtsp://h/main"


def test_recordings_are_sought_beside_the_city_file(tmp_path: Path) -> None:
    folder = tmp_path / "night [1]"
    folder.mkdir()
    (folder / "a_1.mp4").touch()
    path = folder / "city.yaml"
    path.write_text(one_camera(urls="{detect: a_1.mp4, evidence: a_*.mp4}"), encoding="utf-8")
    city = load_city(path)
    assert city.source(city.camera("k1")) == str(folder / "a_1.mp4")
    assert [str(p) for p in Path("/").glob(city.source(city.camera("k1"), "evidence")[1:])] == [str(folder / "a_1.mp4")]


@pytest.mark.parametrize(("written", "every"), [("auto", "auto"), ("2", "2"), ("0.5", "0.5"), ('"3"', "3")])
def test_how_often_to_look_is_a_policy_or_seconds(write: Write, written: str, every: str) -> None:
    city = load_city(write(one_camera(f"    every: {written}\n")))
    assert city.every_for(city.camera("k1")) == every
    city = load_city(write(f"{HEAD}defaults: {{every: {written}}}\ncameras: [{{id: k1, urls: {{detect: a.mp4}}}}]\n"))
    assert city.every_for(city.camera("k1")) == every


def test_the_hash_changes_with_what_bears_on_events_and_with_nothing_else(write: Write) -> None:
    def of(text: str) -> str:
        city = load_city(write(text))
        return city.config_hash(city.camera("k1"))

    base = of(one_camera())
    for same in (
        one_camera("    name: At the corner\n    pool: west\n"),
        one_camera("    every: auto\n    reach_m: 50\n"),
        one_camera(urls="{detect: elsewhere.mp4}"),
        one_camera() + "  - {id: k2, urls: {detect: b.mp4}}\n",
        one_camera().replace("cameras:", "defaults: {rules: {posted_bills: {share: 0.5}}}\ncameras:"),
    ):
        assert of(same) == base
    for other in (
        one_camera("    every: 2\n"),
        one_camera("    rules: {posted_bills: {share: 0.4}}\n"),
        one_camera("    types: [posted_bills]\n"),
        one_camera("    place: {lat: 24.4, lon: 118.1}\n"),
        one_camera("    views: [{zones: [{id: a, kind: bay, polygon: [[0, 0], [1, 0], [1, 1]]}]}]\n"),
        one_camera().replace("Shanghai", "Tokyo"),
        one_camera(urls="{detect: rtsp://h/a}"),
    ):
        assert of(other) != base
    live = [one_camera(urls=f"{{detect: 'rtsp://{login}h/a'}}") for login in ("u:secret@", "v:other@")]
    assert of(live[0]) == of(live[1])


def test_a_city_that_nobody_configured_has_the_catalogue_s_rules_and_no_zones() -> None:
    city = City.bare({"clip": "/videos/clip.mp4", "夜市": "b.mp4"})
    camera = city.camera("clip")
    assert city.zones_for(camera, camera.view("home")).zones == ()
    assert city.rules_for(camera, camera.view("home")) == {k: t.rule for k, t in load_catalogue().types.items()}
    assert city.locator_for(camera, camera.view("home")).camera is None
    moved = City.bare({"clip": "/elsewhere/clip.mp4"})
    assert moved.config_hash(moved.camera("clip")) == city.config_hash(camera)
    with pytest.raises(CityFileError, match="Mars"):
        City.bare({"clip": "clip.mp4"}, time_zone="Mars")


def test_a_camera_never_prints_its_password(write: Write) -> None:
    city = load_city(write(one_camera(urls="{detect: 'rtsp://u:hunter2@h/a'}")))
    assert "hunter2" not in repr(city)
    assert "hunter2" in city.source(city.camera("k1"))


def test_the_schema_describes_every_field(checkout: Path) -> None:
    schema = city_schema()
    assert schema["$schema"].startswith("https://json-schema.org/")
    json.dumps(schema)
    for part in (schema, *schema["$defs"].values()):
        for name, field in part["properties"].items():
            said = {**schema["$defs"].get(field.get("$ref", "").rpartition("/")[2], {}), **field}
            assert said.get("title"), name
            assert said.get("description"), name
        assert part["additionalProperties"] is False
    zone = schema["$defs"]["Zone"]["properties"]
    assert "no_parking" in zone["kind"]["enum"]
    assert "open_burning" in json.dumps(zone["types"])
    for name in ("中山路-01", "k1"):
        assert re.search(schema["$defs"]["Camera"]["properties"]["id"]["pattern"], name, re.ASCII)
    assert EXAMPLE.name in (checkout / "docs/city.md").read_text(encoding="utf-8")

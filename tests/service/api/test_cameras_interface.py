"""Cameras and zones by HTTP: the city file changes, people's comments stay, passwords are never shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.city import load_city
from service.city_book import CityBook
from tests.cases.stores import fresh_url
from tests.service.api.served import Served, serving

CITY = """# Siming, first stage
name: Siming
time_zone: Asia/Shanghai
cameras:
  # over the gate
  - id: gate
    urls: {detect: "rtsp://admin:se%cret@10.0.0.7/sub"}  # sub-stream
    # until the theatre opens
    pool: east
    views:
      - id: home
        zones:
          - {id: kerb, kind: no_parking, polygon: [[0, 0.5], [1, 0.5], [1, 1]]}
  - id: yard
    urls: {detect: "rtsp://10.0.0.8/sub"}
"""
ZONE = {"id": "walk", "kind": "sidewalk", "polygon": [[0, 0], [0.5, 0], [0.5, 0.5]]}


@pytest.fixture
def city(tmp_path: Path) -> Path:
    path = tmp_path / "city.yaml"
    path.write_text(CITY, encoding="utf-8")
    return path


@pytest.fixture
def served(tmp_path: Path, city: Path) -> Iterator[Served]:
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as found:
        found.office.city = CityBook(city)
        yield found


def test_cameras_are_listed_without_passwords(served: Served) -> None:
    page = served.ask("li", "GET", "/api/v1/cameras", params={"limit": 1}).json()
    assert ([c["id"] for c in page["cameras"]], page["cursor"]) == (["gate"], "gate")
    rest = served.ask("li", "GET", "/api/v1/cameras", params={"cursor": "gate"}).json()
    assert ([c["id"] for c in rest["cameras"]], rest["cursor"]) == (["yard"], None)
    assert [c["id"] for c in served.ask("li", "GET", "/api/v1/cameras?pool=east").json()["cameras"]] == ["gate"]
    one = served.ask("li", "GET", "/api/v1/cameras/gate")
    assert one.json()["urls"]["detect"] == "rtsp://***@10.0.0.7/sub"
    assert "cret" not in one.text + str(page)
    assert served.ask("li", "GET", "/api/v1/cameras/moon").status_code == 404


def test_what_was_read_can_be_changed_and_keeps_password_and_comments(served: Served, city: Path) -> None:
    read = served.ask("root", "GET", "/api/v1/cameras/gate")
    changed = read.json() | {"name": "Gate", "pool": "west"}
    put = served.ask("root", "PUT", "/api/v1/cameras/gate", changed, headers={"If-Match": read.headers["ETag"]})
    assert (put.status_code, put.json()["name"]) == (200, "Gate")
    assert load_city(city).camera("gate").urls.detect == "rtsp://admin:se%cret@10.0.0.7/sub"
    assert city.read_text() == CITY.replace("    pool: east\n", "    pool: west\n").replace(
        "[[0, 0.5], [1, 0.5], [1, 1]]}\n", "[[0, 0.5], [1, 0.5], [1, 1]]}\n    name: Gate\n"
    )
    late = served.ask("root", "PUT", "/api/v1/cameras/gate", changed, headers={"If-Match": read.headers["ETag"]})
    assert late.status_code == 412
    assert served.ask("li", "PUT", "/api/v1/cameras/gate", changed).status_code == 403


def test_cameras_come_and_go(served: Served, city: Path) -> None:
    new = {"id": "roof", "urls": {"detect": "rtsp://10.0.0.9/sub"}}
    assert served.ask("root", "PUT", "/api/v1/cameras/roof", new).status_code == 201
    assert served.ask("root", "DELETE", "/api/v1/cameras/yard").status_code == 204
    assert [c.id for c in load_city(city).cameras] == ["gate", "roof"]
    assert served.ask("root", "DELETE", "/api/v1/cameras/yard").status_code == 404
    served.ask("root", "DELETE", "/api/v1/cameras/roof")
    before = city.read_bytes()
    last = served.ask("root", "DELETE", "/api/v1/cameras/gate")
    assert (last.status_code, city.read_bytes()) == (422, before)
    assert not list(city.parent.glob("*.proposed"))


def test_zones_are_read_and_changed(served: Served, city: Path) -> None:
    path = "/api/v1/cameras/gate/views/home/zones"
    read = served.ask("li", "GET", path)
    assert [z["id"] for z in read.json()] == ["kerb"]
    put = served.ask("root", "PUT", path, [ZONE], headers={"If-Match": read.headers["ETag"]})
    assert [z["kind"] for z in put.json()] == ["sidewalk"]
    assert [z.id for z in load_city(city).camera("gate").view("home").zones] == ["walk"]
    assert "# sub-stream" in city.read_text()
    assert served.ask("root", "PUT", "/api/v1/cameras/gate/views/moon/zones", [ZONE]).status_code == 404


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"polygon": [[0, 0], [1, 1], [0, 1], [1, 0]]}, "crosses"),
        ({"kind": "moon"}, "no such kind of zone"),
        ({"polygon": [[0, 0], [5, 0], [0, 1]]}, "0 to 1"),
        ({"more": 1}, "Extra"),
    ],
)
def test_what_makes_no_sense_changes_nothing(served: Served, city: Path, change: dict[str, object], why: str) -> None:
    answer = served.ask("root", "PUT", "/api/v1/cameras/gate/views/home/zones", [ZONE | change])
    assert answer.status_code == 422
    assert why in answer.json()["detail"]
    assert city.read_text() == CITY


def test_two_cameras_of_one_name_and_a_body_of_another_are_refused(served: Served, city: Path) -> None:
    new = {"id": "roof", "urls": {"detect": "rtsp://u:secret@10.0.0.9/sub"}}
    assert served.ask("root", "PUT", "/api/v1/cameras/other", new).status_code == 422
    twice = served.ask("root", "PUT", "/api/v1/cameras/GATE", new | {"id": "GATE"})
    assert twice.status_code == 422
    assert "given once" in twice.json()["detail"]
    assert "secret" not in twice.text
    assert city.read_text() == CITY


def test_a_service_without_a_city_file_says_so(tmp_path: Path) -> None:
    with fresh_url("sqlite", tmp_path / "x") as url, serving(url, str(tmp_path / "e")) as served:
        answer = served.ask("li", "GET", "/api/v1/cameras")
        assert (answer.status_code, "--cameras" in answer.json()["detail"]) == (404, True)


def test_a_hidden_password_is_never_written(served: Served, city: Path) -> None:
    camera = served.ask("root", "GET", "/api/v1/cameras/gate").json()
    other_path = camera | {"urls": {"detect": "rtsp://***@10.0.0.7/main2", "evidence": "rtsp://***@10.0.0.7/main"}}
    assert served.ask("root", "PUT", "/api/v1/cameras/gate", other_path).status_code == 200
    urls = load_city(city).camera("gate").urls
    assert (urls.detect, urls.evidence) == ("rtsp://admin:se%cret@10.0.0.7/main2", "rtsp://admin:se%cret@10.0.0.7/main")
    before = city.read_text()
    for camera_id, url in (
        ("gate", "rtsp://***@10.0.0.99/sub"),
        ("gate", "rtsp://***@10.0.0.7:555/sub"),
        ("roof", "rtsp://***@10.0.0.7/sub"),
        ("gate", "http://10.0.0.7/sub?token=***"),
    ):
        said = {"id": camera_id, "urls": {"detect": url}}
        refused = served.ask("root", "PUT", f"/api/v1/cameras/{camera_id}", said)
        assert (refused.status_code, "its password is hidden" in refused.json()["detail"]) == (422, True)
    assert city.read_text() == before


def test_what_is_put_as_it_was_read_changes_no_byte(served: Served, city: Path) -> None:
    long = ", ".join(f"[0.{n}, 0.{n + 1}]" for n in range(10, 40))
    text = CITY.replace("pool: east", f"pool: east\n    every: 2\n    reach_m: 1200\n    # {long}")
    city.write_text(text)
    for camera_id in ("gate", "yard"):
        camera = served.ask("root", "GET", f"/api/v1/cameras/{camera_id}").json()
        assert served.ask("root", "PUT", f"/api/v1/cameras/{camera_id}", camera).status_code == 200
    assert city.read_text() == text

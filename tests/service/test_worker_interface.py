"""A worker's interface: cameras put, removed and told where they look, and what it sees, drawn."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import cv2
import numpy as np
import pytest

from streams.simulator.simulator import Simulator
from tests.command_line import city_file
from tests.scenery import Thing, street
from tests.service.live_worker import LiveWorker, working

CAR = Thing("red", (0.1, 0.4, 0.3, 0.7))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("live") / "gate.mp4", seconds=6, gop_s=1, things=[CAR])


@pytest.fixture
def simulator(recording: Path) -> Iterator[Simulator]:
    with Simulator([recording], cameras=2) as simulator:
        yield simulator


def camera(simulator: Simulator, number: int, more: str = "") -> str:
    return f'  - id: {simulator.names[number]}\n    urls: {{detect: "{simulator.url(number)}"}}\n{more}'


def ask(worker: LiveWorker, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urlopen(Request(worker.address + path, data, headers, method=method), timeout=10) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except HTTPError as error:
        return error.code, json.loads(error.read())["detail"]


def test_cameras_are_put_and_removed_and_stay_so_after_a_restart(tmp_path, simulator, toy_model, key):
    city = city_file(tmp_path / "city.yaml", camera(simulator, 0))
    out = tmp_path / "out"
    second = {"urls": {"detect": simulator.url(1)}, "pool": "default"}
    with working(city, out, key, "--model", toy_model) as worker:
        assert ask(worker, "PUT", "/cameras/yard", second) == (204, None)
        worker.wait(lambda w: w.cameras().get("yard", {}).get("state") == "live", "it is watched")
        assert ask(worker, "PUT", "/cameras/yard", second | {"urls": {"detect": "ftp://x"}})[0] == 422
        wrong, problems = ask(worker, "PUT", "/cameras/yard", second | {"pol": "x"})
        assert wrong == 422
        assert "pol" in " ".join(problems)
        assert ask(worker, "PUT", "/cameras/yard", second | {"id": "gate"})[0] == 422
        assert ask(worker, "DELETE", "/cameras/nowhere")[0] == 404
        assert ask(worker, "DELETE", "/cameras/cam001") == (204, None)
        worker.wait(lambda w: set(w.cameras()) == {"yard"}, "the other one is gone")
        assert worker.signal(signal.SIGTERM) == 0
    assert (out / "state" / "cameras.json").stat().st_mode & 0o077 == 0
    with working(city, out, key, "--model", toy_model) as worker:
        worker.wait(lambda w: set(w.cameras()) == {"yard"}, "as it was left")


def test_what_is_seen_is_drawn_with_zones_and_clocks(tmp_path, simulator, toy_model, key):
    zone = "    views: [{zones: [{id: kerb, kind: no_parking, polygon: [[0, 0.3], [1, 0.3], [1, 1], [0, 1]]}]}]\n"
    city = city_file(tmp_path / "city.yaml", camera(simulator, 0, zone), dwell_s=300)
    with working(city, tmp_path / "out", key, "--model", toy_model) as worker:
        worker.wait(lambda w: w.cameras()["cam001"]["candidates"] == 1, "the car stands there")
        with urlopen(f"{worker.address}/cameras/cam001/overlay.jpg", timeout=10) as answer:
            picture = cv2.imdecode(np.frombuffer(answer.read(), np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape[1] == 1280
        assert picture.shape[0] > 768, "the legend is below"
        yellow = (np.abs(picture.astype(int) - (0, 210, 255)).max(axis=2) < 40).any(axis=1)
        assert yellow[int(0.4 * 768) - 15 : int(0.4 * 768) + 15].any(), "the car's place is framed"
        with urlopen(f"{worker.address}/cameras/cam001/live", timeout=10) as answer:
            assert answer.headers["Content-Type"].startswith("multipart/x-mixed-replace")
            assert answer.read(400_000).count(b"image/jpeg") >= 2
        assert worker.get("/cameras/nowhere/overlay.jpg")[0] == 404


def test_changes_need_the_token_where_there_is_one(tmp_path, simulator, toy_model, key, monkeypatch):
    monkeypatch.setenv("STREETORDER_WORKER_TOKEN", "let-me")
    city = city_file(tmp_path / "city.yaml", camera(simulator, 0), camera(simulator, 1))
    with working(city, tmp_path / "out", key, "--model", toy_model) as worker:
        assert ask(worker, "DELETE", "/cameras/cam001")[0] == 401
        assert ask(worker, "DELETE", "/cameras/cam001", token="guess")[0] == 401
        assert worker.get("/status")[0] == 200
        assert ask(worker, "DELETE", "/cameras/cam001", token="let-me") == (204, None)
    assert "let-me" not in worker.log.read_text()


def test_from_the_network_nothing_is_changed_without_a_token(tmp_path, simulator, toy_model, key):
    assert "STREETORDER_WORKER_TOKEN" not in os.environ
    city = city_file(tmp_path / "city.yaml", camera(simulator, 0))
    with working(city, tmp_path / "out", key, "--model", toy_model, "--listen", "0.0.0.0:0") as worker:
        worker.address = worker.address.replace("0.0.0.0", "127.0.0.1")
        code, why = ask(worker, "DELETE", "/cameras/cam001")
        assert code == 403
        assert "STREETORDER_WORKER_TOKEN" in why


def houses(seed: int, from_s: float, to_s: float) -> list[Thing]:
    random = np.random.default_rng(seed)
    found = []
    for _ in range(40):
        x, y, w, h = random.uniform(0, 0.9), random.uniform(0, 0.9), *random.uniform(0.03, 0.12, 2)
        found.append(Thing(random.choice(["black", "grey", "white"]), (x, y, x + w, y + h), from_s, to_s))
    return found


def test_a_camera_that_turns_has_its_violations_in_the_view_that_it_shows(tmp_path, toy_model, key):
    first, second = houses(1, 0, 12), houses(2, 12, 24)
    cars = [Thing("red", (0.1, 0.4, 0.3, 0.7), 0, 12), Thing("blue", (0.6, 0.3, 0.8, 0.6), 12, 24)]
    dome = street(tmp_path / "dome.mp4", seconds=24, gop_s=1, things=[*first, *second, *cars])
    for name, at_s in (("gate", 2.0), ("market", 14.0)):
        with_cv = street_picture([*first, *second], at_s)
        cv2.imwrite(str(tmp_path / f"{name}.jpg"), with_cv[:, :, ::-1])
    views = "    views: [{id: gate, picture: gate.jpg}, {id: market, picture: market.jpg}]\n"
    with Simulator([dome], cameras=1) as simulator:
        city = city_file(tmp_path / "city.yaml", camera(simulator, 0, views), dwell_s=6, absence_s=30)
        with working(city, tmp_path / "out", key, "--model", toy_model) as worker:
            worker.wait(lambda w: len(w.events()) == 2, "one in each view")
            assert {e.violation.view_id for e in worker.events()} == {"gate", "market"}
            assert ask(worker, "POST", "/cameras/cam001/view", {"view": "gate"}) == (204, None)
            assert ask(worker, "POST", "/cameras/cam001/view", {"view": "harbour"})[0] == 404
            assert worker.signal(signal.SIGTERM) == 0
    places = {e.violation.view_id: e.violation.xyxy[0] for e in worker.events()}
    assert places["gate"] == pytest.approx(0.1, abs=0.03)
    assert places["market"] == pytest.approx(0.6, abs=0.03)
    assert not worker.events("cleared")


def test_a_preset_whose_picture_is_no_picture_costs_nobody_a_camera(tmp_path, simulator, toy_model, key):
    (tmp_path / "gate.jpg").write_bytes(b"no picture at all")
    views = "    views: [{id: gate, picture: gate.jpg}, {id: market}]\n"
    city = city_file(tmp_path / "city.yaml", camera(simulator, 0, views), camera(simulator, 1))
    with working(city, tmp_path / "out", key, "--model", toy_model) as worker:
        worker.wait(lambda w: len(w.events()) == 2, "both find their car")
        assert any("picture of a view" in line["event"] for line in worker.lines())


def street_picture(things: list[Thing], at_s: float) -> np.ndarray:
    from tests.scenery import picture

    return picture((320, 192), things, at_s)

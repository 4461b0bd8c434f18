"""Everything at once, in real parts: a simulated camera, a worker, the service, another system that is told."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from streams.simulator.simulator import Simulator
from tests.cases.receiver import Receiver
from tests.command_line import PROGRAM, camera, city_file
from tests.scenery import Thing, street
from tests.service.live_worker import working
from vision.keys import KEY_VARIABLE

HANDLING = """
departments: [{{department: Traffic police}}]
without_a_person: [motor_vehicle_parking]
receivers: [{{name: platform, url: "{url}", secret_env: PLATFORM_SECRET}}]
allowed_addresses: [127.0.0.0/8]
asked_after_s: 0
"""


@contextmanager
def serving(home: Path, key: Path, *words: str | Path) -> Iterator[tuple[str, str]]:
    """Its address and the administrator's key."""
    log = home / "serve.log"
    environment = os.environ | {KEY_VARIABLE: str(key), "PLATFORM_SECRET": "a secret of sixteen"}
    with log.open("a") as out:
        command = [PROGRAM, "serve", "--out", home / "cases", "--listen", "127.0.0.1:0", "--log-json", *words]
        process = subprocess.Popen([*map(str, command)], stdout=out, stderr=out, env=environment)
    try:
        deadline = time.monotonic() + 60
        while not (found := re.findall(r'"address": "([^"]+)"', log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield found[-1], (home / "cases/admin.key").read_text().strip()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
        assert "Traceback" not in log.read_text(), log.read_text()


def until(ask: Any, what: str, guard_s: float = 60.0) -> Any:
    deadline = time.monotonic() + guard_s
    while not (found := ask()):
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
    return found


def test_from_the_camera_to_the_closed_case(tmp_path: Path, toy_model: Path, key: Path, monkeypatch: Any) -> None:
    car = Thing("red", (0.1, 0.4, 0.3, 0.7), 0, 30)
    recording = street(tmp_path / "gate.mp4", seconds=52, gop_s=1, things=[car])
    platform = Receiver()
    handling = tmp_path / "handling.yaml"
    handling.write_text(HANDLING.format(url=platform.url), encoding="utf-8")
    with serving(tmp_path, key, "--handling", handling, "--model", toy_model) as (address, admin):
        api = httpx.Client(base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {admin}"}, timeout=30)
        pushing = api.post("/keys", json={"name": "worker-1", "scopes": ["push"]}).json()["key"]
        monkeypatch.setenv("STREETORDER_PUSH_KEY", pushing)
        with Simulator([recording], cameras=1, loop=False) as simulator:
            city = city_file(tmp_path / "city.yaml", camera("gate", f'"{simulator.url(0)}"'))
            with working(city, tmp_path / "out", key, "--model", toy_model, "--push", address) as worker:
                (case,) = until(lambda: api.get("/cases").json()["cases"], "the case is there")
                assert case["state"] == "dispatched"
                assert case["department"] == "Traffic police"
                path = f"/cases/{case['id']}"
                done = api.post(f"{path}/actions", json={"action": "feed_back"})
                assert done.json()["state"] == "fed_back"
                until(lambda: api.get(path).json()["case"]["state"] == "handling", "the camera still sees it")
                until(lambda: api.get(path).json()["case"]["state"] == "closed", "it is closed")
                whole = until(lambda: _with_evidence(api, case["id"]), "all evidence is there")
                assert worker.signal(signal.SIGTERM) == 0
        assert [c["action"] for c in whole["history"]] == [
            "note", "accept", "file", "dispatch", "feed_back", "return", "verify", "close"
        ]  # fmt: skip
        back = next(c for c in whole["history"] if c["action"] == "return")
        assert [e["kind"] for e in whole["evidence"] if e["id"] in back["data"]["evidence"]] == ["still"]
        after = next(e for e in whole["evidence"] if e["kind"] == "cleared")
        look = {"why": "the after-picture"}
        shared = until(
            lambda: (got := api.get(f"/evidence/{after['id']}", params=look)).status_code == 200 and got, "a copy"
        )
        assert shared.content.startswith(b"\xff\xd8\xff")
        until(lambda: len(platform.effect) >= 8, "the platform was told")
    told = {r.headers["Idempotency-Key"]: r.event["type"] for r in platform.all}
    steps = ("opened", "accept", "file", "dispatch", "feed_back", "return", "verify", "close")
    assert list(told.values()) == [f"streetorder.case.{step}" for step in steps]
    assert json.loads(platform.all[-1].body)["data"]["case"]["closed_at"]
    platform.close()


def _with_evidence(api: httpx.Client, case_id: str) -> dict[str, Any] | None:
    whole: dict[str, Any] = api.get(f"/cases/{case_id}").json()
    kinds = {e["kind"] for e in whole["evidence"]}
    return whole if {"onset", "trigger", "clip", "manifest", "cleared"} <= kinds else None

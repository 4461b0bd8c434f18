"""Copies are made again when the process that makes them ended; it ends with the service, and logs as it does."""

import json
import time
from pathlib import Path

import httpx
import psutil
import pytest

from cases.store.engine import open_store
from service import copy_process
from service.copy_process import CopyProcess
from tests.cases.stores import event
from tests.service.test_end_to_end import serving, until


def test_it_is_started_again_and_ends_in_order(
    tmp_path: Path, toy_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_process, "AGAIN_S", 0.0)
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    open_store(url).dispose()
    copies = CopyProcess(url, str(tmp_path / "evidence"), toy_model)
    copies.watch()
    assert copies._process is not None
    first = copies._process
    first.kill()
    first.wait(10)
    deadline = time.monotonic() + 10
    while copies._process is first and time.monotonic() < deadline:
        copies.watch()
    second = copies._process
    assert second is not None
    assert second.pid != first.pid
    assert "cases.db" not in " ".join(psutil.Process(second.pid).cmdline())
    copies.close()
    assert second.poll() is not None


def test_every_line_of_the_service_and_of_its_copies_is_json(tmp_path: Path, toy_model: Path, key: Path) -> None:
    log = tmp_path / "serve.log"
    with serving(tmp_path, key, "--model", toy_model) as (address, admin):
        api = httpx.Client(base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {admin}"}, timeout=30)
        assert api.post("/events", json=event(1).to_dict()).status_code == 201
        broken = {"data": {"kind": "onset"}, "files": {"file": ("onset.jpg", b"\xff\xd8\xff and no more")}}
        assert api.post(f"/violations/{event(1).id}/evidence", **broken).status_code == 201
        until(lambda: "no copy can be made" in log.read_text(), "the process that makes copies says so")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert not [line for line in lines if "Context impl" in line["event"]], "what alembic says at each start"

"""Copies are made again when the process that makes them ended, and it ends with the service."""

import time
from pathlib import Path

import psutil
import pytest

from cases.store.engine import open_store
from service import copy_process
from service.copy_process import CopyProcess


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

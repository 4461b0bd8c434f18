"""A worker in a process of its own, as it is watched and killed by what measures it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil

PROGRAM = Path(sys.executable).with_name("streetorder")
READY_S = 60.0


class WorkerFailed(Exception):
    """It did not begin, or ended by itself; the message is the end of its log."""


class WorkerProcess:
    """Started by ``start``; may be started again after ``kill`` or ``stop``, on the same results."""

    def __init__(self, city: Path, out: Path, more: Sequence[str] = (), environment: Mapping[str, str] | None = None):
        self.city = city
        self.out = out
        self.log = out.with_suffix(".log")
        self.more = list(more)
        self.environment = dict(environment or {})
        self.address = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Begin; returns the seconds until it answered. Raises ``WorkerFailed``."""
        begun = time.monotonic()
        size = self.log.stat().st_size if self.log.exists() else 0
        words = [PROGRAM, "worker", "--cameras", self.city, "--out", self.out, "--listen", "127.0.0.1:0", "--log-json"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*map(str, words), *self.more], stdout=log, stderr=log, env=os.environ | self.environment
            )
        while time.monotonic() - begun < READY_S:
            if found := re.search(rb'"address": "([^"]+)"', self.log.read_bytes()[size:]):
                self.address = found[1].decode()
                return time.monotonic() - begun
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise WorkerFailed(self.log.read_text(encoding="utf-8")[-2000:])

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """At once, as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """In order; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def status(self) -> dict[str, Any]:
        """Raises ``WorkerFailed`` where it does not answer."""
        try:
            with urlopen(f"{self.address}/status", timeout=10) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except (URLError, OSError) as error:
            raise WorkerFailed(f"{error}; {self.log.read_text(encoding='utf-8')[-2000:]}") from None

    def metrics(self) -> str:
        with urlopen(f"{self.address}/metrics", timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def process(self) -> psutil.Process:
        return psutil.Process(self.pid)


def city_of(path: Path, urls: Mapping[str, str], rules: str = "", every: str = "auto") -> Path:
    """A city file with these cameras. rules: YAML lines under ``defaults.rules``, indented by four."""
    text = f"name: measured\ntime_zone: UTC\ndefaults:\n  every: {every}\n"
    text += f"  rules:\n{rules}" if rules else ""
    text += "cameras:\n" + "".join(f'  - id: {id}\n    urls: {{detect: "{url}"}}\n' for id, url in urls.items())
    path.write_text(text, encoding="utf-8")
    return path

"""The service that keeps cases, as a process of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

STARTS_S, ENDS_S = 60.0, 30.0
PROGRAM = Path(sys.executable).with_name("streetorder")


class NotServed(Exception):
    """The service did not start; the message is its log."""


@dataclass
class Service:
    """address: where it answers. key: its administrator's."""

    process: subprocess.Popen[bytes]
    address: str
    key: str

    def api(self) -> httpx.Client:
        """A client of the administrator."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=f"{self.address}/api/v1", headers=headers, trust_env=False, timeout=60)

    def key_for(self, name: str, scopes: Sequence[str]) -> str:
        """A new key of a program."""
        key: str = self.api().post("/keys", json={"name": name, "scopes": list(scopes)}).json()["key"]
        return key

    def kill(self) -> None:
        """As a crash does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(home: Path, listen: str, *words: str, environment: Mapping[str, str] | None = None) -> Service:
    """Raises ``NotServed``."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / "serve.log"
    with log.open("w") as out:
        command = [str(PROGRAM), "serve", "--out", str(home), "--listen", listen, "--log-json", *words]
        process = subprocess.Popen(
            command, stdout=out, stderr=out, start_new_session=True, env=os.environ | dict(environment or {})
        )
    deadline = time.monotonic() + STARTS_S
    while not (found := re.findall(r'"address": "([^"]+)"', log.read_text())):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise NotServed(f"the service did not start:\n{log.read_text()}")
        time.sleep(0.05)
    return Service(process, found[-1], (home / "admin.key").read_text().strip())


@contextmanager
def serving(home: Path, listen: str = "127.0.0.1:0", *words: str, **how: Any) -> Iterator[Service]:
    """Started, and ended in order. Raises ``NotServed``."""
    service = start(home, listen, *words, **how)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.send_signal(signal.SIGTERM)
            service.process.wait(ENDS_S)

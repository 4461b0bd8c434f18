"""A worker as people start it, in a process of its own, with its pages at hand."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.command_line import PROGRAM
from vision.journal import read_events
from vision.keys import KEY_VARIABLE
from vision.records import Event

GUARD_S = 60.0


@dataclass
class LiveWorker:
    process: subprocess.Popen[str]
    out: Path
    log: Path
    address: str = ""
    ended: int | None = field(default=None)

    def wait(self, until: Callable[["LiveWorker"], Any], what: str = "") -> Any:
        """Until it is so, which is returned; fails with the log where it never is."""
        deadline = time.monotonic() + GUARD_S
        while not (found := until(self)):
            assert self.process.poll() is None, (what, self.log.read_text())
            assert time.monotonic() < deadline, (what, self.log.read_text())
            time.sleep(0.1)
        return found

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urlopen(f"{self.address}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def status(self) -> dict[str, Any]:
        return json.loads(self.get("/status")[1])

    def cameras(self) -> dict[str, dict[str, Any]]:
        return {c["camera_id"]: c for c in self.status()["cameras"]}

    def events(self, kind: str = "opened") -> list[Event]:
        """The journal's whole lines."""
        path = self.out / "journal.jsonl"
        if not path.exists():
            return []
        whole = path.read_bytes()
        whole = whole[: whole.rfind(b"\n") + 1]
        copy = path.with_name("journal.read")
        copy.write_bytes(whole)
        return [e for e in read_events(copy) if e.kind == kind]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def signal(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def working(city: Path, out: Path, key: Path, *more: str | Path) -> Iterator[LiveWorker]:
    """Ready when its pages answer; killed at the end if nobody stopped it."""
    log = out.with_name(f"{out.name}-{time.monotonic_ns()}.log")
    words = [PROGRAM, "worker", "--cameras", city, "--out", out, "--listen", "127.0.0.1:0", "--log-json", *more]
    with log.open("w") as file:
        process = subprocess.Popen(
            [*map(str, words)], env=os.environ | {KEY_VARIABLE: str(key)}, stdout=file, stderr=file, text=True
        )
    worker = LiveWorker(process, out, log)
    try:
        begun = worker.wait(lambda w: next((x for x in w.lines() if x["event"] == "watching"), None), "it begins")
        worker.address = begun["address"]
        yield worker
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert "Traceback" not in log.read_text(), log.read_text()

"""Service, database and pushing worker killed at random moments while detections are pushed: what is lost, what is
there twice, and what evidence is not what was sent?
"""

import hashlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, func, select

from benchmarks.databases import Postgres, StoreKind
from benchmarks.push_load import detection
from benchmarks.served import PROGRAM, Service, start
from cases.evidence_store import open_evidence
from cases.leftovers import sweep
from cases.store.engine import open_store
from cases.store.tables import cases, evidence, outbox, violations
from service.commands.failing import SOME_FAILED
from vision.records import SCHEMA_VERSION, Event, Place, Violation

CLIENTS, SPOOLED, PICTURED = 4, 2000, 20
"""Clients that push for themselves; violations in the worker's journal, one in so many with evidence."""
LEAST_S, MOST_S = 0.2, 1.2
"""Between two kills."""
ENDS_S = 600.0
"""For so long the worker may push after the last one."""
HANDLING = 'receivers: [{name: platform, url: "http://127.0.0.1:9/", secret_env: PLATFORM_SECRET, of: [case.opened]}]\n'
SECRET = {"PLATFORM_SECRET": "a secret of sixteen"}


class Clients:
    """Push until ``stop``, each event until it is acknowledged. acknowledged: ids. refused: answers that are neither
    an acknowledgement nor "later". failed: what ended a client before its time.
    """

    def __init__(self, address: str, keys: list[str]):
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.failed: list[BaseException] = []
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(address, key, n), daemon=True) for n, key in enumerate(keys)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, address: str, key: str, number: int) -> None:
        try:
            self._push(address, key, number)
        except BaseException as error:
            self.failed.append(error)

    def _push(self, address: str, key: str, number: int) -> None:
        chance, count = random.Random(os.urandom(8)), 0
        with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as client:
            while not self._stopping.is_set():
                said = detection(number, count, chance)
                while (answer := self._answer(client, said)) is None:
                    time.sleep(0.05)
                if answer.status_code == 201:
                    self.acknowledged.append(said["violation"]["id"])  # type: ignore[index]
                else:
                    self.refused.append(f"{answer.status_code} {answer.text}")
                count += 1

    @staticmethod
    def _answer(client: httpx.Client, said: dict[str, object]) -> httpx.Response | None:
        """None where it has to be pushed again."""
        try:
            answer = client.post("/api/v1/events", json=said)
        except httpx.HTTPError:
            return None
        return None if answer.status_code == 503 else answer


class Worker:
    """``streetorder push`` of a folder, again and again until all of it is there, or something is refused. refused: how
    many events and files. failed: why it ended before its time.
    """

    def __init__(self, results: Path, address: str, key: str):
        self.refused = 0
        self.failed: list[BaseException] = []
        self._command = [str(PROGRAM), "push", str(results), "--to", address]
        self._environment = os.environ | {"STREETORDER_PUSH_KEY": key}
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def kill(self) -> bool:
        """Whether there was anything to kill."""
        process = self._process
        if process is None or process.poll() is not None:
            return False
        process.send_signal(signal.SIGKILL)
        return True

    def join(self) -> None:
        self._thread.join(ENDS_S)
        if self._thread.is_alive():
            self.failed.append(RuntimeError(f"streetorder push has not come to its end in {ENDS_S:g} s"))

    def _run(self) -> None:
        while True:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            _, said = self._process.communicate()
            if self._process.returncode == 0:
                return
            if refused := re.search(r"(\d+) events and files are not wanted", said):
                self.refused = int(refused[1])
                return
            if self._process.returncode not in (SOME_FAILED, -signal.SIGKILL):
                self.failed.append(RuntimeError(f"streetorder push ended: {said}"))
                return


def drill(kind: StoreKind, home: Path, kills: int, seed: int = 1, spooled: int = SPOOLED) -> dict[str, Any]:
    """What was killed, how much was acknowledged, and what of it is not as it should be. spooled: by the worker.

    Raises what ended a client or the worker before its time.
    """
    chance, port, results = random.Random(seed), _free_port(), home / "results"
    sent = _spool(results, spooled)
    (home / "handling.yaml").write_text(HANDLING, encoding="utf-8")
    with _database(kind, home) as (url, server):

        def serve() -> Service:
            words = ["--no-copies", "--store", url, "--handling", str(home / "handling.yaml")]
            return start(home / "service", f"127.0.0.1:{port}", *words, environment=SECRET)

        service = serve()
        keys = [service.key_for(f"client-{n}", ["push"]) for n in range(CLIENTS + 1)]
        clients, worker = Clients(service.address, keys[1:]), Worker(results, service.address, keys[0])
        killed = dict.fromkeys(("service", "worker", "database"), 0)
        for n in range(kills):
            time.sleep(chance.uniform(LEAST_S, MOST_S))
            what = ("service", "worker", "database")[n % 3]
            if what == "database" and server is not None:
                server.kill()
                server.start()
            elif what == "worker" and worker.kill():
                pass
            else:
                what = "service"
                service.kill()
                service = serve()
            killed[what] += 1
        clients.stop()
        worker.join()
        service.kill()
        if failed := clients.failed + worker.failed:
            raise failed[0]
        engine = open_store(url)
        found = judged(engine, home / "service" / "evidence", clients.acknowledged, sent)
        engine.dispose()
    return {"killed": killed, "refused": len(clients.refused) + worker.refused} | found


def judged(engine: Engine, store: Path, acknowledged: list[str], sent: dict[str, set[str]]) -> dict[str, Any]:
    """What is not as it should be, where ``sent`` are the hashes of files by violation. Files in the store that no row
    names are deleted: what was killed between the two leaves them, and nobody can see them.
    """
    v, e, o = violations.c, evidence.c, outbox.c
    with engine.connect() as tx:
        there = {row.id: row.case_id for row in tx.execute(select(v.id, v.case_id))}
        pieces = list(tx.execute(select(e.violation_id, e.sha256, e.path)))
        count: int = tx.execute(select(func.count()).select_from(cases)).scalar_one()
        told = [row.case_id for row in tx.execute(select(o.case_id).where(o.type == "case.opened"))]
    expected = set(acknowledged) | set(sent)
    kept = open_evidence(str(store))
    hashes = {id: {p.sha256 for p in pieces if p.violation_id == id} for id in sent}
    swept = sweep(engine, kept, datetime.now(UTC) + timedelta(days=1))
    broken = sum(hashlib.sha256(b"".join(kept.get(p.path))).hexdigest() != p.sha256 for p in pieces)
    return {
        "acknowledged": len(expected),
        "lost": len(expected - there.keys()),
        "cases_too_many": count - len(set(there.values())),
        "violations_never_acknowledged": len(there.keys() - expected),
        "evidence": sum(map(len, sent.values())),
        "evidence_lost": sum(len(wanted - hashes[id]) for id, wanted in sent.items()),
        "evidence_twice": len(pieces) - len({(p.violation_id, p.sha256) for p in pieces}),
        "evidence_broken": broken,
        "files_without_a_row": swept.deleted + swept.strange,
        "messages_lost": count - len(set(told)),
        "messages_twice": len(told) - len(set(told)),
    }


def _spool(results: Path, count: int) -> dict[str, set[str]]:
    """A worker's folder with a journal and evidence; the hashes of its files by violation."""
    (results / "state").mkdir(parents=True)
    sent: dict[str, set[str]] = {}
    chance, at = random.Random(7), datetime(2026, 5, 6, 4, tzinfo=UTC)
    with (results / "journal.jsonl").open("w", encoding="utf-8") as journal:
        for n in range(count):
            id = str(uuid.UUID(int=chance.getrandbits(128)))
            place = Place(24.3 + 0.4 * chance.random(), 117.9 + 0.5 * chance.random(), 6.0)
            times = (at, at + timedelta(minutes=10), None, 0.0, 600.0, None)
            v = Violation(
                id,
                f"spool-{n % 50}",
                "home",
                "road_vending",
                *times,
                (0.1, 0.1, 0.2, 0.3),
                (1920, 1080),
                place,
                0.8,
                9,
                True,
            )
            event = Event(SCHEMA_VERSION, "opened", 0, v, "a" * 64, "b" * 64, "c" * 64)
            journal.write(json.dumps(event.to_dict()) + "\n")
            sent[id] = _sealed(results / "evidence" / id, chance) if n % PICTURED == 0 else set()
    return sent


def _sealed(folder: Path, chance: random.Random) -> set[str]:
    folder.mkdir(parents=True)
    files = {
        "onset.jpg": b"\xff\xd8\xff" + chance.randbytes(60_000),
        "clip.mp4": b"\0\0\0\x20ftypisom" + chance.randbytes(600_000),
        "manifest.json": json.dumps({"record": {"of": folder.name}}).encode(),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {hashlib.sha256(data).hexdigest() for data in files.values()}


@contextmanager
def _database(kind: StoreKind, home: Path) -> Iterator[tuple[str, Postgres | None]]:
    if kind is StoreKind.SQLITE:
        yield f"sqlite:///{home}/cases.db", None
        return
    with Postgres() as server:
        yield server.url, server


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port

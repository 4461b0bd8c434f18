"""The one that writes: changes of many callers in one transaction, each acknowledged after its commit.

A commit is what a change costs most; shared, it costs each a part. One thread does the callers' work in the order in
which it came, so that what looks before it writes is right.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from cases.store.sums import together

T = TypeVar("T")
Job = tuple[Callable[[Connection], Any], Future[Any]]
End = Callable[[], None]
"""Tells a job's caller what became of it."""
ONE_WRITER = 7_042_615
"""Advisory lock of PostgreSQL, where several services write into one database."""
_ALONE = {"postgresql": f"SELECT pg_advisory_xact_lock({ONE_WRITER})", "sqlite": "BEGIN IMMEDIATE"}
APART = 16
"""For so many transactions after a refusal each job has a savepoint of its own, which costs SQLite a fifth."""


class Writer:
    """largest: changes of one transaction at most. Works until ``close``."""

    def __init__(self, engine: Engine, largest: int = 64):
        self.engine = engine
        self.largest = largest
        self._apart = 0
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="case writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> "Future[T]":
        """Have it done in a transaction. It may be done again where another's is refused, so it may do nothing else.

        The future ends when the transaction is committed, or with what ``work`` or the database raised; the database's
        own error, such as that another service writes and writes, is that of all who shared the transaction.
        """
        future: Future[T] = Future()
        self._jobs.put((work, future))
        return future

    def do(self, work: Callable[[Connection], T]) -> T:
        """The same, waiting."""
        return self.submit(work).result()

    @property
    def waiting(self) -> int:
        return self._jobs.qsize()

    @property
    def works(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        """Do what was submitted, and end."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch = [job] if job[1].set_running_or_notify_cancel() else []
            while len(batch) < self.largest and not self._jobs.empty():
                more = self._jobs.get()
                if more is None:
                    self._jobs.put(None)  # the end comes after this batch
                    break
                if more[1].set_running_or_notify_cancel():  # else its caller has gone
                    batch.append(more)
            if batch:
                self._commit(batch)

    def _commit(self, batch: list[Job]) -> None:
        """In one transaction all that is not refused; nobody hears of it before its end."""
        ends: list[End]
        try:
            with self.engine.begin() as connection:
                connection.exec_driver_sql(_ALONE[self.engine.dialect.name])
                size = 1 if self._apart else len(batch)
                self._apart = max(0, self._apart - 1)
                ends = [end for n in range(0, len(batch), size) for end in self._ends(connection, batch[n : n + size])]
        except Exception as error:  # the database is away, or another service holds it
            ends = [partial(future.set_exception, error) for _, future in batch]
        for end in ends:
            end()

    def _ends(self, connection: Connection, jobs: list[Job]) -> list[End]:
        """Do them behind a savepoint, and where one is refused all again, each behind its own."""
        ends: list[End]
        connection.exec_driver_sql("SAVEPOINT job")
        try:
            with together(connection):
                ends = [partial(future.set_result, work(connection)) for work, future in jobs]
        except Exception as error:
            if connection.invalidated:  # it was the connection's end, and that of all that came before
                raise
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
            self._apart = APART
            if len(jobs) > 1:
                ends = [end for job in jobs for end in self._ends(connection, [job])]
            else:
                ends = [partial(jobs[0][1].set_exception, error)]
        connection.exec_driver_sql("RELEASE SAVEPOINT job")
        return ends

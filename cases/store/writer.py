"""The one that writes: changes of many callers in one transaction, each acknowledged after its commit.

A commit is what a change costs most; shared, it costs each a part. One thread does the callers' work in the order in
which it came, so that what looks before it writes is right.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

T = TypeVar("T")
Job = tuple[Callable[[Connection], Any], Future[Any]]
ONE_WRITER = 7_042_615
"""Advisory lock of PostgreSQL, where several services write into one database."""


class Writer:
    """largest: changes of one transaction at most. Works until ``close``."""

    def __init__(self, engine: Engine, largest: int = 64):
        self.engine = engine
        self.largest = largest
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="case writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> "Future[T]":
        """Have it done in a transaction. It may be done again where another's failed, so it may do nothing else.

        The future ends when the transaction is committed, or with what ``work`` or the database raised.
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
            if batch and not self._together(batch):
                for one in batch:
                    self._together([one], says_why=True)

    def _together(self, batch: list[Job], says_why: bool = False) -> bool:
        """Whether all were done and committed; else none was."""
        try:
            with self.engine.begin() as connection:
                if self.engine.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_WRITER})")
                results = [work(connection) for work, _ in batch]
        except Exception as error:
            if says_why:
                batch[0][1].set_exception(error)
            return False
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)
        return True

"""The one that writes: what shares a transaction, what becomes of a refusal in it, and of a database that is away."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, select
from sqlalchemy.exc import OperationalError

from cases.store.engine import open_store
from cases.store.sums import add
from cases.store.tables import hours
from cases.store.writer import ONE_WRITER, Writer
from service.api.problems import DATABASE_AWAY
from tests.cases.stores import fresh_store, fresh_url

KINDS = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


class Job:
    """Writes a row, and then is refused or not; counts how often it is done."""

    def __init__(self, number: int, refused: bool = False):
        self.number, self.refused, self.done = number, refused, 0

    def __call__(self, tx: Connection) -> int:
        self.done += 1
        tx.execute(insert(hours), {"month": self.number, "hour": 0, "key": "k", "district": "", "count": 1})
        if self.refused:
            raise ValueError(self.number)
        return self.number


@contextmanager
def busy(writer: Writer) -> Iterator[None]:
    """What is submitted meanwhile waits, and shares a transaction afterwards."""
    begun, go_on = threading.Event(), threading.Event()

    def work(_: Connection) -> None:
        begun.set()
        go_on.wait(10)

    writer.submit(work)
    begun.wait(10)
    yield
    go_on.set()


def ends(writer: Writer, jobs: list[Callable[[Connection], Any]]) -> list[Any]:
    """Of jobs that share a transaction: what each gave or raised."""
    with busy(writer):
        futures = [writer.submit(job) for job in jobs]
    return [future.exception(30) or future.result() for future in futures]


@KINDS
def test_what_is_refused_costs_the_others_neither_their_place_nor_their_transaction(kind: str, tmp_path: Path) -> None:
    with fresh_store(kind, tmp_path) as engine:
        writer, commits = Writer(engine), list[object]()
        event.listen(engine, "commit", commits.append)
        for first in (0, 100):  # the second time it is expected
            jobs = [Job(first + n, refused=n % 5 == 2) for n in range(20)]
            commits.clear()
            said = ends(writer, [*jobs])
            assert [isinstance(one, ValueError) for one in said] == [job.refused for job in jobs]
            assert [one for one in said if isinstance(one, int)] == [job.number for job in jobs if not job.refused]
            assert len(commits) == 2, "that of the one before them, and theirs"
            with engine.connect() as tx:
                kept = set(tx.execute(select(hours.c.month)).scalars())
            assert {job.number for job in jobs} & kept == {job.number for job in jobs if not job.refused}
        assert {job.done for job in jobs} == {1}
        writer.close()


@KINDS
def test_what_many_add_to_a_row_is_written_once_and_nothing_of_what_was_refused(kind: str, tmp_path: Path) -> None:
    key = {"month": 1, "hour": 2, "key": "k", "district": ""}

    def adds(tx: Connection) -> str:
        add(tx, hours, key, {"count": 1})
        return "done"

    def refused(tx: Connection) -> None:
        add(tx, hours, key, {"count": 100})
        raise ValueError

    with fresh_store(kind, tmp_path) as engine:
        writer, written = Writer(engine), list[str]()
        event.listen(engine, "before_cursor_execute", lambda *said: written.append(said[2]))
        assert ends(writer, [adds] * 10) == ["done"] * 10
        assert sum("INTO hours" in statement for statement in written) == 1
        ends(writer, [adds, refused, adds])
        with engine.begin() as tx:
            adds(tx)  # where nobody collects
            assert tx.execute(select(hours)).mappings().all() == [key | {"count": 13}]
        writer.close()


def test_a_connection_that_ends_in_between_ends_all_that_shared_it(tmp_path: Path) -> None:
    with fresh_store("postgresql", tmp_path) as engine:
        writer = Writer(engine)

        def dies(tx: Connection) -> None:
            tx.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

        for first in (0, 100):  # together, and apart after a refusal
            said = ends(writer, [Job(first), Job(first + 1), dies, Job(first + 2)])
            assert {type(one) for one in said} == {OperationalError}
            with pytest.raises(ValueError, match="50"):
                writer.do(Job(50, refused=True))
        with engine.connect() as tx:
            assert tx.execute(select(hours)).all() == []
        assert writer.do(Job(7)) == 7
        writer.close()


def test_a_service_that_is_gone_inside_a_transaction_holds_nobody_up_for_long(tmp_path: Path) -> None:
    with fresh_url("postgresql", tmp_path) as url:
        quick = "-c%20lock_timeout%3D100ms%20-c%20idle_in_transaction_session_timeout%3D800ms"
        engine = open_store(f"{url}&options={quick}")
        writer, gone = Writer(engine), engine.connect()
        gone.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_WRITER})")
        waiting = [writer.submit(Job(n)) for n in range(20)]
        assert all(isinstance(future.exception(30), DATABASE_AWAY) for future in waiting)
        while isinstance(writer.submit(Job(1)).exception(30), DATABASE_AWAY):
            pass  # the database has not missed it yet
        with engine.connect() as tx:
            assert tx.execute(select(hours.c.month)).scalars().all() == [1]
        gone.invalidate()
        gone.close()
        writer.close()
        engine.dispose()


def test_a_caller_that_has_gone_does_not_stop_the_writer(tmp_path: Path) -> None:
    with fresh_url("sqlite", tmp_path) as url:
        engine = open_store(url)
        writer, begun, go_on = Writer(engine), threading.Event(), threading.Event()

        def slow(_: object) -> str:
            begun.set()
            go_on.wait(10)
            return "done"

        running = writer.submit(slow)
        begun.wait(10)
        queued = writer.submit(lambda _: "never")
        assert queued.cancel()
        running.cancel()
        go_on.set()
        assert writer.do(lambda _: "next") == "next"
        assert writer.works
        writer.close()
        assert not writer.works
        engine.dispose()

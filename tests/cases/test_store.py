"""The database is what the tables say, on both kinds, and opening it again changes nothing."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event as event_of_engine
from sqlalchemy import select

from cases.arrivals import arrive
from cases.desk import Desk
from cases.queries import Wanted, page
from cases.store.engine import StoreProblem, migrate, open_store
from cases.store.tables import cases, metadata
from cases.store.writer import Writer
from tests.cases.office import POLICY, WORKER
from tests.cases.stores import Clock, event, fresh_store, fresh_url


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_migrations_make_the_tables(kind: str, tmp_path: Path) -> None:
    with fresh_url(kind, tmp_path) as url:
        for _ in range(2):
            engine = open_store(url)
            with engine.connect() as connection:
                assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_of_an_earlier_version_is_brought_up_to_date_with_all_that_it_holds(
    kind: str, tmp_path: Path
) -> None:
    with fresh_url(kind, tmp_path) as url:
        engine = open_store(url)
        writer = Writer(engine)
        case = writer.do(lambda tx: arrive(tx, Desk(POLICY, Clock()), event(1), WORKER)).case
        writer.close()
        migrate(engine, "0001")
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) != []
        engine.dispose()
        engine = open_store(url)
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            assert connection.execute(select(cases.c.id)).scalars().all() == [case.id]
        engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_nearest_deadlines_are_found_without_looking_at_all_cases(kind: str, tmp_path: Path) -> None:
    with fresh_store(kind, tmp_path) as engine, engine.connect() as connection:
        asked: list[str] = []
        event_of_engine.listen(engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
        page(connection, Wanted(), "due")
        if kind == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
            connection.exec_driver_sql("SET enable_sort = off")
        explain = "EXPLAIN QUERY PLAN" if kind == "sqlite" else "EXPLAIN"
        plan = connection.exec_driver_sql(f"{explain} {asked[0].partition('LIMIT')[0]}").all()
        assert "ix_cases_waiting" in str(plan)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("cases.db", "a URL like sqlite:///cases.db"),
        ("sqlite:////proc/nothing/cases.db", "cases.db"),
        ("postgresql+psycopg://so:hidden@127.0.0.1:9/x", r"so:\*\*\*@127\.0\.0\.1:9/x"),
        ("oracle://x/y", "oracle"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_password(url: str, said: str) -> None:
    with pytest.raises(StoreProblem, match=said) as problem:
        open_store(url)
    assert "hidden" not in str(problem.value)


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

"""The database is what the tables say, on both kinds, and opening it again changes nothing."""

import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, QueuePool, String, select, update
from sqlalchemy import event as event_of_engine
from sqlalchemy.exc import IntegrityError

from cases.arrivals import arrive
from cases.desk import Desk
from cases.life import Action
from cases.queries import Wanted, page
from cases.store import engine as engine_module
from cases.store.copying import copy_store
from cases.store.engine import StoreProblem, changing, migrate, open_store
from cases.store.tables import cases, changes, metadata
from cases.store.writer import Writer
from tests.cases.office import LI, POLICY, WORKER, Office
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
        ("oracle://x/y", r"sqlite:///cases\.db or postgresql\+psycopg://host/name is needed, not oracle"),
        ("postgresql+psycopg2://so:hidden@h/x", r"is needed, not postgresql\+psycopg2"),
        ("postgresql://so:hidden@127.0.0.1:9/x", "psycopg.OperationalError"),
        ("postgresql+psycopg://so:hidden@h:port/x", "a URL like sqlite:///cases.db"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_password(url: str, said: str) -> None:
    with pytest.raises(StoreProblem, match=said) as problem:
        open_store(url)
    assert "hidden" not in str(problem.value)


def test_what_says_nothing_of_itself_and_a_driver_that_is_missing_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Engine) -> None:
        raise TimeoutError

    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreProblem, match=r"pip install 'streetorder\[postgres\]'"):
        open_store("postgresql+psycopg://h/x")
    monkeypatch.setattr(engine_module, "migrate", fails)
    with pytest.raises(StoreProblem, match="TimeoutError"):
        open_store(f"sqlite:///{tmp_path}/x.db")


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with fresh_url("sqlite", tmp_path) as url:
        engine = open_store(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        engine.dispose()
        with pytest.raises(StoreProblem, match=r"newer streetorder made it \(revision 9999\); this one knows up to"):
            open_store(url)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_column_of_a_table_that_others_refer_to_can_be_changed(kind: str, tmp_path: Path) -> None:
    with fresh_store(kind, tmp_path) as engine:
        writer = Writer(engine)
        case = writer.do(lambda tx: arrive(tx, Desk(POLICY, Clock()), event(1), WORKER)).case
        with changing(engine) as connection:
            operations = Operations(MigrationContext.configure(connection, opts={"render_as_batch": True}))
            with operations.batch_alter_table("cases") as table:
                table.alter_column("key", type_=String(200), existing_type=String(64))
        with engine.connect() as connection:
            assert connection.execute(select(cases.c.id)).scalars().all() == [case.id]
            assert len(connection.execute(select(changes)).all()) == 1
        with pytest.raises(IntegrityError):  # what refers to nothing is refused as before
            writer.do(lambda tx: tx.execute(update(changes).values(case_id="nobody's")).rowcount)
        writer.close()


def test_a_change_that_would_leave_rows_without_theirs_is_none(tmp_path: Path) -> None:
    with fresh_store("sqlite", tmp_path) as engine:
        writer = Writer(engine)
        writer.do(lambda tx: arrive(tx, Desk(POLICY, Clock()), event(1), WORKER))
        writer.close()
        with pytest.raises(StoreProblem, match="without theirs of cases"), changing(engine) as connection:
            connection.exec_driver_sql("DELETE FROM cases")
        with engine.connect() as connection:
            assert len(connection.execute(select(cases)).all()) == 1


def test_a_service_leaves_room_for_others_and_is_missed_when_its_machine_is_gone(tmp_path: Path) -> None:
    with fresh_url("postgresql", tmp_path) as url:
        engine = open_store(f"{url}&connect_timeout=9&options=-c%20lock_timeout%3D3s")
        with engine.connect() as tx:
            said = {row.name: row.setting for row in tx.exec_driver_sql("SELECT name, setting FROM pg_settings")}
            ours = tx.connection.dbapi_connection.info.get_parameters()
        assert said["idle_in_transaction_session_timeout"] == "30000"
        assert ours["tcp_user_timeout"] == "30000"
        assert (said["lock_timeout"], ours["connect_timeout"]) == ("3000", "9")  # what the URL says itself
        assert isinstance(engine.pool, QueuePool)
        most = engine.pool.size() + engine.pool._max_overflow + 1
        assert 3 * most <= int(said["max_connections"]) - int(said["superuser_reserved_connections"])
        engine.dispose()


@pytest.mark.parametrize(("kind", "other"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_a_city_takes_its_cases_along_into_another_database(kind: str, other: str, tmp_path: Path) -> None:
    with fresh_store(kind, tmp_path / "a") as source, fresh_store(other, tmp_path / "b") as target:
        writer = Writer(source)
        before = Office(source, writer, Desk(POLICY, Clock()), Clock())
        case = before.act(before.arrive(1), Action.ACCEPT, LI)
        for n in range(2, 30):
            before.arrive(n, place=(24.0 + n, 118.0, 5.0))
        writer.close()
        told: list[str] = []
        assert copy_store(source, target, told.append) > 90
        assert "cases: 29" in told
        with source.connect() as one, target.connect() as two:
            for table in metadata.sorted_tables:
                rows = [sorted(map(repr, tx.execute(select(table)).all())) for tx in (one, two)]
                assert rows[0] == rows[1]
        writer = Writer(target)
        after = Office(target, writer, Desk(POLICY, Clock()), Clock())
        assert after.case(case) == case
        assert after.arrive(100, place=(70.0, 118.0, 5.0)).number == 30  # it goes on counting
        writer.close()
        with pytest.raises(StoreProblem, match="must be empty; its table"):
            copy_store(source, target)

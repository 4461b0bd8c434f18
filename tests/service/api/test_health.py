"""A database that is away is no reason to start the service again, and one not to send it anything."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from service.api import health
from service.api.health import Probe
from tests.cases.stores import fresh_url
from tests.service.api.served import Served, serving


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was answered a moment ago is not known any more."""
    monkeypatch.setattr(health, "KNOWN_S", -1.0)


def said(served: Served, path: str) -> tuple[int, str]:
    answer = served.ask(None, "GET", path)
    return answer.status_code, answer.json()["status"]


@pytest.mark.usefixtures("impatient")
def test_a_database_that_does_not_answer_makes_it_unready_and_no_more(tmp_path: Path) -> None:
    with fresh_url("postgresql", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as served:
        assert (said(served, "/healthz"), said(served, "/livez")) == ((200, "ok"), (200, "ok"))
        other = create_engine(url)
        with other.begin() as tx:
            tx.exec_driver_sql("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE")
            for _ in range(3):  # one question waits, however many ask
                assert said(served, "/healthz") == (503, "the database does not answer")
            asking = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            assert tx.exec_driver_sql(asking).scalar() == 1
            assert said(served, "/livez") == (200, "ok")
        other.dispose()
        assert any(said(served, "/healthz") == (200, "ok") for _ in range(100))


@pytest.mark.usefixtures("impatient")
def test_a_database_that_is_gone_makes_it_unready_and_no_more(tmp_path: Path) -> None:
    with fresh_url("postgresql", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as served:
        name = url.rpartition("/")[2].partition("?")[0]
        elsewhere = create_engine(served.office.engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with elsewhere.connect() as tx:
            tx.exec_driver_sql(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
            tx.exec_driver_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            assert said(served, "/healthz") == (503, "the database is away")
            assert said(served, "/livez") == (200, "ok")
            tx.exec_driver_sql(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
            assert said(served, "/healthz") == (200, "ok")
        elsewhere.dispose()


def test_a_service_that_does_not_write_is_to_be_started_again(served: Served) -> None:
    served.office.writer.close()
    assert said(served, "/livez") == said(served, "/healthz") == (503, "nothing is written")


def test_what_the_database_said_is_known_for_a_moment() -> None:
    now, asked = [0.0], []
    probe = Probe(lambda: asked.append(now[0]), lambda: now[0])

    async def often() -> None:
        for at in (0.0, 1.0, 2.9, 3.1, 3.2):
            now[0] = at
            assert await probe.wrong() == ""

    asyncio.run(often())
    assert asked == [0.0, 3.1]

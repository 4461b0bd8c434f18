"""The database: SQLite in a file unless a URL says otherwise, brought to the newest schema when it is opened."""

from importlib import resources
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

BUSY_S = 10.0
POOL = 48
"""Connections: as many as the web framework has threads, and some for what runs beside it."""
_POSTGRES = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""A database whose machine is gone is noticed within half a minute."""
ONE_AT_A_TIME = 7_042_614
"""Advisory lock of PostgreSQL: several services that start together migrate one after the other."""
_SQLITE = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-64000", "mmap_size=268435456")


class StoreProblem(Exception):
    """The database cannot be used; the message says which and why, without its password."""


def open_store(url: str) -> Engine:
    """url: ``sqlite:///file.db`` or ``postgresql+psycopg://user:password@host/name``. Raises ``StoreProblem``."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        wanted = "a URL like sqlite:///cases.db or postgresql+psycopg://host/name is needed"
        raise StoreProblem(f"the database: {wanted}") from None
    try:
        engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _other(parsed)
        migrate(engine)
    except Exception as error:  # of drivers, of SQLAlchemy, of Alembic and of the system
        raise StoreProblem(f"{parsed.render_as_string()}: {str(error).splitlines()[0]}") from error
    return engine


def _sqlite(url: URL) -> Engine:
    """Durable before it is acknowledged, readers beside one writer."""
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    in_memory = not url.database or url.database == ":memory:"
    engine = create_engine(url, connect_args={"timeout": BUSY_S}, **({} if in_memory else {"pool_size": POOL}))

    def set_up(connection: Any, _: Any) -> None:
        for setting in _SQLITE:
            connection.execute(f"PRAGMA {setting}")

    event.listen(engine, "connect", set_up)
    return engine


def _other(url: URL) -> Engine:
    args: dict[str, Any] = dict(_POSTGRES) if url.get_backend_name() == "postgresql" else {}
    return create_engine(url, pool_pre_ping=True, pool_size=POOL, connect_args=args)


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the schema to a revision, up or down; all of it or nothing."""
    with resources.as_file(resources.files("cases.store") / "migrations") as folder, engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        if engine.dialect.name == "sqlite":  # whose driver would commit each table by itself
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
        (command.downgrade if to != "head" else command.upgrade)(config, to)

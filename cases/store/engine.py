"""The database: SQLite in a file unless a URL says otherwise, brought to the newest schema when it is opened."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

WANTED = "a URL like sqlite:///cases.db or postgresql+psycopg://host/name is needed"
BUSY_S = 10
"""So long one waits for another that writes; then the database counts as away, and the caller tries again."""
POOL = 48
"""Connections: as many as the web framework has threads, and some for what runs beside it."""
POSTGRES_POOL = 30
"""With the one of its copies: three services fit into the hundred that PostgreSQL has unless it is told otherwise."""
_POSTGRES = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""A database whose machine is gone is noticed within half a minute, also while it owes us an answer."""
_SESSION = {
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "lock_timeout": f"{BUSY_S}s",
}
"""And the database notices a service whose machine is gone: it lets go what that one held, and others write on."""
ONE_AT_A_TIME = 7_042_614
"""Advisory lock of PostgreSQL: several services that start together migrate one after the other."""
_SQLITE = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-64000", "mmap_size=268435456")


class StoreProblem(Exception):
    """The database cannot be used; the message says which and why, without its password."""


def open_store(url: str) -> Engine:
    """url: ``sqlite:///file.db`` or ``postgresql+psycopg://user:password@host/name``. Raises ``StoreProblem``."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise StoreProblem(f"the database: {WANTED}") from None
    try:
        engine = _KINDS.get(parsed.drivername, _unknown)(parsed)
        migrate(engine)
    except Exception as error:  # of drivers, of SQLAlchemy, of Alembic and of the system
        why = str(error).strip().splitlines() or [type(error).__name__]
        raise StoreProblem(f"{parsed.render_as_string()}: {why[0]}") from error
    return engine


def _sqlite(url: URL) -> Engine:
    """Durable before it is acknowledged, readers beside one writer."""
    if not url.database or ":memory:" in url.database or url.query.get("mode") == "memory":
        raise StoreProblem("a database in memory is another one for each connection; name a file, sqlite:///cases.db")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_S}, pool_size=POOL, hide_parameters=True)

    def set_up(connection: Any, _: Any) -> None:
        for setting in _SQLITE:
            connection.execute(f"PRAGMA {setting}")

    event.listen(engine, "connect", set_up)
    return engine


def _postgres(url: URL) -> Engine:
    """What the URL sets itself comes before what is set here."""
    session = [f"-c {name}={value}" for name, value in _SESSION.items()]
    said: dict[str, Any] = {name: value for name, value in _POSTGRES.items() if name not in url.query}
    said["options"] = " ".join([*session, *url.normalized_query.get("options", ())])
    try:
        ours = url.set(drivername="postgresql+psycopg")
        pool: dict[str, Any] = {"pool_pre_ping": True, "pool_size": POSTGRES_POOL, "max_overflow": 0}
        return create_engine(ours, connect_args=said, hide_parameters=True, **pool)
    except ImportError:
        raise StoreProblem("cases in PostgreSQL need: pip install 'streetorder[postgres]'") from None


def _unknown(url: URL) -> Engine:
    raise StoreProblem(f"{WANTED}, not {url.drivername}")


_KINDS: dict[str, Callable[[URL], Engine]] = {
    "sqlite": _sqlite,
    "sqlite+pysqlite": _sqlite,
    "postgresql": _postgres,
    "postgresql+psycopg": _postgres,
}


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the schema to a revision, up or down; all of it or nothing. Raises ``StoreProblem`` for a newer one."""
    with resources.as_file(resources.files("cases.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
        with engine.connect() as connection:
            at = MigrationContext.configure(connection).get_current_revision()
        if at is not None and at not in known:
            raise StoreProblem(f"a newer streetorder made it (revision {at}); this one knows up to {known[0]}")
        if (to, at) == ("head", known[0]):
            return
        with changing(engine) as connection:
            config.attributes["connection"] = connection
            (command.downgrade if to != "head" else command.upgrade)(config, to)


@contextmanager
def changing(engine: Engine) -> Iterator[Connection]:
    """A transaction for changes of the schema, one service after the other."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")  # another's migration takes as long as it takes
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
            yield connection
            return
        connection.detach()  # closed afterwards, and with it what is set here
        # Where Alembic changes a column it makes the table anew, and drops the one that others refer to.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # else the driver commits each table by itself
        yield connection
        if (lost := connection.exec_driver_sql("PRAGMA foreign_key_check").first()) is not None:
            raise StoreProblem(f"the change would leave rows of {lost[0]} without theirs of {lost[2]}")

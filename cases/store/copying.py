"""From one database into another, empty one: a city that began with SQLite goes on with PostgreSQL."""

from collections.abc import Callable

from sqlalchemy import Connection, Engine, Integer, Table, func, insert, select, text

from cases.store.engine import StoreProblem
from cases.store.tables import metadata

AT_ONCE = 1000


def copy_store(source: Engine, target: Engine, tell: Callable[[str], object] = lambda _: None) -> int:
    """Copy every row, as it is at one moment; how many. All of it or nothing. tell: is told of each table.

    What is written to ``source`` meanwhile is not in ``target``, so its service is stopped. Raises ``StoreProblem`` for
    a target that holds something.
    """
    count = 0
    with source.connect() as read, target.begin() as write:
        postgres = source.dialect.name == "postgresql"
        read.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY" if postgres else "BEGIN")
        for table in metadata.sorted_tables:
            if write.execute(select(func.count()).select_from(table)).scalar():
                raise StoreProblem(f"the database to copy into must be empty; its table {table.name} is not")
        for table in metadata.sorted_tables:
            copied = _copy(read, write, table)
            tell(f"{table.name}: {copied}")
            count += copied
    return count


def _copy(read: Connection, write: Connection, table: Table) -> int:
    count = 0
    rows = read.execution_options(yield_per=AT_ONCE).execute(select(table))
    for some in rows.mappings().partitions():
        write.execute(insert(table), [dict(row) for row in some])
        count += len(some)
    (key, *others) = table.primary_key
    if write.dialect.name == "postgresql" and not others and isinstance(key.type, Integer) and count:
        # It goes on counting where the other one was.
        last = f"(SELECT max({key.name}) FROM {table.name})"
        write.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', '{key.name}'), {last})"))
    return count

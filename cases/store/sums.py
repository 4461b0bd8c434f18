"""Rows that numbers are added to. Of many changes in one transaction each row is written once: every arrival counts
into the same few, and PostgreSQL keeps each version of a row until it is vacuumed.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = tuple[Table, tuple[Any, ...]]
"""A table and the primary key in it."""
_COLLECTED = "sums"


@contextmanager
def together(tx: Connection) -> Iterator[None]:
    """What is added inside is written at the end; nothing of it where the inside raises."""
    sums: dict[Row, dict[str, float]] = {}
    info = tx.info  # asked once: a connection that broke inside has none
    info[_COLLECTED] = sums
    try:
        yield
        for (table, key), numbers in sums.items():
            _write(tx, table, dict(zip(_names(table), key, strict=True)) | numbers)
    finally:
        info.pop(_COLLECTED, None)


def add(tx: Connection, table: Table, key: Mapping[str, Any], numbers: Mapping[str, float]) -> None:
    """To the row of that primary key, or begin it with them: at once, or ``together`` with others."""
    if (sums := tx.info.get(_COLLECTED)) is None:
        _write(tx, table, {**key, **numbers})
        return
    there = sums.setdefault((table, tuple(key[name] for name in _names(table))), {})
    for name, number in numbers.items():
        there[name] = there.get(name, 0) + number


def _names(table: Table) -> list[str]:
    return [column.name for column in table.primary_key]


def _write(tx: Connection, table: Table, row: Mapping[str, Any]) -> None:
    tx.execute(_statement(table, tx.dialect.name), row)


@cache
def _statement(table: Table, dialect: str) -> Executable:
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    sums = {c.name: c + new.excluded[c.name] for c in table.c if not c.primary_key}
    return new.on_conflict_do_update(index_elements=list(table.primary_key), set_=sums)

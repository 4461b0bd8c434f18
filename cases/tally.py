"""Counts that are kept while cases change, so that statistics of a million cases are read, not counted."""

from datetime import date, datetime
from functools import cache

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from cases.case import Case
from cases.policy import EPOCH, Policy
from cases.store.tables import hours, month_tallies, tallies


def month_of(day: date) -> int:
    """As the tables count months."""
    return day.year * 12 + day.month - 1


def count(
    tx: Connection, policy: Policy, case: Case, what: str, now: datetime, seconds: float, number: int = 1
) -> None:
    """One more of ``what`` today and this month, which took so long since the case came; or one less."""
    there = now.astimezone(policy.zone).date()
    row = {"key": case.key, "district": case.district or "", "what": what, "count": number, "seconds": seconds}
    _add(tx, tallies, row | {"day": (there - EPOCH).days})
    _add(tx, month_tallies, row | {"month": month_of(there)})


def opened(tx: Connection, policy: Policy, case: Case, now: datetime) -> None:
    """A case came."""
    count(tx, policy, case, "opened", now, 0.0)
    there = now.astimezone(policy.zone)
    row = {"month": month_of(there), "hour": there.hour, "key": case.key}
    _add(tx, hours, row | {"district": case.district or "", "count": 1})


def _add(tx: Connection, table: Table, row: dict[str, object]) -> None:
    tx.execute(_statement(table, tx.dialect.name), row)


@cache
def _statement(table: Table, dialect: str) -> Executable:
    """Add to the row of the same key, or begin it."""
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    sums = {c.name: c + new.excluded[c.name] for c in table.c if not c.primary_key}
    return new.on_conflict_do_update(index_elements=list(table.primary_key), set_=sums)

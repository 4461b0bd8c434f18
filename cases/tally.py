"""Counts that are kept while cases change, so that statistics of a million cases are read, not counted."""

from datetime import date, datetime

from sqlalchemy import Connection

from cases.case import Case
from cases.policy import EPOCH, Policy
from cases.store.sums import add
from cases.store.tables import hours, month_tallies, tallies


def month_of(day: date) -> int:
    """As the tables count months."""
    return day.year * 12 + day.month - 1


def count(
    tx: Connection, policy: Policy, case: Case, what: str, now: datetime, seconds: float, number: int = 1
) -> None:
    """One more of ``what`` today and this month, which took so long since the case came; or one less."""
    there = now.astimezone(policy.zone).date()
    key, numbers = _key(case) | {"what": what}, {"count": number, "seconds": seconds}
    add(tx, tallies, key | {"day": (there - EPOCH).days}, numbers)
    add(tx, month_tallies, key | {"month": month_of(there)}, numbers)


def opened(tx: Connection, policy: Policy, case: Case, now: datetime) -> None:
    """A case came."""
    count(tx, policy, case, "opened", now, 0.0)
    there = now.astimezone(policy.zone)
    add(tx, hours, _key(case) | {"month": month_of(there), "hour": there.hour}, {"count": 1})


def _key(case: Case) -> dict[str, str | int]:
    return {"key": case.key, "district": case.district or ""}

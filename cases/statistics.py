"""What happened, from the counts that are kept with each change (``cases.tally``)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Subquery, func, or_, select, union_all

from cases.counted import UNSEEN
from cases.policy import EPOCH
from cases.store.tables import hours, month_tallies, tallies
from cases.tally import month_of

STEPS = ("accept", "file", "dispatch", "take", "feed_back", "verify", "close")


def counts(tx: Connection, first: date, last: date, by: Sequence[str] = ("key",)) -> list[dict[str, Any]]:
    """What happened from one local day to another, both included: a row for each ``what`` and value of ``by``.

    by: of ``day``, ``key``, ``district``. seconds: the mean time since the case came, at which it happened.
    """
    rows = _days(first, last) if "day" in by else _months_and_days(first, last)
    columns = [rows.c[name] for name in by]
    query = (
        select(*columns, rows.c.what, func.sum(rows.c.count).label("count"), func.sum(rows.c.seconds).label("seconds"))
        .group_by(*columns, rows.c.what)
        .order_by(*columns, rows.c.what)
    )
    found = []
    for row in tx.execute(query):
        said = dict(row._mapping)
        said["seconds"] = said["seconds"] / said["count"] if said["count"] else 0.0
        if "day" in said:
            said["day"] = date.fromordinal(EPOCH.toordinal() + said["day"]).isoformat()
        found.append(said)
    return found


def _days(first: date, last: date) -> Subquery:
    t = tallies.c
    days = t.day.between(_day(first), _day(last))
    return select(t.day, t.key, t.district, t.what, t.count, t.seconds).where(days).subquery()


def _months_and_days(first: date, last: date) -> Subquery:
    """Whole months as such, and the days before and after them: a year is twelve rows of a kind and not 365."""
    begin = first if first.day == 1 else _next_month(first)
    end = last if _next_month(last) == last + timedelta(days=1) else last.replace(day=1) - timedelta(days=1)
    if begin > end:
        return _days(first, last)
    m = month_tallies.c
    months = select(m.key, m.district, m.what, m.count, m.seconds).where(
        m.month.between(month_of(begin), month_of(end))
    )
    d = tallies.c
    before, after = d.day.between(_day(first), _day(begin) - 1), d.day.between(_day(end) + 1, _day(last))
    days = select(d.key, d.district, d.what, d.count, d.seconds).where(or_(before, after))
    return union_all(months, days).subquery()


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _day(day: date) -> int:
    return (day - EPOCH).days


def by_hour(tx: Connection, first: date, last: date) -> list[dict[str, Any]]:
    """At which local hours of the day cases came, by type, in the months from one day to another."""
    h = hours.c
    months = h.month.between(month_of(first), month_of(last))
    query = select(h.hour, h.key, func.sum(h.count).label("count")).where(months).group_by(h.hour, h.key)
    return [dict(row._mapping) for row in tx.execute(query.order_by(h.hour, h.key))]


def summed_up(tx: Connection, first: date, last: date, by: Sequence[str] = ()) -> list[dict[str, Any]]:
    """A row for each value of ``by`` (of ``key``, ``district``): how many, what rates, and mean seconds to each step.

    precision: of what people looked at, the part that they accepted; what a policy accepted counts once a person has
    confirmed or rejected it. What was taken back counts no more (``cases.counted``).
    """
    groups: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
    for row in counts(tx, first, last, by):
        groups.setdefault(tuple(row[name] for name in by), {})[row["what"]] = row
    return [dict(zip(by, values, strict=True)) | _sum(whats) for values, whats in groups.items()]


def _sum(whats: dict[str, dict[str, Any]]) -> dict[str, Any]:
    def n(*names: str) -> int:
        return sum(whats[name]["count"] for name in names if name in whats)

    right, wrong = n("accept", "confirm"), n("reject")
    accepted = n("accept", f"accept{UNSEEN}")
    return {
        "opened": n("opened"),
        "accepted": accepted,
        "rejected": n("reject", f"reject{UNSEEN}"),
        "dispatched": n("dispatch"),
        "handled": n("feed_back"),
        "closed": n("close"),
        "overdue": n("escalate"),
        "precision": _part(right, right + wrong),
        "handling_rate": _part(n("feed_back"), n("dispatch")),
        "closing_rate": _part(n("close"), accepted),
        "seconds_to": {step: round(whats[step]["seconds"], 1) for step in STEPS if step in whats},
    }


def _part(some: int, whole: int) -> float | None:
    return round(some / whole, 4) if whole else None

"""What people and programs ask of the cases: pages, and one case with all that belongs to it."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, or_, select, union

from cases.case import Case
from cases.life import DUE, State
from cases.store.tables import IS_OPEN, cases, changes, evidence, proposals, violations

LARGEST_PAGE = 200
LARGEST_NUMBER = 2**53
CLOCK_SET = timedelta(days=1)
_DUE = sorted(state.value for state in DUE)
ORDERS: Mapping[str, tuple[Column[Any], bool]] = {
    "newest": (cases.c.number, True),
    "oldest": (cases.c.number, False),
    "due": (cases.c.due_at, False),
    "changed": (cases.c.updated_at, True),
}
"""By what pages are ordered, and whether downwards; ``due`` has open cases only. Cases of one time are in the order of
their numbers."""


class BadCursor(ValueError):
    """A cursor that is none of ours, or of another order."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases: each that is said must hold. text: a case's number, or an id of a case, a violation, a camera."""

    states: frozenset[State] = frozenset()
    keys: frozenset[str] = frozenset()
    districts: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    camera: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    overdue_at: datetime | None = None
    confirmed: bool | None = None
    box: tuple[float, float, float, float] | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """cursor: where the next page begins, None at the end."""

    cases: tuple[Case, ...]
    cursor: str | None


def page(tx: Connection, wanted: Wanted, order: str = "newest", cursor: str | None = None, limit: int = 50) -> Page:
    """Raises ``BadCursor``, ``KeyError`` for an order there is not. A page costs the same however far in it is."""
    column, down = ORDERS[order]
    by_deadline = order == "due" or wanted.overdue_at is not None
    query = select(cases).where(*_conditions(wanted, by_deadline), *_numbers(tx, wanted))
    if order == "due":
        query = query.where(cases.c.due_at.is_not(None), IS_OPEN)
    if cursor is not None:
        query = query.where(_after(order, column, down, cursor))
    number = cases.c.number + 0 if by_deadline and column is cases.c.number else cases.c.number
    by = [number] if column is cases.c.number else [column, number]
    query = query.order_by(*(c.desc() if down else c for c in by)).limit(min(limit, LARGEST_PAGE) + 1)
    rows = [Case.of(row) for row in tx.execute(query)]
    more = len(rows) > min(limit, LARGEST_PAGE)
    rows = rows[: min(limit, LARGEST_PAGE)]
    return Page(tuple(rows), _cursor(order, column, rows[-1]) if more else None)


def _conditions(wanted: Wanted, by_deadline: bool) -> list[ColumnElement[bool]]:
    """by_deadline: the index of open cases by their deadlines is to be used. Databases guess that the one of states, or
    of numbers, is better, so those columns are hidden from them.
    """
    c, found = cases.c, []
    state = c.state.concat("") if by_deadline else c.state
    for column, values in (
        (state, sorted(state.value for state in wanted.states)),
        (c.key, sorted(wanted.keys)),
        (c.district, sorted(wanted.districts)),
        (c.department, sorted(wanted.departments)),
    ):
        if values:
            found.append(column == values[0] if len(values) == 1 else column.in_(values))
    if wanted.camera is not None:
        found.append(c.id.in_(select(violations.c.case_id).where(violations.c.camera_id == wanted.camera)))
    if wanted.since is not None:
        found.append(c.opened_at >= wanted.since)
    if wanted.until is not None:
        found.append(c.opened_at < wanted.until)
    if wanted.overdue_at is not None:
        found += [c.due_at < wanted.overdue_at, c.due_at.is_not(None), IS_OPEN, state.in_(_DUE)]
    if wanted.confirmed is not None:
        found.append(c.confirmed_by.is_not(None) if wanted.confirmed else c.confirmed_by.is_(None))
    if wanted.box is not None:
        west, south, east, north = wanted.box
        found += [c.lat.between(south, north), c.lon.between(west, east)]
    if wanted.text is not None:
        found.append(_named(wanted.text.strip()))
    return found


def _numbers(tx: Connection, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Numbers follow the time, but for a clock that was set back: between which of them to look."""
    n, at, found = cases.c.number, cases.c.opened_at, []
    if wanted.since is not None:
        found.append(n >= (_first(tx, at >= wanted.since - CLOCK_SET, at.asc()) or 0))
    if wanted.until is not None and (last := _first(tx, at < wanted.until + CLOCK_SET, at.desc())) is not None:
        found.append(n <= last)
    return found


def _first(tx: Connection, where: ColumnElement[bool], by: Any) -> int | None:
    found: int | None = tx.execute(select(cases.c.number).where(where).order_by(by).limit(1)).scalar()
    return found


def _named(text: str) -> ColumnElement[bool]:
    """Each by its own index: of conditions with ``or`` between, PostgreSQL would look at every case."""
    c, v = cases.c, violations.c
    by = [
        select(c.id).where(c.id == text),
        select(v.case_id).where(v.id == text),
        select(v.case_id).where(v.camera_id == text),
    ]
    if text.isdecimal() and len(text) < 18:
        by.append(select(c.id).where(c.number == int(text)))
    return c.id.in_(union(*by))


def _after(order: str, column: Column[Any], down: bool, cursor: str) -> ColumnElement[bool]:
    try:
        said, value, number = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        moment = None if column is cases.c.number else datetime.fromisoformat(value)
        if said != order or not isinstance(number, int) or abs(number) > LARGEST_NUMBER:
            raise ValueError(said)
        if moment is not None and moment.tzinfo is None:
            raise ValueError(value)
    except (ValueError, TypeError):
        raise BadCursor(f"the cursor is not one of the order {order!r}") from None
    n = cases.c.number
    if column is n:
        return n < number if down else n > number
    further = column < moment if down else column > moment
    return or_(further, (column == moment) & (n < number if down else n > number))


def _cursor(order: str, column: Column[Any], last: Case) -> str:
    value = None if column is cases.c.number else getattr(last, column.name).isoformat()
    return base64.urlsafe_b64encode(json.dumps([order, value, last.number]).encode()).decode()


def cameras(tx: Connection, found: Sequence[Case]) -> dict[str, list[str]]:
    """Which cameras see each of these cases, or saw it, by the case's id."""
    v = violations.c
    seen = select(v.case_id, v.camera_id).where(v.case_id.in_([case.id for case in found])).distinct()
    by: dict[str, list[str]] = {case.id: [] for case in found}
    for row in tx.execute(seen.order_by(v.camera_id)):
        by[row.case_id].append(row.camera_id)
    return by


@dataclass(frozen=True, slots=True)
class Whole:
    """A case and all that belongs to it, as plain rows."""

    case: Case
    violations: tuple[dict[str, Any], ...]
    changes: tuple[dict[str, Any], ...]
    evidence: tuple[dict[str, Any], ...]
    may_be: tuple[dict[str, Any], ...]


def whole(tx: Connection, case: Case, department: str | None = None) -> Whole:
    """department: whose cases are named as what it may be the same as; None for everybody's."""

    def rows(query: Select[Any]) -> tuple[dict[str, Any], ...]:
        return tuple(dict(row._mapping) for row in tx.execute(query))

    p = proposals.c
    unnamed = ~IS_OPEN if department is None else or_(~IS_OPEN, cases.c.department.is_distinct_from(department))
    either = select(cases.c.id).where(or_(cases.c.id == p.first, cases.c.id == p.second), unnamed)
    over = either.correlate(proposals).exists()
    return Whole(
        case,
        rows(select(violations).where(violations.c.case_id == case.id).order_by(violations.c.onset)),
        rows(select(changes).where(changes.c.case_id == case.id).order_by(changes.c.id)),
        rows(select(evidence).where(evidence.c.case_id == case.id).order_by(evidence.c.added_at)),
        rows(select(proposals).where(or_(p.first == case.id, p.second == case.id), p.settled.is_(False), ~over)),
    )

"""Two cases that are one thing, or may be: what lies with one goes on with the other, doubts and holds included."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from cases.case import Case
from cases.life import OPEN, NotAllowed
from cases.store.tables import cases, evidence, proposals, violations


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why another case may be the same thing; metres between them."""

    metres: float
    why: str


def doubt(tx: Connection, case: Case, others: Mapping[str, Doubt]) -> None:
    """A case may be the same as these, by id, and a person says; where one has said before, it stays so."""
    if not others:
        return
    p = proposals.c
    pairs = tx.execute(select(p.first, p.second).where(or_(p.first == case.id, p.second == case.id)))
    known = {case.id, *(id for pair in pairs for id in pair)}
    rows = [{"second": id, "metres": d.metres, "why": d.why} for id, d in others.items() if id not in known]
    if rows:
        tx.execute(insert(proposals), [row | {"first": case.id, "settled": False} for row in rows])


def merge(tx: Connection, case: Case, into: Case | None) -> str:
    """Move all that lies with a case; the id of the case that goes on. Raises ``NotAllowed``."""
    if into is None or into.id == case.id or into.state not in OPEN:
        raise NotAllowed("merge: into: another case that is open is needed; one that is over can be reopened")
    if case.hold and not into.hold:
        raise NotAllowed(f"merge: case {case.number} is held: hold case {into.number}, or merge that one into it")
    for table in (violations, evidence):
        tx.execute(update(table).where(table.c.case_id == case.id).values(case_id=into.id))
    _pass_on(tx, case.id, into.id)
    return into.id


def check_release(tx: Connection, case: Case) -> None:
    """What was merged into a case lies there, and its own hold counts. Raises ``NotAllowed``."""
    through = select(cases.c.number).where(cases.c.merged_into == case.id, cases.c.hold.is_(True)).limit(1)
    if (number := tx.execute(through).scalar()) is not None:
        raise NotAllowed(f"release: case {number} was merged into this one, and is held: release it first")


def settle_apart(tx: Connection, case: Case, other: Case) -> None:
    """They are two. Raises ``NotAllowed`` where nothing says that they may be one."""
    these = update(proposals).where(_pair(case.id, other.id), proposals.c.settled.is_(False))
    if tx.execute(these.values(settled=True)).rowcount == 0:
        raise NotAllowed(f"cases {case.number} and {other.number}: nothing says that they may be one")


def _pass_on(tx: Connection, case: str, into: str) -> None:
    """What may be the same as one case may be the same as the case that goes on in its stead."""
    p = proposals.c
    of_it = (or_(p.first == case, p.second == case), p.settled.is_(False))
    for row in tx.execute(select(proposals).where(*of_it)).all():
        other = row.second if row.first == case else row.first
        known = tx.execute(select(p.first).where(_pair(into, other))).first()
        if other != into and known is None:
            said = {"first": into, "second": other, "metres": row.metres, "why": row.why, "settled": False}
            tx.execute(insert(proposals), said)
    tx.execute(update(proposals).where(*of_it).values(settled=True))


def _pair(one: str, other: str) -> ColumnElement[bool]:
    p = proposals.c
    return or_((p.first == one) & (p.second == other), (p.first == other) & (p.second == one))

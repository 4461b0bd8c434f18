"""A handler says that it is done: the cameras that saw it are asked, and the case goes back where one still sees it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from cases.case import Case
from cases.desk import SIGHT, Desk
from cases.home import home_of
from cases.life import Action, State
from cases.store.tables import cases, violations

AT_ONCE = 1000
ASKED_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Question:
    """Is it still there? since: when the handler said that it is done."""

    violation_id: str
    camera_id: str
    since: datetime


def questions(tx: Connection, desk: Desk, producer: str) -> list[Question]:
    """Of what handlers have done and no camera saw gone, newest first; a moment later, for people step aside, and not
    for ever, for cameras go away. producer: who is asked, about what it pushed.
    """
    v, c, now = violations.c, cases.c, desk.clock()
    before = now - desk.policy.asked_after
    asked = (v.producer == producer, c.entered_at <= before, c.entered_at > now - ASKED_FOR, v.gone.is_(False))
    query = (
        select(v.id, v.camera_id, c.entered_at)
        .join(cases, c.id == v.case_id)
        .where(c.state == State.FED_BACK.value, *asked)
        .order_by(c.entered_at.desc())
        .limit(AT_ONCE)
    )
    return [Question(row.id, row.camera_id, row.entered_at) for row in tx.execute(query)]


def is_seen(tx: Connection, desk: Desk, violation_id: str, seen_at: datetime, picture: str | None) -> Case:
    """A camera saw it at ``seen_at``; picture: id of the evidence. What it saw before the handler was done, and what
    nobody says is done, changes nothing. Raises ``NoCase``.
    """
    case = desk.case(tx, home_of(tx, violation_id))
    if case.state is not State.FED_BACK or seen_at <= case.entered_at:
        return case
    camera = tx.execute(select(violations.c.camera_id).where(violations.c.id == violation_id)).scalar()
    said: dict[str, Any] = {} if picture is None else {"evidence": [picture]}
    return desk.act(tx, case, Action.RETURN, SIGHT, f"camera {camera} still sees it", **said)

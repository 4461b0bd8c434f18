"""Cases whose time is over: who supervises is told, once for each level."""

from datetime import timedelta

from sqlalchemy import Connection, or_, select

from cases.case import Case
from cases.desk import POLICY, Desk
from cases.life import DUE, Action
from cases.store.tables import IS_OPEN, cases, changes

AGAIN = timedelta(days=1)
"""A case that is still not handled so long after its deadline goes a level higher, and after as long again, another."""
HIGHEST = 3
"""The city's levels above the handler: street, district, city."""
AT_ONCE = 50
"""Cases of one transaction: whoever pushes waits for it."""
_THERE = sorted(state.value for state in DUE)


def escalate(tx: Connection, desk: Desk) -> int:
    """How many cases went a level up."""
    now, c = desk.clock(), cases.c
    late = or_(*((c.escalated == level) & (c.due_at < now - level * AGAIN) for level in range(HIGHEST)))
    told = select(changes.c.id).where(changes.c.case_id == c.id, changes.c.action == Action.ESCALATE.value)
    lately = told.where(changes.c.at > now - AGAIN).correlate(cases).exists()  # the program may have stood still
    due = (IS_OPEN, c.due_at.is_not(None), c.due_at < now)  # as the index has it
    now_told = (c.state.in_(_THERE), late, or_(c.escalated == 0, ~lately))
    rows = tx.execute(select(cases).where(*due, *now_told).limit(AT_ONCE)).all()
    for row in rows:
        case = Case.of(row)
        level = ("street", "district", "city")[case.escalated]
        desk.act(tx, case, Action.ESCALATE, POLICY, f"not handled by its deadline: {level}", level=level)
    return len(rows)

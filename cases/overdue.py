"""Cases whose time is over: who supervises is told, once for each level."""

from datetime import timedelta

from sqlalchemy import Connection, or_, select

from cases.case import Case
from cases.desk import POLICY, Desk
from cases.life import WITH_DEPARTMENT, Action, State
from cases.store.tables import IS_OPEN, cases

AGAIN = timedelta(days=1)
"""A case that is still not handled so long after its deadline goes a level higher, and after as long again, another."""
HIGHEST = 3
"""The city's levels above the handler: street, district, city."""
AT_ONCE = 50
"""Cases of one transaction: whoever pushes waits for it."""
_THERE = sorted(state.value for state in WITH_DEPARTMENT - {State.FED_BACK} | {State.DISPUTED})


def escalate(tx: Connection, desk: Desk) -> int:
    """How many cases went a level up."""
    now, c = desk.clock(), cases.c
    late = or_(*((c.escalated == level) & (c.due_at < now - level * AGAIN) for level in range(HIGHEST)))
    due = (IS_OPEN, c.due_at.is_not(None), c.due_at < now)  # as the index has it
    rows = tx.execute(select(cases).where(*due, c.state.in_(_THERE), late).limit(AT_ONCE)).all()
    for row in rows:
        case = Case.of(row)
        level = ("street", "district", "city")[case.escalated]
        desk.act(tx, case, Action.ESCALATE, POLICY, f"not handled by its deadline: {level}", level=level)
    return len(rows)

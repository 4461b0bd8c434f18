"""What other systems say of the cases that they were given: handled there is fed back here."""

import logging
from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy import Connection, Engine, select

from cases.desk import Actor, Desk
from cases.dispatch.sender import NotDelivered, Refused
from cases.life import Action, Role, State
from cases.store.tables import cases, changes, outbox
from cases.store.writer import Writer

AT_ONCE = 500
_WITH_THEM = (State.DISPATCHED.value, State.HANDLING.value)

_log = logging.getLogger(__name__)


class Asked(Protocol):
    """A receiver that can be asked."""

    def handled(self, ids: Collection[str]) -> dict[str, str]:
        """Of its own ids those that are done, with what was noted. Raises ``NotDelivered``, ``Refused``."""
        ...


def feed_back(receiver: str, asked: Asked, engine: Engine, writer: Writer, desk: Desk) -> int:
    """Ask for all that it has and nobody has fed back since; how many it has done."""
    actor, count, after = Actor(receiver, Role.HANDLER), 0, 0
    while True:
        with engine.connect() as tx:
            page, after = _page(tx, receiver, after)
        if not page:
            return count
        try:
            done = asked.handled({id for id, _ in page.values()})
        except (NotDelivered, Refused) as problem:
            _log.warning("%s cannot be asked what it has done: %s", receiver, problem)
            return count
        for case_id, (id, told_at) in page.items():
            if id in done:
                work = partial(_done, desk=desk, case_id=case_id, actor=actor, why=done[id], told_at=told_at)
                count += writer.do(work)


def _page(tx: Connection, receiver: str, after: int) -> tuple[dict[str, tuple[str, datetime]], int]:
    """What it was told last of the cases that it has: its own id and when it was told, by case; and the last number."""
    o, c = outbox.c, cases.c
    some = select(c.number, c.id).where(c.state.in_(_WITH_THEM), c.number > after).order_by(c.number).limit(AT_ONCE)
    numbers = {row.id: row.number for row in tx.execute(some)}
    told = select(o.case_id, o.answer, o.created_at).where(o.receiver == receiver, o.state == "delivered")
    told = told.where(o.answer.is_not(None), o.case_id.in_(numbers)).order_by(o.id)
    ids = {row.case_id: (row.answer.get("service_request_id"), row.created_at) for row in tx.execute(told)}
    page = {case_id: (id, at) for case_id, (id, at) in ids.items() if id}
    last = max(numbers.values(), default=after)
    return (page, last) if page or not numbers else _page(tx, receiver, last)


def _done(tx: Connection, desk: Desk, case_id: str, actor: Actor, why: str, told_at: datetime) -> bool:
    """What was done before, and sent back since, is not done because it was done before."""
    case, c = desk.case(tx, case_id), changes.c
    since = (c.case_id == case_id, c.action == Action.FEED_BACK.value, c.at >= told_at)
    if case.state.value not in _WITH_THEM or tx.execute(select(c.id).where(*since).limit(1)).first() is not None:
        return False
    desk.act(tx, case, Action.FEED_BACK, actor, why)
    return True

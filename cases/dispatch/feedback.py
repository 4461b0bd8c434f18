"""What other systems say of the cases that they were given: handled there is fed back here."""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy import Connection, Engine, select

from cases.desk import Actor, Desk
from cases.dispatch.sender import NotDelivered, Refused, storable
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
    actor, count = Actor(receiver, Role.HANDLER), 0
    for page in _pages(engine, receiver):
        try:
            done = asked.handled({id for id, _ in page.values()})
        except NotDelivered as problem:
            _log.warning("%s cannot be asked what it has done: %s", receiver, problem)
            return count
        except Refused as problem:
            _log.warning("%s does not say of %d cases whether it has done them: %s", receiver, len(page), problem)
            continue
        for case_id, (id, told_at) in page.items():
            if id not in done:
                continue
            why = storable(done[id])
            work = partial(_done, desk=desk, case_id=case_id, actor=actor, why=why, told_at=told_at)
            try:
                count += writer.do(work)
            except Exception:  # one case that cannot be fed back holds up no other
                _log.exception("%s has done case %s, which cannot be fed back", receiver, case_id)
    return count


def _pages(engine: Engine, receiver: str) -> Iterator[dict[str, tuple[str, datetime]]]:
    """What it was told last of the cases that it has, some at a time: its own id and when it was told, by case."""
    o, c, after = outbox.c, cases.c, 0
    told = select(o.case_id, o.answer, o.created_at).where(o.receiver == receiver, o.state == "delivered")
    while True:
        some = select(c.number, c.id).where(c.state.in_(_WITH_THEM), c.number > after).order_by(c.number)
        with engine.connect() as tx:
            numbers = {row.id: row.number for row in tx.execute(some.limit(AT_ONCE))}
            theirs = told.where(o.answer.is_not(None), o.case_id.in_(numbers)).order_by(o.id)
            ids = {row.case_id: (row.answer.get("service_request_id"), row.created_at) for row in tx.execute(theirs)}
        if not numbers:
            return
        after = max(numbers.values())
        if page := {case_id: (id, at) for case_id, (id, at) in ids.items() if id}:
            yield page


def _done(tx: Connection, desk: Desk, case_id: str, actor: Actor, why: str, told_at: datetime) -> bool:
    """What was done before, and sent back since, is not done because it was done before."""
    case, c = desk.case(tx, case_id), changes.c
    since = (c.case_id == case_id, c.action == Action.FEED_BACK.value, c.at >= told_at)
    if case.state.value not in _WITH_THEM or tx.execute(select(c.id).where(*since).limit(1)).first() is not None:
        return False
    desk.act(tx, case, Action.FEED_BACK, actor, why)
    return True

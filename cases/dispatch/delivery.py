"""Messages from the outbox to their receivers: at least once, in the order of each case, until they are there or dead.

A receiver that is down costs no other one anything: each has a thread of its own.
"""

import logging
import random
import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from cases.dispatch.enclosed import enclosed
from cases.dispatch.sender import Message, NotDelivered, Refused, Sender, storable
from cases.life import OPEN
from cases.outbox import GIVEN_UP
from cases.retry import retry_wait_s
from cases.store.tables import cases, outbox
from cases.store.writer import Writer

FIRST_S, LONGEST_S = 2.0, 600.0
"""The wait after the first failure, doubled after each, and its bound."""
LEASE = timedelta(minutes=2)
"""Whoever tries a message has it for so long; when it is not heard of by then, it is tried again."""
AT_ONCE, FORGOTTEN_AT_ONCE = 50, 500
IDLE_S = 1.0

_log = logging.getLogger(__name__)


class Delivery:
    """One receiver's messages. ``once`` delivers what is due; ``start`` does so again and again."""

    def __init__(
        self,
        receiver: str,
        sender: Sender,
        engine: Engine,
        writer: Writer,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: random.Random | None = None,
    ):
        self.receiver = receiver
        self._sender = sender
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self._chance = chance or random.Random()
        self._wake, self._stopping = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name=f"to {receiver}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There may be something new."""
        self._wake.set()

    def stop(self) -> None:
        """After the message in hand; ``close`` waits for that."""
        self._stopping = True
        self._wake.set()

    def close(self) -> None:
        self.stop()
        self._thread.join()

    def once(self) -> int:
        """Try what is due; how many were delivered."""
        with self._engine.connect() as connection:
            rows = self._due(connection)
        delivered = 0
        for row in rows:
            if self._stopping:
                break
            if self._claim(row):
                delivered += self._try(row)
        return delivered

    def _message(self, row: Row) -> Message:  # type: ignore[type-arg]
        """Raises ``NotDelivered``."""
        try:
            with self._engine.connect() as tx:
                body = row.body | enclosed(tx, row.case_id)
        except SQLAlchemyError as error:
            raise NotDelivered(f"the database: {type(error).__name__}") from error
        return Message(row.message_id, row.type, row.case_id, row.created_at, body, row.tries)

    def _due(self, connection: Connection) -> list[Row]:  # type: ignore[type-arg]
        """Of each case the oldest waiting message, where it is due; the oldest of those first."""
        o, older = outbox.c, outbox.alias()
        theirs = (older.c.receiver == o.receiver, older.c.state == "waiting", older.c.case_id == o.case_id)
        before = select(older.c.id).where(*theirs, older.c.id < o.id).correlate(outbox).exists()
        due = (o.receiver == self.receiver, o.state == "waiting", o.next_at <= self._clock(), ~before)
        return list(connection.execute(select(outbox).where(*due).order_by(o.id).limit(AT_ONCE)))

    def _claim(self, row: Row) -> bool:  # type: ignore[type-arg]
        """Note the try before it is made: after a crash it is known that there may have been one, and of several
        services one makes it.
        """
        now, o = self._clock(), outbox.c
        mine = update(outbox).where(o.id == row.id, o.state == "waiting", o.next_at <= now, o.tries == row.tries)
        taken = mine.values(tries=o.tries + 1, next_at=now + LEASE)
        return bool(self._writer.do(lambda tx: tx.execute(taken).rowcount))

    def _try(self, row: Row) -> bool:  # type: ignore[type-arg]
        """Whether it was delivered."""
        said: dict[str, Any] = {"error": None, "answer": None}
        try:
            said["answer"], said["state"] = self._sender.send(self._message(row)), "delivered"
        except Refused as refused:
            said |= {"state": "dead", "error": str(refused)}
        except NotDelivered as failed:
            now, wait_s = self._clock(), retry_wait_s(row.tries, FIRST_S, LONGEST_S, self._chance)
            later = timedelta(seconds=max(wait_s, failed.after_s or 0.0))
            said |= {"state": "dead" if now > row.until else "waiting", "error": str(failed), "next_at": now + later}
        except Exception as error:  # a sender's own mistake holds up nobody else, and a person sees it
            _log.exception("message %s to %s", row.id, self.receiver)
            said |= {"state": "dead", "error": f"{type(error).__name__}: {error}"}
        try:
            noted = self._note(row, said)
        except Exception:  # else it would be sent for ever; where the database is away, this fails as well
            noted = self._note(row, said | {"error": "what came of it cannot be kept", "answer": None})
        return noted and said["state"] == "delivered"

    def _note(self, row: Row, said: dict[str, Any]) -> bool:  # type: ignore[type-arg]
        """Whether that was for us to say: once the lease is over, another service may have tried it."""
        error, answer = said["error"], said["answer"]
        kept = {"error": error and storable(error), "answer": answer and _texts(answer)}
        o = outbox.c
        mine = update(outbox).where(o.id == row.id, o.state == "waiting", o.tries == row.tries + 1)
        return bool(self._writer.do(lambda tx: tx.execute(mine.values(**said | kept)).rowcount))

    def _run(self) -> None:
        while not self._stopping:
            try:
                busy = self.once()
            except Exception:  # the database is away
                _log.exception("messages to %s wait", self.receiver)
                busy = 0
            if not busy:
                self._wake.wait(IDLE_S)
                self._wake.clear()


def again(tx: Connection, ids: list[int], now: datetime) -> int:
    """A person has dead messages sent again; how many there were. That they were tried before is not forgotten."""
    these = update(outbox).where(outbox.c.id.in_(ids), outbox.c.state == "dead")
    return tx.execute(these.values(state="waiting", next_at=now, until=now + GIVEN_UP)).rowcount


def forget(tx: Connection, before: datetime) -> int:
    """Delete what was delivered before a time, of cases that are over and not held; how much. Their history stays."""
    c, open_ = cases.c, sorted(state.value for state in OPEN)
    over = select(c.id).where(c.state.not_in(open_), c.hold.is_(False))
    old = (outbox.c.state == "delivered", outbox.c.created_at < before, outbox.c.case_id.in_(over))
    some = select(outbox.c.id).where(*old).limit(FORGOTTEN_AT_ONCE)
    return tx.execute(delete(outbox).where(outbox.c.id.in_(some))).rowcount


def to_nobody(tx: Connection, receivers: Collection[str]) -> dict[str, int]:
    """How many messages wait, or are dead, for others than these receivers, by name."""
    o = outbox.c
    left = (o.state.in_(["waiting", "dead"]), o.receiver.not_in(sorted(receivers)))
    counted = select(o.receiver, func.count().label("messages")).where(*left).group_by(o.receiver)
    return {row.receiver: row.messages for row in tx.execute(counted)}


def _texts(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: storable(said) if isinstance(said, str) else said for name, said in answer.items()}

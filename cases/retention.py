"""Evidence is kept for so long and then deleted; what is left says so, signed, and still verifies."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Select, or_, select, update

from cases.evidence import Piece
from cases.evidence_store import EvidenceStore
from cases.store.tables import IS_OPEN, cases, evidence
from cases.store.writer import Writer
from cases.tombstone import Signer, tombstone

LEAST = timedelta(days=30)
"""What the public security video regulation (2025-04-01) asks for at least."""
AT_ONCE, MOST_FAILURES = 200, 5
"""Pieces of a query; failures after which the store counts as away, until the next run."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many pieces went, and why the first that could not be deleted was not."""

    count: int
    problem: str = ""


def delete_old(
    engine: Engine,
    writer: Writer,
    store: EvidenceStore,
    keep: timedelta,
    now: datetime,
    key: Signer,
    stopping: Callable[[], bool] = lambda: False,
) -> Deleted:
    """Delete what was added longer ago than ``keep``, of cases that have been over for as long and are not held.

    The tombstone comes first, and decides: from then on nobody sees the piece. Killed before its files are gone, or
    where the store is away, the next run deletes them. Raises ``ValueError`` for a time shorter than ``LEAST``.
    """
    if keep < LEAST:
        raise ValueError(f"evidence is kept for at least {LEAST.days} days, not {keep}")
    count, problem, failed = 0, "", set[str]()
    while not stopping():
        with engine.connect() as tx:
            found = _due(tx, now - keep, failed)
        if not found:
            break
        for id in found:
            if stopping() or len(failed) >= MOST_FAILURES:
                return Deleted(count, problem)
            piece = writer.do(lambda tx, id=id: _decided(tx, id, now - keep, now, key))  # type: ignore[misc]
            if piece is None:
                continue  # it is held, or was opened again, since it was found
            try:
                for path in filter(None, (piece.shared_path, piece.path)):
                    store.delete(path)
            except Exception as error:  # of a store; the next run tries again
                failed.add(id)
                problem = problem or f"{id}: {error}"
                continue
            writer.do(lambda tx, id=id: tx.execute(_emptied(id)).rowcount)  # type: ignore[misc]
            count += 1
    return Deleted(count, problem)


def _over(before: datetime) -> Select[Any]:
    """The cases of which something may be deleted."""
    return select(cases.c.id).where(~IS_OPEN, cases.c.entered_at < before, cases.c.hold.is_(False))


def _due(tx: Connection, before: datetime, failed: set[str]) -> list[str]:
    """Ids of what was decided and is still there, and of what may be decided."""
    e = evidence.c
    due = or_(e.tombstone.is_not(None), e.case_id.in_(_over(before)))
    query = select(e.id).where(e.added_at < before, e.path.is_not(None), due, e.id.not_in(failed))
    return list(tx.execute(query.order_by(e.added_at).limit(AT_ONCE)).scalars())


def _decided(tx: Connection, id: str, before: datetime, now: datetime, key: Signer) -> Piece | None:
    """The piece as it is now, with its tombstone; None where it may stay."""
    e = evidence.c
    row = tx.execute(select(evidence).where(e.id == id, e.path.is_not(None))).one_or_none()
    if row is None:
        return None
    piece = Piece(**row._mapping)
    if piece.tombstone is None:
        stone = tombstone(piece, "retention", now, key)
        mine = update(evidence).where(e.id == id, e.case_id.in_(_over(before)))
        if not tx.execute(mine.values(tombstone=stone, copy_wanted=False)).rowcount:
            return None
    return piece


def _emptied(id: str) -> Any:
    return update(evidence).where(evidence.c.id == id).values(path=None, shared_path=None, copy_wanted=False)

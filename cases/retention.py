"""Evidence is kept for so long and then deleted; what is left says so, signed, and still verifies."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Select, select, update

from cases.evidence import Piece
from cases.evidence_store import EvidenceStore
from cases.life import OPEN
from cases.store.tables import cases, evidence
from cases.store.writer import Writer
from vision.records import iso

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
    sign: Callable[[bytes], str],
    stopping: Callable[[], bool] = lambda: False,
) -> Deleted:
    """Delete what was added longer ago than ``keep``, of cases that are over and not held.

    The tombstone is in the row before the file goes: killed between the two, the next run deletes the file. Raises
    ``ValueError`` for a time shorter than ``LEAST``.
    """
    if keep < LEAST:
        raise ValueError(f"evidence is kept for at least {LEAST.days} days, not {keep}")
    count, problem, failed = 0, "", set[str]()
    while not stopping():
        with engine.connect() as tx:
            found = _due(tx, now - keep, failed)
        if not found:
            break
        for piece in found:
            if stopping() or len(failed) >= MOST_FAILURES:
                return Deleted(count, problem)
            stone = _stone(piece.id, _tombstone(piece, now, sign))
            if not writer.do(lambda tx, stone=stone: tx.execute(stone).rowcount):  # type: ignore[misc]
                continue  # it is held, or was opened again, since it was found
            try:
                for path in filter(None, (piece.path, piece.shared_path)):
                    store.delete(path)
            except Exception as error:  # of a store; it is there as before, and the next run tries again
                writer.do(lambda tx, id=piece.id: tx.execute(_kept(id)).rowcount)  # type: ignore[misc]
                failed.add(piece.id)
                problem = problem or f"{piece.id}: {error}"
                continue
            writer.do(lambda tx, id=piece.id: tx.execute(_emptied(id)).rowcount)  # type: ignore[misc]
            count += 1
    return Deleted(count, problem)


def _over() -> Select[Any]:
    """The cases of which something may be deleted."""
    over = cases.c.state.not_in(sorted(state.value for state in OPEN))
    return select(cases.c.id).where(over, cases.c.hold.is_(False))


def _due(tx: Connection, before: datetime, failed: set[str]) -> list[Piece]:
    e = evidence.c
    query = select(evidence).where(e.added_at < before, e.path.is_not(None), e.case_id.in_(_over()))
    query = query.where(e.id.not_in(failed)).order_by(e.added_at).limit(AT_ONCE)
    return [Piece(**row._mapping) for row in tx.execute(query)]


def _tombstone(piece: Piece, now: datetime, sign: Callable[[bytes], str]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "evidence": piece.id,
        "case": piece.case_id,
        "violation": piece.violation_id,
        "kind": piece.kind,
    }
    said |= {"sha256": piece.sha256, "size": piece.size, "added_at": iso(piece.added_at), "deleted_at": iso(now)}
    said["why"] = "retention"
    return said | {"signature": sign(canonical(said))}


def canonical(said: dict[str, Any]) -> bytes:
    """The bytes that a tombstone's signature is over: all but the signature."""
    rest = {name: value for name, value in said.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _stone(id: str, stone: dict[str, Any]) -> Any:
    return update(evidence).where(evidence.c.id == id, evidence.c.case_id.in_(_over())).values(tombstone=stone)


def _kept(id: str) -> Any:
    return update(evidence).where(evidence.c.id == id).values(tombstone=None)


def _emptied(id: str) -> Any:
    return update(evidence).where(evidence.c.id == id).values(path=None, shared_path=None, copy_wanted=False)

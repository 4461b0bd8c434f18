"""Files in the evidence store that no row names: the database went away between the two. Nobody can see them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, Engine, select

from cases.evidence_store import MARK, EvidenceStore
from cases.store.tables import cases, evidence

AT_ONCE = 500
UUID_LENGTH = 36


@dataclass(frozen=True, slots=True)
class Swept:
    """How many files went, and how many stay because the case that they name is none of this database."""

    deleted: int
    strange: int


def sweep(
    engine: Engine, store: EvidenceStore, before: datetime, stopping: Callable[[], bool] = lambda: False
) -> Swept:
    """Delete what was put before a time and has no row, of cases that are known and not held.

    With ``before`` as long ago as evidence is kept, a database that was brought back from last week's copy costs
    nothing; and a store that belongs to another database loses nothing at all. Raises ``EvidenceProblem``.
    """
    deleted = strange = 0
    paths = store.older(before)
    while (some := list(islice(paths, AT_ONCE))) and not stopping():
        with engine.connect() as tx:
            left = _without_a_row(tx, some)
            held = _held(tx, {_case_of(path) for path in left})
        for path in left:
            case_held = held.get(_case_of(path))
            if case_held is False:
                store.delete(path)
                deleted += 1
            strange += case_held is None
    return Swept(deleted, strange)


def _without_a_row(tx: Connection, paths: list[str]) -> list[str]:
    """A file's name begins with the id of its row."""
    e = evidence.c
    ids = {path.rpartition("/")[2][:UUID_LENGTH] for path in paths}
    rows = tx.execute(select(e.path, e.shared_path).where(e.id.in_(ids)))
    named = {path for row in rows for path in row}
    return [path for path in paths if path not in named and path != MARK]


def _held(tx: Connection, ids: set[str]) -> dict[str, bool]:
    """By case, of those that there are."""
    return {row.id: row.hold for row in tx.execute(select(cases.c.id, cases.c.hold).where(cases.c.id.in_(ids)))}


def _case_of(path: str) -> str:
    return path.partition("/")[0]

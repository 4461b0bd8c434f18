"""Files without a row go when evidence as old as they goes; nothing else does."""

import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from cases.desk import new_id
from cases.evidence import add, fresh
from cases.evidence_store import EvidenceStore, open_evidence
from cases.leftovers import Swept, sweep
from cases.life import Action
from cases.store.tables import cases as table
from cases.store.tables import evidence
from tests.cases.office import LI, Office

KEPT_SINCE = datetime.now(UTC) - timedelta(days=60)


def put(store: EvidenceStore, home: Path, path: str, days: float = 90) -> None:
    """A file that was put days ago."""
    store.put(path, io.BytesIO(b"abc"))
    at = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    os.utime(home / path, (at, at))


def there(home: Path) -> set[str]:
    return {str(file.relative_to(home)) for file in home.glob("*/*")}


def test_what_no_row_names_goes_when_it_is_old_and_nothing_else(office: Office, tmp_path: Path) -> None:
    home = tmp_path / "evidence"
    store = open_evidence(str(home))
    case, held, merged = (office.arrive(n, place=(24.0 + n, 118.0, 5.0)) for n in (1, 2, 3))
    office.do(lambda tx: tx.execute(update(table).where(table.c.id == held.id).values(hold=True)).rowcount)
    named = set()
    for of in (case, merged):
        piece = fresh(of.id, None, "trigger", "image/jpeg", 3, "a" * 64, "w", office.clock.now)
        paths = [piece.path or "", f"{of.id}/{piece.id}-shared.jpg"]
        office.do(lambda tx, piece=piece: add(tx, piece))
        of_it = update(evidence).where(evidence.c.id == piece.id)
        office.do(lambda tx, of_it=of_it, path=paths[1]: tx.execute(of_it.values(shared_path=path)).rowcount)
        for path in paths:
            put(store, home, path)
        named |= set(paths)
    office.act(merged, Action.MERGE, LI, "the same bin", into=case.id)  # its files stay where they are

    old = {f"{of.id}/{new_id()}.jpg" for of in (case, merged)} | {f"{case.id}/{new_id()}.mp4.unfinished"}
    of_held, strange, young = f"{held.id}/{new_id()}.jpg", f"{new_id()}/{new_id()}.jpg", f"{case.id}/{new_id()}.jpg"
    for path in old | {of_held, strange}:
        put(store, home, path)
    put(store, home, young, days=1)
    (home / case.id / "by hand, a note").write_text("x")
    os.utime(home / case.id / "by hand, a note", (0, 0))

    assert sweep(office.engine, store, KEPT_SINCE) == Swept(deleted=3, strange=1)
    assert there(home) == named | {of_held, strange, young, f"{case.id}/by hand, a note"}
    assert sweep(office.engine, store, KEPT_SINCE) == Swept(deleted=0, strange=1)

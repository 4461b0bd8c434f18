"""A database and its evidence belong together: the evidence carries the database's id, so that nobody mixes up two."""

import io
import json
import uuid

from sqlalchemy import Connection, insert, select

from cases.evidence_store import MARK, EvidenceProblem, EvidenceStore, NoSuchEvidence
from cases.store.tables import facts
from cases.store.writer import Writer

STORE_ID, MARKED = "store_id", "evidence_marked"


def belong_together(writer: Writer, evidence: EvidenceStore) -> str:
    """The database's id. Evidence that is new to it is marked; that it can be written is known then.

    Raises ``EvidenceProblem`` for that of another database, and where the database's own lies elsewhere.
    """
    id, marked = writer.do(_known)
    mark = json.dumps({"store": id}).encode()
    try:
        there = b"".join(evidence.get(MARK))
    except NoSuchEvidence:
        if marked:
            why = "the evidence of this database lies elsewhere: name it (--evidence), the same for all services"
            lost = f"where it is lost for good, write {mark.decode()} into {MARK} there"
            raise EvidenceProblem(f"{why}; {lost}") from None
    else:
        if there.strip() != mark:
            raise EvidenceProblem(f"this evidence is another database's: {MARK} says {there[:80]!r}, not {mark!r}")
    evidence.put(MARK, io.BytesIO(mark))
    if not marked:
        writer.do(_mark)
    return id


def _known(tx: Connection) -> tuple[str, bool]:
    said = {row.name: row.value for row in tx.execute(select(facts))}
    if STORE_ID not in said:
        said[STORE_ID] = str(uuid.uuid4())
        tx.execute(insert(facts), {"name": STORE_ID, "value": said[STORE_ID]})
    return said[STORE_ID], MARKED in said


def _mark(tx: Connection) -> None:
    if tx.execute(select(facts.c.name).where(facts.c.name == MARKED)).first() is None:
        tx.execute(insert(facts), {"name": MARKED, "value": ""})

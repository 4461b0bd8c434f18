"""What goes with a message besides the case: who sees it, and what can be looked at, as it is when it is sent. Copies
without faces and plates are made after a case was opened, so that an early message has fewer of them.
"""

from typing import Any

from sqlalchemy import Connection, select

from cases.evidence import Piece, going_on
from cases.store.tables import evidence, violations
from vision.records import iso

MOST = 100
"""Of each: a message has to get through brokers, and a case may have thousands."""
WHERE = "/api/v1/evidence/{id}"
"""Where the service's interface shows a piece, to keys that may look."""


def enclosed(tx: Connection, case_id: str) -> dict[str, Any]:
    """``violations`` and ``evidence``, the newest; of the latter what may leave, with the hash of what is got there. Of
    a case that was merged, what lies with the case that goes on.
    """
    v, e, case_id = violations.c, evidence.c, going_on(tx, case_id)
    seen = select(v.id, v.camera_id, v.view_id, v.onset, v.cleared_at, v.gone).where(v.case_id == case_id)
    kept = select(evidence).where(e.case_id == case_id, e.path.is_not(None), e.tombstone.is_(None))
    sights = tx.execute(seen.order_by(v.heard_at.desc(), v.id.desc()).limit(MOST)).all()
    pieces = [Piece(**row._mapping) for row in tx.execute(kept.order_by(e.added_at.desc(), e.id.desc()).limit(MOST))]
    return {
        "violations": [
            dict(row._mapping) | {"onset": iso(row.onset), "cleared_at": iso(row.cleared_at)} for row in sights[::-1]
        ],
        "evidence": [shown for piece in pieces[::-1] if (shown := _shown(piece)) is not None],
    }


def _shown(piece: Piece) -> dict[str, Any] | None:
    if (copy := piece.leaves) is None:
        return None
    said = {"id": piece.id, "violation_id": piece.violation_id, "kind": piece.kind}
    said |= {"media_type": copy.media_type, "sha256": copy.sha256, "path": WHERE.format(id=piece.id)}
    return said | {"sealed_sha256": piece.sha256, "added_at": iso(piece.added_at)}

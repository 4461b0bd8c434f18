"""What is told to others: written with the change it tells of, delivered later, at least once."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from cases.case import Case
from cases.policy import Policy
from cases.store.tables import outbox

GIVEN_UP = timedelta(days=3)
"""A message that could not be delivered for so long waits for a person."""


def tell(tx: Connection, policy: Policy, case: Case, kind: str, now: datetime, change: Mapping[str, Any]) -> None:
    """For every receiver that wants to know: a message of its own, with one id for all of them."""
    wanted = [name for name, kinds in policy.receivers.items() if not kinds or kind in kinds]
    if not wanted:
        return
    body = {"case": case.to_dict(), "change": dict(change), "coordinates": "WGS-84"}
    row: dict[str, Any] = {"message_id": str(uuid.uuid4()), "case_id": case.id, "type": kind, "body": body}
    row |= {"created_at": now, "next_at": now, "until": now + GIVEN_UP, "tries": 0, "state": "waiting"}
    tx.execute(insert(outbox), [row | {"receiver": name} for name in wanted])

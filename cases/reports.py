"""What people report beside what cameras see: whether both are one thing is for a person to say."""

import math
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from cases.association import FARTHEST_M, distance_m
from cases.case import Case
from cases.desk import Actor, Desk
from cases.merging import Doubt, doubt
from cases.nearby import box, inside
from cases.store.tables import IS_OPEN, cases
from vision.records import Place

MOST = 20
"""Doubts of one case at most, the nearest."""
WHY = "a person reported one of them"
_C = cases.c
_HERE = select(_C.id, _C.lat, _C.lon, _C.radius_m).where(
    IS_OPEN,
    # Hidden, for databases guess that the index of types is better than that of places.
    _C.key.concat("") == bindparam("key"),
    *inside(cases),
    _C.id != bindparam("case"),
)


def report(tx: Connection, desk: Desk, columns: dict[str, Any], actor: Actor) -> Case:
    """A case that a person files, and what it may be the same as. columns: see ``Desk.opened``."""
    case = desk.opened(tx, columns | {"filed": True}, actor)
    if (place := _place(case)) is not None:
        there = box(place, FARTHEST_M) | {"key": case.key, "case": case.id}
        doubt(tx, case, doubtful(case, tx.execute(_HERE, there)))
    return case


def doubtful(case: Case, others: Iterable[Row[Any]]) -> dict[str, Doubt]:
    """Which of these rows of cases a new one may be the same as, by id."""
    if (place := _place(case)) is None:
        return {}
    found: list[tuple[float, str]] = []
    for row in others:
        there = _place(row)
        assert there is not None, "a database found it by its place"
        metres = distance_m(place, there)
        if metres <= min(math.hypot(place.radius_m, there.radius_m), FARTHEST_M):
            found.append((metres, row.id))
    return {id: Doubt(round(metres, 1), WHY) for metres, id in sorted(found)[:MOST]}


def _place(row: Any) -> Place | None:
    return None if row.lat is None or row.lon is None else Place(row.lat, row.lon, row.radius_m or 0.0)

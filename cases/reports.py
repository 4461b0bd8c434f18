"""What people report beside what cameras see: whether both are one thing is for a person to say."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, bindparam, select

from cases.association import FARTHEST_M, distance_m
from cases.case import Case
from cases.desk import Actor, Desk
from cases.merging import Doubt, doubt
from cases.nearby import MOST, Known, away, box, inside
from cases.store.tables import IS_OPEN, cases, violations
from vision.records import Event, Place

MOST_DOUBTS = 20
"""Of one case: those with what cameras see, and of those the nearest, first."""
WHY = "a person reported one of them"
_C, _V = cases.c, violations.c
_CASES = (
    select(_C.id, _C.lat, _C.lon, _C.radius_m, _C.filed)
    # The type is hidden, for databases guess that its index is better than that of places.
    .where(IS_OPEN, _C.key.concat("") == bindparam("key"), *inside(cases), _C.id != bindparam("case"))
    .order_by(away(cases))
    .limit(MOST)
)
_SIGHTS = (
    select(_V.case_id, _V.event)
    .join(cases, _C.id == _V.case_id)
    .where(IS_OPEN, _V.key == bindparam("key"), *inside(violations))
    .order_by(away(violations))
    .limit(MOST)
)


def report(tx: Connection, desk: Desk, columns: dict[str, Any], actor: Actor) -> Case:
    """A case that a person files, and what it may be the same as. columns: see ``Desk.opened``."""
    case = desk.opened(tx, columns | {"filed": True}, actor)
    if case.lat is not None and case.lon is not None:
        place = Place(case.lat, case.lon, case.radius_m or 0.0)
        doubt(tx, case, doubtful(place, _around(tx, case, place)))
    return case


def doubtful(place: Place | None, others: Iterable[Known]) -> dict[str, Doubt]:
    """Which of these cases may be what is reported, or seen, at a place, by id."""
    if place is None:
        return {}
    found: dict[str, tuple[bool, float]] = {}
    for other in others:
        metres = distance_m(place, other.place)
        if metres <= min(math.hypot(place.radius_m, other.place.radius_m), FARTHEST_M):
            found[other.id] = min(found.get(other.id, (True, math.inf)), (other.filed, metres))
    first = sorted(found.items(), key=lambda pair: (pair[1], pair[0]))[:MOST_DOUBTS]
    return {id: Doubt(round(metres, 1), WHY) for id, (_, metres) in first}


def _around(tx: Connection, case: Case, place: Place) -> Iterator[Known]:
    """By where cases came to be, and by where cameras that joined them see them."""
    said = box(place, FARTHEST_M) | {"key": case.key, "case": case.id, "lat": place.lat, "lon": place.lon}
    for row in tx.execute(_CASES, said):
        yield Known(row.id, Place(row.lat, row.lon, row.radius_m or 0.0), row.filed)
    for sight in tx.execute(_SIGHTS, said):
        if (seen := Event.from_dict(sight.event).violation.place) is not None:
            yield Known(sight.case_id, seen, filed=False)

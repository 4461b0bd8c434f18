"""What is known where something comes to stand, asked at once: whatever the answers, each question is a way to the
database and back.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Float,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from cases.association import FARTHEST_M, degrees
from cases.life import State
from cases.store.columns import Moment
from cases.store.tables import IS_OPEN, cases, permits, violations
from vision.records import Event, Place, Violation

MOST = 100
"""Where more things of one type stand within ``FARTHEST_M``, the nearest are compared: whoever pushes waits for it."""
NARROWEST_M = 5.0
"""A place that is known better is as wide as a thing."""
_C, _V, _P = cases.c, violations.c, permits.c
_NOWHERE = (cast(null(), Float),) * 3
_SAYS_NOTHING = cast(null(), Text)


class Known(NamedTuple):
    """An open case, and a place at which it is known. filed: by a person."""

    id: str
    place: Place
    filed: bool = True


@dataclass(frozen=True, slots=True)
class Nearby:
    """Of a type: sights of open cases that may be the same thing; open cases that people filed (reports); the case that
    ended here not long ago. permits: whether there may be one that holds here.
    """

    sights: tuple[Violation, ...] = ()
    reports: tuple[Known, ...] = ()
    ended: str | None = None
    permits: bool = False


def inside(table: Table, name: str = "near") -> tuple[Any, Any]:
    """Conditions of a statement that is asked with a ``box`` of that name."""
    lat = table.c.lat.between(bindparam(f"{name}_south"), bindparam(f"{name}_north"))
    return lat, table.c.lon.between(bindparam(f"{name}_west"), bindparam(f"{name}_east"))


def box(place: Place, metres: float, name: str = "near") -> dict[str, float]:
    """All that lies within so many metres, and the corners beyond."""
    lat, lon = degrees(place, metres)
    sides = {"south": place.lat - lat, "north": place.lat + lat, "west": place.lon - lon, "east": place.lon + lon}
    return {f"{name}_{side}": degree for side, degree in sides.items()}


def away(table: Table) -> Any:
    """How far, in degrees, from the place with which a statement is asked."""
    return func.abs(table.c.lat - bindparam("lat")) + func.abs(table.c.lon - bindparam("lon"))


def _rows(what: str, *columns: Any) -> Select[Any]:
    """what: these rows are."""
    named = (column.label(name) for column, name in zip(columns, ("id", "lat", "lon", "radius_m", "said"), strict=True))
    return select(literal(what, literal_execute=True).label("what"), *named)


_REPORTS = (
    _rows("report", _C.id, _C.lat, _C.lon, _C.radius_m, _SAYS_NOTHING)
    .where(IS_OPEN, literal_column("filed"), _C.key == bindparam("key"), *inside(cases))
    .order_by(away(cases))
    .limit(MOST)
)
_SIGHTS = (
    _rows("sight", _V.id, *_NOWHERE, type_coerce(_V.event, Text))
    .join(cases, _C.id == _V.case_id)
    .where(
        IS_OPEN,
        _V.key == bindparam("key"),
        *inside(violations),
        or_(_V.gone.is_(False), _V.cleared_at >= bindparam("since", type_=Moment)),
    )
    .order_by(away(violations))
    .limit(MOST)
)
_ENDED = (
    _rows("ended", _C.id, *_NOWHERE, _SAYS_NOTHING)
    .where(
        _C.key == bindparam("key"),
        _C.state == State.CLOSED.value,
        _C.closed_at >= bindparam("ended_since", type_=Moment),
        *inside(cases, "close"),
    )
    .order_by(_C.closed_at.desc())
    .limit(1)
)
_PERMITS = (
    _rows("permit", _P.id, *_NOWHERE, _SAYS_NOTHING)
    .where(_P.west <= bindparam("lon"), _P.east >= bindparam("lon"))
    .where(_P.south <= bindparam("lat"), _P.north >= bindparam("lat"))
    .where(_P.valid_from <= bindparam("day"), _P.valid_to >= bindparam("day"))
    .limit(1)
)
# Made once: building a statement takes longer than SQLite needs for it.
_ALL = union_all(*(select(part.subquery()) for part in (_REPORTS, _SIGHTS, _ENDED, _PERMITS)))


def nearby(tx: Connection, v: Violation, day: int, ended_since: datetime) -> Nearby:
    """day: local, since 1970."""
    if v.place is None:
        return Nearby()
    said: dict[str, Any] = {"key": v.key, "day": day, "ended_since": ended_since}
    said |= {"since": (v.onset or ended_since) - timedelta(minutes=1), "lat": v.place.lat, "lon": v.place.lon}
    said |= box(v.place, FARTHEST_M) | box(v.place, min(max(v.place.radius_m, NARROWEST_M), FARTHEST_M), "close")
    found: dict[str, list[Row[Any]]] = {"report": [], "sight": [], "ended": [], "permit": []}
    for row in tx.execute(_ALL, said):
        found[row.what].append(row)
    return Nearby(
        tuple(Event.from_dict(json.loads(row.said)).violation for row in found["sight"]),
        tuple(Known(row.id, Place(row.lat, row.lon, row.radius_m or 0.0)) for row in found["report"]),
        found["ended"][0].id if found["ended"] else None,
        bool(found["permit"]),
    )

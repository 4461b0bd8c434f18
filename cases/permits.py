"""What is allowed somewhere for a time: a night market, a building site, an advertisement with a number."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import shapely
from shapely.geometry import Point, shape
from sqlalchemy import Connection, Row, delete, insert, select

from cases.policy import EPOCH
from cases.store.tables import permits


class PermitProblem(ValueError):
    """A permit that cannot be kept; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Allows the types within ``area`` (a GeoJSON polygon, WGS-84) from one local day to another, both included."""

    id: str
    types: tuple[str, ...]
    holder: str
    note: str
    valid_from: date
    valid_to: date
    area: Mapping[str, Any]


def put(tx: Connection, permit: Permit) -> bool:
    """Keep it, instead of the one of the same id if there is one; whether there was none. Raises ``PermitProblem``."""
    if permit.valid_to < permit.valid_from:
        raise PermitProblem(f"it ends on {permit.valid_to}, before it begins on {permit.valid_from}")
    west, south, east, north = _shape(permit.area).bounds
    replaced = remove(tx, permit.id)
    row: dict[str, Any] = {"id": permit.id, "types": list(permit.types), "holder": permit.holder, "note": permit.note}
    row |= {"valid_from": _day(permit.valid_from), "valid_to": _day(permit.valid_to), "area": dict(permit.area)}
    tx.execute(insert(permits), row | {"west": west, "south": south, "east": east, "north": north})
    return not replaced


def remove(tx: Connection, id: str) -> bool:
    """Whether there was one. Cases that it closed stay closed."""
    return tx.execute(delete(permits).where(permits.c.id == id)).rowcount > 0


def listed(tx: Connection, after: str = "", limit: int = 100) -> Iterator[Permit]:
    """In the order of their ids, from the one after ``after``."""
    rows = tx.execute(select(permits).where(permits.c.id > after).order_by(permits.c.id).limit(limit))
    return map(_permit, rows)


def allowing(tx: Connection, key: str, lat: float, lon: float, day: int) -> Permit | None:
    """The permit that allows a type at a place on a local day (days since 1970)."""
    p = permits.c
    near = (p.west <= lon, p.east >= lon, p.south <= lat, p.north >= lat)
    for row in tx.execute(select(permits).where(p.valid_from <= day, p.valid_to >= day, *near).order_by(p.id)):
        permit = _permit(row)
        if key in permit.types and shape(permit.area).covers(Point(lon, lat)):
            return permit
    return None


def _permit(row: Row[Any]) -> Permit:
    first, last = (EPOCH + timedelta(days=day) for day in (row.valid_from, row.valid_to))
    return Permit(row.id, tuple(row.types), row.holder, row.note, first, last, row.area)


def _day(day: date) -> int:
    return (day - EPOCH).days


def _shape(area: Mapping[str, Any]) -> Any:
    try:
        found = shape(area)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, shapely.errors.ShapelyError) as error:
        raise PermitProblem(f"area: no GeoJSON geometry that can be read ({error!r})") from None
    if found.geom_type not in ("Polygon", "MultiPolygon") or found.is_empty or not found.is_valid:
        raise PermitProblem(f"area: a valid polygon is needed: {found.geom_type}, {shapely.is_valid_reason(found)}")
    west, south, east, north = found.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise PermitProblem("area: coordinates are longitude and latitude in degrees, WGS-84")
    return found

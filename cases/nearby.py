"""What lies near a place, as databases are asked for it: a box first, the distance afterwards."""

from typing import Any

from sqlalchemy import Table, bindparam

from cases.association import degrees
from vision.records import Place


def inside(table: Table) -> tuple[Any, Any]:
    """Conditions of a statement that is asked with a ``box``."""
    lat, lon = table.c.lat, table.c.lon
    return lat.between(bindparam("south"), bindparam("north")), lon.between(bindparam("west"), bindparam("east"))


def box(place: Place, metres: float) -> dict[str, float]:
    """All that lies within so many metres, and the corners beyond."""
    lat, lon = degrees(place, metres)
    return {"south": place.lat - lat, "north": place.lat + lat, "west": place.lon - lon, "east": place.lon + lon}

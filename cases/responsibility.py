"""Who is responsible for a case: its grid cell, street and district by its place, and the department by rules."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely import STRtree
from shapely.geometry import Point, shape

LONGEST_NAME = 150
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
"""What no database takes, like a longer name: each event of the cell would be refused."""


class GridProblem(ValueError):
    """A grid that cannot be used; the message names the feature."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the city's grid (网格), and what it belongs to."""

    cell: str
    street: str = ""
    district: str = ""


class Grid:
    """Cells by place, WGS-84. Where cells overlap the smallest counts: it was drawn for a reason."""

    def __init__(self, cells: Sequence[tuple[Cell, Any]] = ()):
        ordered = sorted(cells, key=lambda pair: float(pair[1].area))
        self.cells = tuple(cell for cell, _ in ordered)
        self._tree = STRtree([area for _, area in ordered])

    @classmethod
    def of(cls, geojson: Mapping[str, Any]) -> "Grid":
        """Of a FeatureCollection of polygons, each with properties ``cell`` and perhaps ``street``, ``district``.

        Raises ``GridProblem``.
        """
        features = geojson.get("features") if isinstance(geojson, Mapping) else None
        if not isinstance(features, list) or geojson.get("type") != "FeatureCollection":
            raise GridProblem("a GeoJSON FeatureCollection is needed")
        return cls([_feature(f"features[{number}]", feature) for number, feature in enumerate(features)])

    def at(self, lat: float, lon: float) -> Cell | None:
        """The cell that holds the place; None outside the grid."""
        found = self._tree.query(Point(lon, lat), predicate="intersects")
        return self.cells[min(found)] if len(found) else None


def _feature(where: str, feature: Any) -> tuple[Cell, Any]:
    try:
        said, area = feature["properties"], shape(feature["geometry"])
    except (KeyError, TypeError, AttributeError, ValueError, shapely.errors.ShapelyError) as error:
        raise GridProblem(f"{where}: no geometry that can be read ({error!r})") from None
    if area.geom_type not in ("Polygon", "MultiPolygon") or area.is_empty or not area.is_valid:
        raise GridProblem(f"{where}: a valid polygon is needed: {area.geom_type}, {shapely.is_valid_reason(area)}")
    west, south, east, north = area.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise GridProblem(f"{where}: coordinates are longitude and latitude in degrees, WGS-84")
    if not isinstance(said, dict) or not isinstance(said.get("cell"), str) or not said["cell"]:
        raise GridProblem(f"{where}: properties.cell, the name of the cell, is missing")
    return Cell(*(_name(where, said, key) for key in ("cell", "street", "district"))), area


def _name(where: str, said: Mapping[str, Any], key: str) -> str:
    name = str(said.get(key) or "")
    if len(name) > LONGEST_NAME or _NO_TEXT.search(name):
        raise GridProblem(
            f"{where}: properties.{key}: at most {LONGEST_NAME} characters that are text, not {name[:40]!a}"
        )
    return name


@dataclass(frozen=True, slots=True)
class Assignment:
    """A rule: cases of these types, in zones of these kinds, in these districts and streets, are this department's.

    What is empty holds for any.
    """

    department: str
    types: frozenset[str] = frozenset()
    zone_kinds: frozenset[str] = frozenset()
    districts: frozenset[str] = frozenset()
    streets: frozenset[str] = frozenset()

    def holds(self, key: str, zone_kind: str | None, cell: Cell | None) -> bool:
        street, district = (cell.street, cell.district) if cell is not None else (None, None)
        asked = ((self.types, key), (self.zone_kinds, zone_kind), (self.districts, district), (self.streets, street))
        return all(not allowed or value in allowed for allowed, value in asked)


def responsible(rules: Sequence[Assignment], key: str, zone_kind: str | None, cell: Cell | None) -> str | None:
    """The department of the first rule that holds; None where a person has to say (权属确认)."""
    return next((rule.department for rule in rules if rule.holds(key, zone_kind, cell)), None)

"""Zones: where in the picture a thing is a violation of its type, and where it is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from labels.violation import Rule, ViolationType
from vision.schedule import WeeklySchedule

IGNORE = "ignore"
WATCH = "watch"
EXEMPT = "exempt"

ZONE_KINDS: Mapping[str, str] = {
    "no_parking": "Road or square on which no motor vehicle may be left standing.",
    "sidewalk": "Pavement for people on foot.",
    "blind_track": "Tactile paving that guides blind people; usually a strip inside a sidewalk.",
    "carriageway": "Lanes of moving traffic; a vehicle that stands there may also wait in a queue.",
    "bay": "Marked bay in which motor vehicles may park.",
    "bike_bay": "Marked bay in which bicycles and e-bikes may park.",
    "allowed_trading": "Ground on which stalls are allowed, such as a night market; give it the market's hours.",
    "door_line": "Public ground in front of shops, from the line of their doors outwards.",
    "collection_point": "Place where waste and bins are put out for collection; give it the hours of collection.",
    "work_site": "Fenced ground of building works on which rubble and materials may lie.",
    "approved_display": "Wall or place approved for advertisements and banners.",
    "notice_board": "Board or wall meant for posting bills.",
    "drying_place": "Place provided for drying laundry.",
    WATCH: "Only inside are the named types (every type where none is named) a violation, whatever else the ground is.",
    EXEMPT: "Inside, none of the named types (every type where none is named) is a violation.",
    IGNORE: "Nothing is detected or tracked inside: sky, a swaying tree, a screen, the time stamp in the picture.",
}
"""Kind of a zone and what it means. ``labels/violations.yaml`` says which types each kind is about; ``watch`` and
``exempt`` are about every type."""

_EDGE = 1e-6


@dataclass(frozen=True, slots=True)
class Permit:
    """Allows the types in its zone from one local date to another, both days included."""

    types: tuple[str, ...]
    valid_from: date
    valid_to: date
    note: str = ""

    def in_force(self, key: str, day: date) -> bool:
        return key in self.types and self.valid_from <= day <= self.valid_to


@dataclass(frozen=True, slots=True)
class RuleOverride:
    """What differs from a type's rule; None leaves it as it is. Seconds, and a share in (0, 1]."""

    dwell_s: float | None = None
    absence_s: float | None = None
    share: float | None = None

    def apply(self, rule: Rule) -> Rule:
        return replace(
            rule,
            dwell_s=rule.dwell_s if self.dwell_s is None else self.dwell_s,
            absence_s=rule.absence_s if self.absence_s is None else self.absence_s,
            share=rule.share if self.share is None else self.share,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """A polygon in a view.

    polygon: ``(k, 2)`` float64, relative to the picture, k >= 3, not closed by repeating its first point.
    hours: when it is there, local time; None for always.
    rules: overrides by type key for things inside.
    types: the type keys it speaks of; None for every type its kind is about.
    left_things: the type key under which what is put down here and stays is raised for a person to name, even where no
    detector knows it; None where nobody asked for that.
    """

    id: str
    kind: str
    polygon: NDArray[np.float64]
    hours: WeeklySchedule | None = None
    permits: tuple[Permit, ...] = ()
    rules: Mapping[str, RuleOverride] = field(default_factory=dict)
    types: tuple[str, ...] | None = None
    left_things: str | None = None

    def __str__(self) -> str:
        return f"zone {self.id!r} ({self.kind})"

    def speaks_of(self, key: str) -> bool:
        return self.types is None or key in self.types


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a thing at a place and time is a violation of its type, and under which rule.

    zone_id: the zone that decided, None where the whole picture counts or no zone holds the point.
    rule: the type's rule with the zone's overrides.
    why: one sentence for people.
    """

    applies: bool
    zone_id: str | None
    rule: Rule
    why: str


class Zones:
    """The zones of one view.

    Of several zones that hold a point the first in the list decides, so the more particular zone goes first.
    """

    def __init__(self, zones: tuple[Zone, ...] = (), time_zone: ZoneInfo | None = None):
        self.zones = zones
        self.time_zone = time_zone or ZoneInfo("UTC")
        self._edges, self._starts = _edges(zones)
        self._ignoring = np.array([zone.kind == IGNORE for zone in zones], dtype=bool)
        self.ignoring = bool(self._ignoring.any())
        self.timed = any(zone.hours or zone.permits for zone in zones)

    def kind_of(self, zone_id: str | None) -> str | None:
        """What the ground is in a zone; None where there is none of this id."""
        return next((zone.kind for zone in self.zones if zone.id == zone_id), None)

    def ignored(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which of the ``(n, 2)`` relative points lie in an ``ignore`` zone. Hours do not matter to these zones."""
        return np.asarray(self._holding(points)[:, self._ignoring].any(axis=1))

    def judge(self, type: ViolationType, point: tuple[float, float], at: datetime | None) -> Verdict:
        """Judge a thing of ``type`` at a relative point: the ground point, or the box's centre if it hangs.

        at: aware time of the picture; None where unknown: every zone is then there, and no permit is in force.

        An ignored point is never a violation. Then exempt zones decide, then permits, then the zones in which the type
        is a violation: inside one of those only, or in the whole picture where the view has none. A zone outside its
        hours holds nothing, but it still keeps the whole picture from counting.
        """
        local = None if at is None else at.astimezone(self.time_zone)
        inside = self._holding(np.array([point]))[0]
        holding = [zone for zone, holds in zip(self.zones, inside, strict=True) if holds]
        present = [zone for zone in holding if local is None or zone.hours is None or zone.hours.active(local)]
        override = next((zone.rules[type.key] for zone in present if type.key in zone.rules), None)
        rule = type.rule if override is None else override.apply(type.rule)
        applies, zone, why = self._decide(type, present, holding, local)
        if local is None and self.timed:
            why += "; the time is unknown, so hours and permits were not applied"
        return Verdict(applies, None if zone is None else zone.id, rule, why)

    def _decide(
        self, type: ViolationType, present: list[Zone], holding: list[Zone], local: datetime | None
    ) -> tuple[bool, Zone | None, str]:
        key, where, exempt = type.key, (*type.rule.where, WATCH), (*type.rule.exempt, EXEMPT)
        for zone in present:
            if zone.kind == IGNORE or (zone.kind in exempt and zone.speaks_of(key)):
                return False, zone, f"{key} is no violation in {zone}"
        for zone in present:
            for permit in zone.permits:
                if local is not None and permit.in_force(key, local.date()):
                    note = f" ({permit.note})" if permit.note else ""
                    return False, zone, f"a permit{note} allows {key} in {zone} until {permit.valid_to}"
        for zone in present:
            if zone.kind in where and zone.speaks_of(key):
                return True, zone, f"in {zone}"
        limits = [zone for zone in self.zones if zone.kind in where and zone.speaks_of(key)]
        if not limits:
            return True, None, f"no zone limits {key} in this view, so the whole picture counts"
        if closed := [zone for zone in limits if zone in holding]:
            return False, closed[0], f"{closed[0]} is outside its hours"
        return False, None, f"{key} counts only in {', '.join(map(str, limits))}, and the point is in none of them"

    def _holding(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """``(n, zones)``: which zones hold which points (even-odd rule: a ray to the right crosses the outline)."""
        if not self.zones:
            return np.zeros((len(points), 0), dtype=bool)
        # A thing cut off by the picture's edge has its ground point on the edge, and a zone drawn to the edge holds it.
        x, y = np.clip(np.asarray(points, dtype=np.float64).reshape(-1, 2), _EDGE, 1 - _EDGE).T[:, :, None]
        x0, y0, x1, y1 = self._edges
        with np.errstate(divide="ignore", invalid="ignore"):  # level edges: the first condition already leaves them out
            crossed = ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
        held: NDArray[np.bool_] = np.logical_xor.reduceat(crossed, self._starts, axis=1)
        return held


def _edges(zones: tuple[Zone, ...]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """``(4, edges)`` x0 y0 x1 y1 of all polygons one after the other, and where each polygon's edges begin."""
    edges: list[tuple[float, ...]] = []
    starts = []
    for zone in zones:
        starts.append(len(edges))
        edges += [(*a, *b) for a, b in pairwise([*zone.polygon, zone.polygon[0]])]
    return np.array(edges, dtype=np.float64).reshape(-1, 4).T, np.array(starts, dtype=np.int64)

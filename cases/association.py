"""Which violations of several views are one real thing, and so one case.

Two violations may be one if they are of one type, seen by different views, at overlapping times, and lie no farther
apart than their radii allow. Each radius holds the true place in 95 of 100 cases, so the distance of two sightings of
one thing is within the root of the sum of their squares as often. What is vague, a radius above ``SURE_M``, is never
merged: it is proposed to a person.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vision.records import Place, Violation

SURE_M = 15.0
FARTHEST_M = 200.0
"""Beyond it nothing is proposed: a camera that only knows its own place would be near half the town."""
CLOCKS_S = 5.0
"""Clocks that were set, and looks that come every few seconds: so far two intervals may miss one another."""
EARTH_M = 6_371_008.8
"""Mean radius (IUGG)."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two violations that may be one thing. metres: between their places. why: what kept them from being merged."""

    first: str
    second: str
    metres: float
    why: str


@dataclass(frozen=True, slots=True)
class Association:
    """What belongs together.

    groups: the violations of each real thing, earliest by our clock first; every violation is in one. proposals:
    nearest first.
    """

    groups: tuple[tuple[str, ...], ...]
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A violation as it is compared: times by our clock, in seconds, ``end_s`` infinite while it lasts."""

    violation: Violation
    place: Place
    begin_s: float
    end_s: float

    @property
    def view(self) -> tuple[str, str]:
        return self.violation.camera_id, self.violation.view_id


def associate(violations: Iterable[Violation], clock_offset_s: Mapping[str, float]) -> Association:
    """What belongs together, whatever the order of ``violations``, each of which comes once.

    clock_offset_s: by camera, its clock minus ours; 0 for those that are not in it. Violations without a place or a
    known time stay alone. Groups are complete: each two of one may be the same thing, and no view is in it twice.
    """

    def onset_s(v: Violation) -> float:
        return math.inf if v.onset is None else _ours(v.onset, clock_offset_s.get(v.camera_id, 0.0))

    known = sorted(violations, key=lambda v: (onset_s(v), v.id))
    seen = [s for v in known if (s := _seen(v, clock_offset_s.get(v.camera_id, 0.0))) is not None]
    sure: list[tuple[float, _Seen, _Seen]] = []
    proposals: list[Proposal] = []
    for metres, a, b in _near(seen):
        vague = [s for s in (a, b) if s.place.radius_m > SURE_M]
        if not vague:
            sure.append((metres, a, b))
        else:
            least = max(s.place.radius_m for s in vague)
            why = f"a place is known to {least:.0f} m only, at most {SURE_M:.0f} m are merged"
            proposals.append(Proposal(a.violation.id, b.violation.id, round(metres, 1), why))
    groups = _groups(known, sure)
    return Association(groups, tuple(sorted(proposals, key=lambda p: (p.metres, p.first, p.second))))


def distance_m(a: Place, b: Place) -> float:
    """Metres between two places near one another: the equirectangular approximation, exact to 0.1 % within a city."""
    east = math.radians(b.lon - a.lon) * math.cos(math.radians((a.lat + b.lat) / 2))
    return EARTH_M * math.hypot(east, math.radians(b.lat - a.lat))


def degrees(place: Place, metres: float) -> tuple[float, float]:
    """By how much latitude and longitude differ at most within so many metres of a place."""
    lat = math.degrees(metres / EARTH_M)
    return lat, lat / max(0.01, math.cos(math.radians(place.lat)))


def _seen(v: Violation, offset_s: float) -> _Seen | None:
    if v.place is None or v.onset is None:
        return None
    end_s = math.inf if v.cleared_at is None else _ours(v.cleared_at, offset_s)
    return _Seen(v, v.place, _ours(v.onset, offset_s), end_s)


def _ours(at: datetime, offset_s: float) -> float:
    return (at - timedelta(seconds=offset_s)).timestamp()


def _near(seen: Sequence[_Seen]) -> Iterator[tuple[float, _Seen, _Seen]]:
    """Pairs that may be one thing, with the metres between them.

    In the order of time, each is compared only with those nearby that still last: a year of a city has many that are
    near, but few at once.
    """
    lasting: dict[tuple[str, int, int], list[_Seen]] = {}
    for now in sorted(seen, key=lambda s: (s.begin_s, s.violation.id)):
        column, row = _cell(now.place)
        for x in (column - 1, column, column + 1):
            for y in (row - 1, row, row + 1):
                cell = (now.violation.key, x, y)
                still = [s for s in lasting.get(cell, ()) if s.end_s + CLOCKS_S >= now.begin_s]
                if cell in lasting:
                    lasting[cell] = still
                for other in still:
                    metres = distance_m(other.place, now.place)
                    allowed = min(math.hypot(other.place.radius_m, now.place.radius_m), FARTHEST_M)
                    if other.view != now.view and metres <= allowed:
                        yield metres, other, now
        lasting.setdefault((now.violation.key, column, row), []).append(now)


def _cell(place: Place) -> tuple[int, int]:
    """A rectangle so large that what is near lies in it or beside it; its width is enough up to 78 degrees north."""
    side = math.degrees(FARTHEST_M / EARTH_M)
    return math.floor(place.lon / (5 * side)), math.floor(place.lat / side)


def _groups(violations: Sequence[Violation], sure: list[tuple[float, _Seen, _Seen]]) -> tuple[tuple[str, ...], ...]:
    """Nearest pairs first, as long as everyone in a group agrees."""
    agreed = {frozenset((a.violation.id, b.violation.id)) for _, a, b in sure}
    group: dict[str, list[Violation]] = {v.id: [v] for v in violations}
    for _, a, b in sorted(sure, key=lambda pair: (pair[0], pair[1].violation.id, pair[2].violation.id)):
        mine, other = group[a.violation.id], group[b.violation.id]
        if mine is other or any(frozenset((m.id, o.id)) not in agreed for m in mine for o in other):
            continue
        mine += other
        for violation in other:
            group[violation.id] = mine
    order = {v.id: n for n, v in enumerate(violations)}
    whole = {id(members): sorted((m.id for m in members), key=order.__getitem__) for members in group.values()}
    return tuple(tuple(ids) for ids in sorted(whole.values(), key=lambda ids: order[ids[0]]))

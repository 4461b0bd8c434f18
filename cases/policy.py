"""What a city has decided of its cases: who is responsible, how long it may take, and what goes without a person."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cases.responsibility import Assignment, Cell, Grid, responsible
from cases.working_time import WorkingTime

EPOCH = date(1970, 1, 1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Within so much time a type is to be handled. working: counted in working time, else by the clock."""

    time: timedelta
    working: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """grid, assignments: who is responsible. deadlines: by type; ``otherwise`` for the rest. unconfirmed: types that
    are accepted, filed and dispatched without a person; they are no evidence until one has confirmed them.
    close_when_gone: what a camera saw to be gone is closed without a person. receivers: who is told of cases, by name,
    and of which kinds of message, none for all. repeat: for so long after its end a place counts as the same again.
    asked_after: so long after a handler is done the camera is asked whether it is still there.
    """

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    grid: Grid = field(default_factory=Grid)
    assignments: tuple[Assignment, ...] = ()
    working_time: WorkingTime | None = None
    deadlines: Mapping[str, Deadline] = field(default_factory=dict)
    otherwise: Deadline | None = None
    unconfirmed: frozenset[str] = frozenset()
    close_when_gone: bool = True
    receivers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    repeat: timedelta = timedelta(days=7)
    asked_after: timedelta = timedelta(minutes=1)

    @property
    def departments(self) -> list[str]:
        """All that the city names; none where it names none, and any may be said."""
        return sorted({assignment.department for assignment in self.assignments})

    def cell(self, lat: float | None, lon: float | None) -> Cell | None:
        return None if lat is None or lon is None else self.grid.at(lat, lon)

    def department(self, key: str, zone_kind: str | None, cell: Cell | None) -> str | None:
        return responsible(self.assignments, key, zone_kind, cell)

    def due(self, key: str, start: datetime) -> datetime | None:
        """When a case of this type that is dispatched at ``start`` is to be handled; None where nobody said, or where
        the calendar has not so much working time: no case waits for that.
        """
        deadline = self.deadlines.get(key, self.otherwise)
        if deadline is None:
            return None
        working = self.working_time if deadline.working else None
        return _after(working, key, start, deadline.time)

    def resumed(self, key: str, due_at: datetime | None, stopped: datetime, now: datetime) -> datetime | None:
        """The deadline of a case that goes on: what was left of its time when it stopped, from now on."""
        if due_at is None or due_at <= stopped:
            return due_at
        deadline = self.deadlines.get(key, self.otherwise)
        working = self.working_time if deadline is None or deadline.working else None
        left = due_at - stopped if working is None else working.between(stopped, due_at)
        return _after(working, key, now, left)

    def local(self, at: datetime) -> tuple[int, int]:
        """The local day (days since 1970) and hour of a moment."""
        there = at.astimezone(self.zone)
        return (there.date() - EPOCH).days, there.hour


def _after(working: WorkingTime | None, key: str, start: datetime, time: timedelta) -> datetime | None:
    if working is None:
        return start + time
    try:
        return working.after(start, time)
    except ValueError as error:
        _log.error("a case of %s has no deadline: %s", key, error)
        return None

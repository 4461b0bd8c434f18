"""The handling file: what a city decided of its cases, as people write it; beside the city file, for ``serve``."""

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PrivateAttr, ValidationError, model_validator

from cases.policy import Deadline, Policy
from cases.responsibility import Assignment, Grid
from cases.retention import LEAST
from cases.working_time import LONGEST_SEARCH, Hours, WorkingTime
from service.city_errors import Complaint, complaints
from service.city_fields import Entry, Kind, TimeZone, TypeKey
from service.city_yaml import YamlProblem, read_yaml
from service.receivers import ReceiverIn, Ways, ways
from vision.schedule import DAY_S, WeeklySchedule

OTHERWISE = "otherwise"
_HOST = re.compile(r"[\w.-]+(:\d{1,5})?")


class HandlingFileError(ValueError):
    """A handling file that cannot be used; the message has a line for each mistake."""


def _hours(value: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
    _week(value)
    return value


def _address(value: str) -> str:
    if _HOST.fullmatch(value):
        return value.lower()  # as it is compared
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        what = "a host (intra.example), a host with its port (intra.example:8080) or a network (10.20.0.0/16)"
        raise ValueError(f"{what} is needed") from None


def _named_once(receivers: list[ReceiverIn]) -> list[ReceiverIn]:
    twice = [name for name, count in Counter(said.name for said in receivers).items() if count > 1]
    if twice:
        raise ValueError(f"{', '.join(map(repr, twice))}: another receiver has this name; a name is given once")
    return receivers


def _days(value: dict[date, list[str]]) -> dict[date, list[str]]:
    for day, spans in value.items():
        try:
            _day(spans)
        except ValueError as problem:
            raise ValueError(f"{day}: {problem}") from None
    return value


WeekHours = Annotated[dict[str, str | list[str]], AfterValidator(_hours)]


class WorkingHours(Entry):
    """Deadlines run in these hours."""

    hours: WeekHours = Field(
        title="Hours", description='Of the week, such as {mon-fri: ["08:00-12:00", "14:30-17:30"]}.'
    )
    days: Annotated[dict[date, list[str]], AfterValidator(_days)] = Field(
        default={}, title="Days", description="Hours of single dates instead, none for a holiday."
    )


class DeadlineIn(Entry):
    """How long handling may take from the dispatch on."""

    hours: Annotated[float, Field(gt=0, le=2000)] = Field(
        title="Hours", description="Of working time, or by the clock."
    )
    working: bool = Field(default=True, title="Working time", description="Whether only working hours count.")


class AssignmentIn(Entry):
    """Whose cases are whose; the first that fits counts, and what is left out fits any."""

    department: Annotated[str, Field(max_length=100, pattern=r"^\S(.*\S)?$")] = Field(
        title="Department", description="Its name."
    )
    types: list[TypeKey] = Field(default=[], title="Types", description="Of violation.")
    zone_kinds: list[Kind] = Field(default=[], title="Zone kinds", description="What the ground is.")
    districts: list[str] = Field(default=[], title="Districts", description="As the grid names them.")
    streets: list[str] = Field(default=[], title="Streets", description="As the grid names them.")


class Handling(Entry):
    """The whole file."""

    time_zone: TimeZone = Field(
        default="UTC", title="Time zone", description="Name of the IANA list; hours and days are local to it."
    )
    grid: str | None = Field(
        default=None, title="Grid", description="GeoJSON file of the city's grid, beside this file; WGS-84."
    )
    departments: list[AssignmentIn] = Field(default=[], title="Departments", description="Whose cases are whose.")
    working_time: WorkingHours | None = Field(default=None, title="Working time", description="When people work.")
    deadlines: dict[TypeKey | Literal["otherwise"], DeadlineIn] = Field(
        default={}, title="Deadlines", description="By type; otherwise for the rest."
    )
    without_a_person: list[TypeKey] = Field(
        default=[], title="Without a person", description="Types that are dispatched before anybody has looked."
    )
    close_when_gone: bool = Field(
        default=True, title="Close when gone", description="What the camera sees gone is closed without a person."
    )
    asked_after_s: Annotated[float, Field(ge=0, le=86_400)] = Field(
        default=60, title="Asked after (s)", description="So long after a handler is done cameras are asked."
    )
    receivers: Annotated[list[ReceiverIn], AfterValidator(_named_once)] = Field(
        default=[], title="Receivers", description="Systems that are told of cases."
    )
    allowed_addresses: list[Annotated[str, AfterValidator(_address)]] = Field(
        default=[], title="Allowed addresses", description="Hosts and networks (CIDR) that may be private."
    )
    keep_days: Annotated[int, Field(ge=LEAST.days)] = Field(
        default=180, title="Keep days", description="For so long evidence of cases that are over is kept."
    )
    _folder: Path = PrivateAttr(default_factory=Path)

    @model_validator(mode="after")
    def _names_of_the_grid(self) -> "Handling":
        by_place = next((said.department for said in self.departments if said.districts or said.streets), None)
        if by_place is not None and self.grid is None:
            raise ValueError(
                f"departments: {by_place!r} goes by districts or streets: a grid is needed, which names them"
            )
        return self

    def policy(self) -> Policy:
        """Raises ``HandlingFileError`` for a grid that cannot be used."""
        deadlines = {key: Deadline(timedelta(hours=d.hours), d.working) for key, d in self.deadlines.items()}
        zone, otherwise = ZoneInfo(self.time_zone), deadlines.pop(OTHERWISE, None)
        return Policy(
            zone=zone,
            grid=self._grid(),
            assignments=tuple(_assignment(said) for said in self.departments),
            working_time=None if self.working_time is None else _working(zone, self.working_time),
            deadlines=deadlines,
            otherwise=otherwise,
            unconfirmed=frozenset(self.without_a_person),
            asked_after=timedelta(seconds=self.asked_after_s),
            close_when_gone=self.close_when_gone,
            receivers={said.name: said.kinds for said in self.receivers},
        )

    def ways(self, source: str) -> Ways:
        """Raises ``ReceiverProblem`` where a secret is missing."""
        return ways(self.receivers, source, self.allowed_addresses)

    def _grid(self) -> Grid:
        if self.grid is None:
            return Grid()
        path = self._folder / Path(self.grid).expanduser()
        try:
            return Grid.of(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            what = error.strerror if isinstance(error, OSError) else str(error)
            raise HandlingFileError(f"{path}: {what}") from None


def load_handling(path: Path | None, today: date | None = None) -> Handling:
    """Read and check; without a file what holds by itself. Raises ``HandlingFileError``."""
    if path is None:
        return Handling()
    try:
        document = read_yaml(path)
    except YamlProblem as problem:
        raise HandlingFileError(str(problem)) from None
    try:
        handling = Handling.model_validate(document.data)
        found = _out_of_reach(handling, today or datetime.now(UTC).date())
    except ValidationError as problem:
        found = complaints(problem, document.data, Handling.model_json_schema())
    if found:
        lines = sorted((document.line(loc), text) for loc, text in found)
        raise HandlingFileError("\n".join(f"{path}:{line}: {text}" for line, text in lines))
    handling._folder = path.parent
    return handling


def _out_of_reach(handling: Handling, today: date) -> list[Complaint]:
    """Deadlines of more working time than there is, and what to say of them."""
    if handling.working_time is None:
        return []
    most = _working(ZoneInfo(handling.time_zone), handling.working_time).most(today)
    there = f"working_time has {most / timedelta(hours=1):g} hours in {LONGEST_SEARCH.days} days"
    return [
        (("deadlines", key, "hours"), f"deadlines.{key}.hours: value {said.hours:g}: {there}; allowed are fewer hours")
        for key, said in handling.deadlines.items()
        if said.working and timedelta(hours=said.hours) > most
    ]


def _assignment(said: AssignmentIn) -> Assignment:
    parts = (said.types, said.zone_kinds, said.districts, said.streets)
    return Assignment(said.department, *map(frozenset, parts))


def _working(zone: ZoneInfo, said: WorkingHours) -> WorkingTime:
    days = {day: _day(spans) for day, spans in said.days.items()}
    return WorkingTime(zone, _week(said.hours), days)


def _week(hours: Mapping[str, str | list[str]]) -> tuple[Hours, ...]:
    spans = WeeklySchedule.parse(hours).spans
    found: list[list[tuple[time, time]]] = [[] for _ in range(7)]
    for start, length in spans:
        day, begin = divmod(start, DAY_S)
        first = min(length, DAY_S - begin)
        found[day].append((_clock(begin), _clock(begin + first)))
        if length > first:
            found[(day + 1) % 7].append((_clock(0), _clock(length - first)))
    week = tuple(tuple(sorted(spans)) for spans in found)
    WorkingTime(ZoneInfo("UTC"), week)  # in order and apart
    return week


def _day(spans: list[str]) -> Hours:
    if not spans:
        return ()
    week = _week({"mon": spans})
    if week[1]:
        raise ValueError("hours of a single day end with it, at 24:00 at the latest")
    return week[0]


def _clock(seconds: int) -> time:
    seconds %= DAY_S
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)

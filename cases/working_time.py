"""Working time: a city's hours and holidays, and when so many hours of it are over."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST_SEARCH = timedelta(days=400)
"""A deadline farther away than this is a calendar without working hours."""

Hours = tuple[tuple[time, time], ...]
"""Spans of one day, in order, apart; ``(08:00, 12:00), (14:30, 17:30)``. An end of 00:00 is midnight."""


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """week: the hours of Monday to Sunday. days: those of single dates instead, none for a holiday; 调休 makes Sundays
    working days that way.
    """

    zone: ZoneInfo
    week: tuple[Hours, ...]
    days: Mapping[date, Hours] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError(f"a week has seven days, not {len(self.week)}")
        for hours in (*self.week, *self.days.values()):
            flat = [second for begin, end in hours for second in (_seconds(begin), _seconds(end) or 24 * 3600)]
            if flat != sorted(set(flat)):
                raise ValueError(f"hours must be in order and apart: {hours}")

    def after(self, start: datetime, work: timedelta) -> datetime:
        """When that much working time has passed since ``start``; UTC. Raises ``ValueError`` where it never has.

        Work that ends with the day is due at the end of that day, not at the beginning of the next.
        """
        start, left = start.astimezone(UTC), work
        for begin, end in self._spans(start):
            length = end - max(begin, start)
            if length <= timedelta(0):
                continue
            if left <= length:
                return max(begin, start) + left
            left -= length
        raise ValueError(
            f"there are no {work} of working time in the {LONGEST_SEARCH.days} days after {start:%Y-%m-%d}"
        )

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from one moment to a later one."""
        total = timedelta(0)
        for begin, over in self._spans(start):
            if begin >= end:
                break
            total += max(timedelta(0), min(over, end) - max(begin, start))
        return total

    def _spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Begin and end of the spans from the day of ``start`` on, UTC."""
        first = start.astimezone(self.zone).date()
        for n in range(LONGEST_SEARCH.days):
            day = first + timedelta(days=n)
            for begin, end in self.days.get(day, self.week[day.weekday()]):
                yield self._utc(day, begin), self._utc(day + timedelta(days=end == time()), end)

    def _utc(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second

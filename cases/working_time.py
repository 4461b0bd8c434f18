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
        first = start.astimezone(self.zone).date()
        for n in range(LONGEST_SEARCH.days):
            for begin, end in self._spans(first + timedelta(days=n)):
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
        first, last = (at.astimezone(self.zone).date() for at in (start, end))
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        spans = (span for day in days for span in self._spans(day))
        worked = (min(over, end) - max(begin, start) for begin, over in spans)
        return sum((one for one in worked if one > timedelta(0)), timedelta(0))

    def most(self, today: date) -> timedelta:
        """So much work has an end, whenever it begins in the ``LONGEST_SEARCH`` from today on; more may have none."""
        days = [today + timedelta(days=n) for n in range(2 * LONGEST_SEARCH.days)]
        worked = [sum((end - begin for begin, end in self._spans(day)), timedelta(0)) for day in days]
        # It may begin when the first day's hours are over.
        return min(sum(worked[n + 1 : n + LONGEST_SEARCH.days], timedelta(0)) for n in range(LONGEST_SEARCH.days))

    def _spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Begin and end of a day's spans, UTC, in order and apart."""
        over = datetime.min.replace(tzinfo=UTC)
        for begin, end in self.days.get(day, self.week[day.weekday()]):
            # Hours that are skipped when clocks are set forward reach into those that follow.
            begins = max(over, self._utc(day, begin))
            over = max(begins, self._utc(day + timedelta(days=end == time()), end))
            yield begins, over

    def _utc(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second

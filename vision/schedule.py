"""Hours of the week in local wall-clock time: when a zone is there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_S = 24 * 3600
WEEK_S = 7 * DAY_S

_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")
_ALLOWED_DAYS = "allowed are daily, a day (mon tue wed thu fri sat sun), or days in a row such as mon-fri"
_ALLOWED_HOURS = 'allowed is "07:00-19:00", from 00:00 to 24:00; "22:00-06:00" runs over midnight'


@dataclass(frozen=True, slots=True)
class WeeklySchedule:
    """Spans of the week: seconds since Monday 00:00 at which each begins, and how many seconds it lasts."""

    spans: tuple[tuple[int, int], ...]

    def active(self, local: datetime) -> bool:
        """Whether this local wall-clock time lies in a span; its beginning does, its end does not."""
        second = local.weekday() * DAY_S + local.hour * 3600 + local.minute * 60 + local.second
        return any((second - start) % WEEK_S < length for start, length in self.spans)

    @classmethod
    def parse(cls, hours: Mapping[str, str | Sequence[str]]) -> "WeeklySchedule":
        """From what people write: ``{"mon-fri": "07:00-19:00", "sat": ["08:00-12:00", "22:00-02:00"]}``.

        A span over midnight belongs to the day on which it begins. Raises ``ValueError`` saying what is allowed.
        """
        if not hours:
            raise ValueError(f"no hours given; leave the field out for a zone that is always there; {_ALLOWED_DAYS}")
        spans = []
        for name, written in hours.items():
            texts = [written] if isinstance(written, str) else written
            if not texts:
                raise ValueError(f"{name}: no hours given; {_ALLOWED_HOURS}")
            for start, length in map(_span, texts):
                spans += [(day * DAY_S + start, length) for day in _days(name)]
        return cls(tuple(sorted(spans)))


def _days(name: str) -> list[int]:
    if name == "daily":
        return list(range(7))
    first, _, last = name.partition("-")
    if first not in DAYS or (last or first) not in DAYS or name.endswith("-"):
        raise ValueError(f"{name!r} is no day; {_ALLOWED_DAYS}")
    start = DAYS.index(first)
    return [(start + n) % 7 for n in range((DAYS.index(last or first) - start) % 7 + 1)]


def _span(text: str) -> tuple[int, int]:
    """Seconds after midnight at which it begins, and its length in seconds."""
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no span of hours; {_ALLOWED_HOURS}")
    from_hour, from_minute, to_hour, to_minute = map(int, match.groups())
    start, end = from_hour * 3600 + from_minute * 60, to_hour * 3600 + to_minute * 60
    if max(from_minute, to_minute) > 59 or start >= DAY_S or end > DAY_S or start == end:
        raise ValueError(f"{text!r} is no span of hours; {_ALLOWED_HOURS}")
    return start, (end - start) % DAY_S or DAY_S

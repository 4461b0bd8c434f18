"""Deadlines in working time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.working_time import WorkingTime

XIAMEN = ZoneInfo("Asia/Shanghai")
DAY = ((time(8), time(12)), (time(14, 30), time(17, 30)))
OFFICE = WorkingTime(
    XIAMEN,
    (DAY,) * 5 + ((), ()),
    {date(2026, 10, 1): (), date(2026, 10, 2): (), date(2026, 10, 10): DAY},
)
"""Two days of the National Day holiday, and a Saturday worked for them."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=XIAMEN)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-09-29T09:00", 2, "2026-09-29T11:00"),
        ("2026-09-29T11:00", 2, "2026-09-29T15:30"),  # over noon
        ("2026-09-29T17:00", 1, "2026-09-30T08:30"),  # over night
        ("2026-09-29T16:30", 1, "2026-09-29T17:30"),  # ends with the day
        ("2026-09-30T17:00", 1, "2026-10-05T08:30"),  # over the holiday and the weekend after it
        ("2026-10-09T17:00", 1, "2026-10-10T08:30"),  # a Saturday that is worked
        ("2026-10-10T17:00", 1, "2026-10-12T08:30"),
        ("2026-09-29T03:00", 7, "2026-09-29T17:30"),
    ],
)
def test_hours_of_work_end_when_somebody_works(start: str, hours: float, due: str) -> None:
    found = OFFICE.after(at(start), timedelta(hours=hours))
    assert found == at(due)
    assert found.tzinfo is UTC
    assert OFFICE.between(at(start), found) == timedelta(hours=hours)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)),
    st.timedeltas(timedelta(minutes=1), timedelta(hours=60)),
    st.timedeltas(timedelta(0), timedelta(hours=60)),
)
def test_more_work_ends_later_and_the_parts_add_up(start: datetime, work: timedelta, more: timedelta) -> None:
    begin = start.replace(tzinfo=UTC)
    due, later = OFFICE.after(begin, work), OFFICE.after(begin, work + more)
    assert due <= later
    assert OFFICE.between(begin, due) == work
    assert OFFICE.between(begin, later) == OFFICE.between(begin, due) + OFFICE.between(due, later)


def test_a_night_shift_and_a_clock_that_is_set_back() -> None:
    berlin = WorkingTime(ZoneInfo("Europe/Berlin"), (((time(0), time(0)),),) * 7)
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight there; the day has 25 hours
    assert berlin.after(start, timedelta(hours=25)) == datetime(2026, 10, 25, 23, tzinfo=UTC)


def test_a_calendar_without_work_is_said() -> None:
    never = WorkingTime(XIAMEN, ((),) * 7)
    with pytest.raises(ValueError, match="no 1:00:00 of working time"):
        never.after(at("2026-09-29T09:00"), timedelta(hours=1))
    with pytest.raises(ValueError, match="in order and apart"):
        WorkingTime(XIAMEN, (((time(8), time(12)), (time(11), time(17))),) * 7)
    with pytest.raises(ValueError, match="seven days"):
        WorkingTime(XIAMEN, ())

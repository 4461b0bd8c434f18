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


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)),
    st.timedeltas(timedelta(minutes=1), timedelta(hours=60)),
    st.timedeltas(timedelta(seconds=1), timedelta(hours=60)),
)
def test_work_in_two_parts_ends_as_the_whole_does(start: datetime, work: timedelta, more: timedelta) -> None:
    begin = start.replace(tzinfo=UTC)
    due = OFFICE.after(begin, work)
    assert OFFICE.after(due, more) == OFFICE.after(begin, work + more)
    assert OFFICE.between(begin, due) == work
    assert OFFICE.between(due, OFFICE.after(due, more)) == more


def test_a_night_shift_and_a_clock_that_is_set_back() -> None:
    berlin = WorkingTime(ZoneInfo("Europe/Berlin"), (((time(0), time(0)),),) * 7)
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight there; the day has 25 hours
    assert berlin.after(start, timedelta(hours=25)) == datetime(2026, 10, 25, 23, tzinfo=UTC)


def test_hours_that_are_skipped_when_clocks_are_set_forward_count_once() -> None:
    night = ((time(0), time(2, 30)), (time(3), time(6)))
    berlin = WorkingTime(ZoneInfo("Europe/Berlin"), (night,) * 7)
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight there; at 2:00 it is 3:00
    assert berlin.after(start, timedelta(hours=5)) == datetime(2026, 3, 29, 4, tzinfo=UTC)
    assert berlin.after(start, timedelta(hours=5, minutes=6)) == datetime(2026, 3, 29, 22, 6, tzinfo=UTC)


def test_the_most_work_that_has_an_end_is_what_is_left_of_the_poorest_year() -> None:
    today, mondays = date(2026, 9, 28), (((time(9), time(10)),), *((),) * 6)  # a Monday
    hourly = WorkingTime(XIAMEN, mondays)
    shut = WorkingTime(XIAMEN, mondays, {date(2027, 10, 4): ()})
    assert [calendar.most(today) for calendar in (hourly, shut)] == [timedelta(hours=57), timedelta(hours=56)]
    for day in range(400):
        start = datetime(2026, 9, 28, 1, tzinfo=UTC) + timedelta(days=day, hours=1)
        assert shut.after(start, timedelta(hours=56)) > start
    with pytest.raises(ValueError, match="of working time"):
        shut.after(datetime(2026, 9, 28, 2, tzinfo=UTC), timedelta(hours=57))


def test_a_calendar_without_work_is_said() -> None:
    never = WorkingTime(XIAMEN, ((),) * 7)
    with pytest.raises(ValueError, match="no 1:00:00 of working time"):
        never.after(at("2026-09-29T09:00"), timedelta(hours=1))
    with pytest.raises(ValueError, match="in order and apart"):
        WorkingTime(XIAMEN, (((time(8), time(12)), (time(11), time(17))),) * 7)
    with pytest.raises(ValueError, match="seven days"):
        WorkingTime(XIAMEN, ())

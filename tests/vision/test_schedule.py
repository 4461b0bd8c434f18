"""Hours of the week."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.schedule import WeeklySchedule

MONDAY = datetime(2026, 3, 2)


@pytest.mark.parametrize(
    ("hours", "day", "time", "active"),
    [
        ({"mon-fri": "07:00-19:00"}, 0, "07:00", True),
        ({"mon-fri": "07:00-19:00"}, 0, "18:59", True),
        ({"mon-fri": "07:00-19:00"}, 0, "19:00", False),
        ({"mon-fri": "07:00-19:00"}, 5, "12:00", False),
        ({"sat": ["08:00-12:00", "14:00-18:00"]}, 5, "13:00", False),
        ({"sat": ["08:00-12:00", "14:00-18:00"]}, 5, "14:30", True),
        ({"fri": "22:00-02:00"}, 5, "01:30", True),  # the night that began on Friday
        ({"fri": "22:00-02:00"}, 4, "01:30", False),
        ({"sun": "22:00-02:00"}, 0, "01:30", True),  # over the end of the week
        ({"fri-mon": "09:00-10:00"}, 6, "09:30", True),
        ({"fri-mon": "09:00-10:00"}, 2, "09:30", False),
        ({"daily": "00:00-24:00"}, 3, "00:00", True),
        ({"daily": "20:00-24:00"}, 3, "23:59", True),
        ({"daily": "20:00-24:00"}, 3, "00:00", False),
    ],
)
def test_hours_as_people_mean_them(hours: dict[str, str], day: int, time: str, active: bool) -> None:
    hour, minute = map(int, time.split(":"))
    assert WeeklySchedule.parse(hours).active(MONDAY + timedelta(days=day, hours=hour, minutes=minute)) is active


@given(st.integers(0, 7 * 24 * 60 - 1))
def test_the_whole_day_every_day_is_always(minute: int) -> None:
    assert WeeklySchedule.parse({"daily": "00:00-24:00"}).active(MONDAY + timedelta(minutes=minute))


@pytest.mark.parametrize(
    "hours",
    [
        {},
        {"mon": []},
        {"monday": "07:00-19:00"},
        {"mon-": "07:00-19:00"},
        {"mon": "7-19"},
        {"mon": "07:00-07:00"},
        {"mon": "07:60-08:00"},
        {"mon": "24:00-08:00"},
        {"mon": "07:00-24:30"},
    ],
)
def test_hours_that_mean_nothing_are_refused_saying_what_is_allowed(hours: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"allowed (is|are)"):
        WeeklySchedule.parse(hours)

"""Recorders write the start into the name: in many forms, in local time, and sometimes wrong."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.filename_time import file_start

XIAMEN = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("cam1_20260501_080000.mp4", "cam1_%Y%m%d_%H%M%S"),
        ("cam1_20260501_080000.mp4", "%Y%m%d_%H%M%S"),
        ("12345678_20260501080000.mp4", "%Y%m%d%H%M%S"),
        ("ch99990101_20260501_080000.mp4", "_%Y%m%d_%H%M%S"),
        ("2026-05-01T00:00:00Z.mp4", "%Y-%m-%dT%H:%M:%S%z"),
        ("2026-05-01 02-00-00+0200.mp4", "%Y-%m-%d %H-%M-%S%z"),
        ("cam(1)[2026.05.01].08.00.mp4", "[%Y.%m.%d].%H.%M"),
        ("1777593600.mp4", "%s"),
        ("cam7-1777593600-x.mp4", "cam7-%s-x"),
        ("01May2026 080000.mp4", "%d%b%Y %H%M%S"),
        ("100%_20260501_080000.mp4", "100%%_%Y%m%d_%H%M%S"),
        ("2026-05/01/cam1/08.00.mp4", "%Y-%m/%d/cam1/%H.%M"),
    ],
)
def test_the_name_states_the_start(path: str, pattern: str) -> None:
    assert file_start(path, pattern, XIAMEN) == datetime(2026, 5, 1, 0, 0, tzinfo=UTC)


def test_another_name_states_none() -> None:
    assert file_start("street.mp4", "%Y%m%d", UTC) is None
    assert file_start("20260501/street.mp4", "%Y%m%d", UTC) is None


def test_digits_that_only_look_like_the_time_are_passed_over() -> None:
    found = file_start("99999999_20260501.mp4", "%Y%m%d", UTC)
    assert found == datetime(2026, 5, 1, tzinfo=UTC)


def test_a_time_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match=r"cam_20261332\.mp4"):
        file_start("cam_20261332.mp4", "%Y%m%d", UTC)


@pytest.mark.parametrize("pattern", ["cam1", "", "%Q%Y", "%Y%", "%s%s"])
def test_a_pattern_that_is_none_is_answered_with_what_is_allowed(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"allowed are .*%Y"):
        file_start("cam1_20260501.mp4", pattern, UTC)


@given(st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1)), st.integers(-12, 14))
def test_every_second_in_every_zone_is_read_back(at: datetime, hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    name = f"cam-12_{at:%Y-%m-%d_%H-%M-%S}.mp4"
    assert file_start(name, "%Y-%m-%d_%H-%M-%S", zone) == at.replace(microsecond=0, tzinfo=zone)

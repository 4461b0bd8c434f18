"""A live camera's time follows ours, whatever its own clock does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.frame import Clock
from streams.live_clock import LiveClock

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Wall:
    """Our clocks, moved by hand."""

    def __init__(self) -> None:
        self.now_s = 5000.0

    def clock(self) -> float:
        return self.now_s

    def utc(self) -> datetime:
        return START + timedelta(seconds=self.now_s - 5000)


def watched(elapsed_s: float = 0.0) -> tuple[Wall, LiveClock]:
    wall = Wall()
    return wall, LiveClock(wall.clock, wall.utc, elapsed_s)


def test_inside_a_connection_the_cameras_own_intervals_count() -> None:
    wall, clock = watched()
    wall.now_s += 3
    clock.connect()
    late = [0.0, 0.15, 0.02, 0.3, 0.0]
    found = []
    for n, late_s in enumerate(late):
        wall.now_s = 5003 + n * 0.2 + late_s
        found.append(clock.place(900 + n * 0.2, 900 + n * 0.2)[0])
    assert found == pytest.approx([3.0, 3.2, 3.4, 3.6, 3.8])
    assert clock.jumps == 0


def test_over_an_outage_our_clock_counts() -> None:
    wall, clock = watched()
    clock.connect()
    assert clock.place(0, 0)[0] == 0
    wall.now_s += 600
    clock.connect()
    assert clock.place(77, 77)[0] == pytest.approx(600)


@pytest.mark.parametrize("jump_s", [-3600, -5, 30, 86400])
def test_a_clock_that_is_set_is_a_jump_and_moves_nothing(jump_s: float) -> None:
    wall, clock = watched()
    clock.connect()
    for n in range(20):
        wall.now_s = 5000 + n * 0.1
        pts_s = n * 0.1 + (jump_s if n >= 10 else 0)
        assert clock.place(pts_s, pts_s)[0] == pytest.approx(n * 0.1, abs=0.01)
    assert clock.jumps == 1


def test_a_burst_after_the_network_was_slow_is_no_jump() -> None:
    wall, clock = watched()
    clock.connect()
    for n in range(100):
        wall.now_s = 5000 + (n * 0.1 if n < 50 else max(9.0, n * 0.1))
        assert clock.place(n * 0.1, n * 0.1)[0] == pytest.approx(n * 0.1)
    assert clock.jumps == 0
    assert clock.lag_s == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("rate", [1.0005, 0.9995])
def test_a_clock_that_drifts_by_43_s_a_day_stays_with_ours(rate: float) -> None:
    wall, clock = watched()
    clock.connect()
    worst = 0.0
    for n in range(0, 24 * 3600, 2):
        wall.now_s = 5000 + n
        worst = max(worst, abs(clock.place(n * rate, n * rate)[0] - n))
    assert worst < 1.5
    assert clock.jumps == 0


def test_the_camera_says_what_time_it_was_and_how_far_it_is_off_is_measured() -> None:
    wall, clock = watched()
    clock.connect()
    assert clock.source is Clock.ARRIVAL
    for n, delay_s in enumerate([0.3, 0.1, 0.4, 0.2]):
        wall.now_s = 5000 + n + delay_s
        elapsed_s, _ = clock.place(n, n)
        clock.told(START + timedelta(seconds=n + 12.5), elapsed_s)
    assert clock.source is Clock.RTCP
    assert clock.offset_s == pytest.approx(12.5, abs=0.31)
    wall.now_s = 5004.2
    elapsed_s, _ = clock.place(4, 4)
    assert abs(clock.at(elapsed_s) - START - timedelta(seconds=4 + 12.5)) < timedelta(milliseconds=1)


def test_a_camera_that_believes_it_is_1970_is_not_asked_but_its_offset_is_shown() -> None:
    wall, clock = watched()
    clock.connect()
    elapsed_s, _ = clock.place(0, 0)
    clock.told(datetime(1970, 1, 1, tzinfo=UTC), elapsed_s)
    assert clock.source is Clock.ARRIVAL
    assert clock.offset_s is not None
    assert clock.offset_s < -1e9
    assert clock.at(elapsed_s) == wall.utc()


def test_another_process_goes_on_where_the_last_one_was() -> None:
    wall, clock = watched(elapsed_s=86_400)
    wall.now_s += 2
    clock.connect()
    assert clock.place(5, 5)[0] == pytest.approx(86_402)


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(-1e6, 1e6)), min_size=1, max_size=60))
def test_no_packet_is_ever_placed_after_now_or_long_before(steps: list[tuple[float, float]]) -> None:
    wall, clock = watched()
    clock.connect()
    pts_s = 0.0
    for passed_s, jump_s in steps:
        wall.now_s += passed_s
        pts_s += jump_s
        elapsed_s, _ = clock.place(pts_s, pts_s)
        assert elapsed_s <= clock.now_s() + 0.5

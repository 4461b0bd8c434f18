"""A camera's time goes on over files, outages and broken clocks, and never back."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.frame import Clock
from streams.timeline import Timeline

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def play(
    line: Timeline, origin_s: float, seconds: int, start: datetime | None = None, clock: Clock | None = None
) -> float:
    """Lay a segment of one picture a second; returns the gap before it."""
    gap_s = line.begin_segment(origin_s, start, clock)
    for n in range(seconds):
        line.place(origin_s + n, origin_s + n, 1.0)
    return gap_s


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_it_begins_at_zero_whatever_the_file_says() -> None:
    line = Timeline()
    line.begin_segment(1234.5, None, None)
    assert line.place(1234.5, 1234.5, 0.1) == (0.0, 0.0)


def test_files_without_a_start_are_contiguous() -> None:
    line = Timeline()
    assert [play(line, 0, 60) for _ in range(3)] == [0, 0, 0]
    assert line.end_s == 180


def test_an_outage_between_known_starts_is_a_gap() -> None:
    line = Timeline()
    play(line, 0, 60, NOON, Clock.FILENAME)
    assert play(line, 0, 60, at(600), Clock.FILENAME) == 540
    assert line.end_s == 660
    assert line.at(line.base_s) == at(600)


def test_running_time_stamps_show_the_gap_exactly() -> None:
    line = Timeline()
    play(line, 100, 60)
    assert play(line, 160.5, 60) == pytest.approx(0.5)
    assert play(line, 400, 60) == pytest.approx(179.5)


@pytest.mark.parametrize("off_s", [-1, 1])
def test_names_in_whole_seconds_make_neither_gaps_nor_drift(off_s: int) -> None:
    line = Timeline()
    for n in range(200):
        play(line, 0, 60, at(60 * n + (off_s if n % 2 else 0)), Clock.FILENAME)
    assert line.end_s == 200 * 60


def test_files_that_overlap_by_a_second_still_show_a_later_outage() -> None:
    line = Timeline()
    for n in range(30):
        assert play(line, 0, 60, at(59 * n), Clock.FILENAME) == 0
    assert play(line, 0, 60, at(59 * 30 + 120), Clock.FILENAME) == pytest.approx(120, abs=3)


def test_a_clock_set_back_an_hour_in_october_hides_no_outage_after_it() -> None:
    line = Timeline()
    play(line, 0, 600, NOON, Clock.FILENAME)
    assert play(line, 0, 600, at(600 - 3600), Clock.FILENAME) == 0
    assert line.at(line.base_s) == at(600 - 3600)  # what the names say is what is shown
    assert play(line, 0, 600, at(1200 - 3600 + 90), Clock.FILENAME) == 90


def test_a_clock_that_leaps_by_years_is_no_outage_of_years() -> None:
    line = Timeline()
    play(line, 0, 600, datetime(2001, 1, 1, tzinfo=UTC), Clock.FILENAME)
    assert play(line, 0, 600, NOON, Clock.FILENAME) == 0
    assert play(line, 0, 600, at(600 + 45), Clock.FILENAME) == 45


def test_a_start_known_only_later_counts_from_there() -> None:
    line = Timeline()
    play(line, 0, 60)
    assert line.at(0) is None
    assert play(line, 0, 60, NOON, Clock.FILENAME) == 0
    assert play(line, 0, 60, at(100), Clock.FILENAME) == 40


def test_a_file_without_a_start_goes_on_with_the_time_of_the_one_before() -> None:
    line = Timeline()
    play(line, 0, 60, NOON, Clock.OPTION)
    play(line, 0, 60)
    assert (line.segment_start, line.clock) == (at(60), Clock.OPTION)


def test_a_container_that_contradicts_the_file_before_it_is_not_believed() -> None:
    line = Timeline()
    play(line, 0, 60, NOON, Clock.CONTAINER)
    play(line, 0, 60, NOON, Clock.CONTAINER)  # a piece of the same recording, with its creation time
    assert line.segment_start == at(60)
    assert play(line, 0, 60, at(500), Clock.CONTAINER) == 380


def test_a_jump_back_inside_a_file_goes_on_without_a_step() -> None:
    line = Timeline()
    play(line, 5000, 60, NOON, Clock.FILENAME)
    assert line.place(3, 3, 1.0) == (60.0, 60.0)
    assert line.place(4, 4, 1.0) == (61.0, 61.0)
    assert (line.jumps, line.at(61)) == (1, at(61))


def test_a_jump_of_more_than_an_hour_ahead_is_a_broken_clock_and_a_pause_is_a_pause() -> None:
    line = Timeline()
    play(line, 0, 60)
    assert line.place(60 + 3000, 60 + 3000, 1.0)[0] == 3060
    assert line.place(90_000, 90_000, 1.0)[0] == 3061
    assert line.jumps == 1


step = st.floats(0, 5) | st.floats(-1e5, 1e5)
segment = st.tuples(st.floats(0, 1e6), st.none() | st.integers(-(10**6), 10**6), st.lists(step, min_size=1, max_size=8))


@given(st.lists(segment, min_size=1, max_size=6))
def test_no_file_begins_before_the_one_before_it_ends(segments: list[tuple[float, int | None, list[float]]]) -> None:
    line = Timeline()
    for origin_s, start, steps in segments:
        ended_s = line.end_s
        line.begin_segment(origin_s, None if start is None else at(start), None if start is None else Clock.FILENAME)
        own_s = origin_s
        for ahead in steps:
            elapsed_s, _ = line.place(own_s, own_s, 0.04)
            assert elapsed_s >= ended_s - 1e-6
            own_s += ahead
        assert line.end_s >= ended_s


@given(st.lists(st.floats(0.01, 60), min_size=1, max_size=30))
def test_inside_a_file_it_follows_the_time_stamps(steps: list[float]) -> None:
    line = Timeline()
    line.begin_segment(7.0, None, None)
    own_s, previous_s = 7.0, -1.0
    for ahead in steps:
        elapsed_s, _ = line.place(own_s, own_s, 0.01)
        assert elapsed_s == pytest.approx(own_s - 7.0)
        assert elapsed_s > previous_s
        own_s, previous_s = own_s + ahead, elapsed_s


@given(st.lists(segment, max_size=4))
def test_it_survives_being_written_down(segments: list[tuple[float, int | None, list[float]]]) -> None:
    line = Timeline()
    for origin_s, start, steps in segments:
        line.begin_segment(origin_s, None if start is None else at(start), None if start is None else Clock.CONTAINER)
        for ahead in steps:
            line.place(origin_s + ahead, origin_s + ahead, 0.04)
    again = Timeline.from_dict(json.loads(json.dumps(line.to_dict())))
    assert again == line
    assert again.begin_segment(3.0, NOON, Clock.FILENAME) == line.begin_segment(3.0, NOON, Clock.FILENAME)

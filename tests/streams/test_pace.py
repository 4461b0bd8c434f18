"""Segments come in heaps and go on picture by picture."""

import pytest

from streams.pace import Pace


def test_a_heap_is_let_through_at_the_speed_of_the_video() -> None:
    pace = Pace(lambda: 100.0)
    assert [pace.wait_s(7 + n * 0.5) for n in range(4)] == pytest.approx([0, 0.5, 1.0, 1.5])


def test_what_came_late_makes_the_rest_as_late_and_no_heap() -> None:
    now_s = [100.0]
    pace = Pace(lambda: now_s[0])
    assert pace.wait_s(0) == 0
    now_s[0] = 103.0
    assert pace.wait_s(1) == 0
    assert pace.wait_s(2) == pytest.approx(1)
    now_s[0] = 104.0
    assert pace.wait_s(3) == pytest.approx(1)


@pytest.mark.parametrize("jump_s", [-3600.0, -1.0, 11.0, 3600.0])
def test_a_clock_that_is_set_is_not_waited_for(jump_s: float) -> None:
    pace = Pace(lambda: 100.0)
    pace.wait_s(50)
    assert pace.wait_s(50 + jump_s) == 0
    assert pace.wait_s(50.1 + jump_s) == pytest.approx(0.1)

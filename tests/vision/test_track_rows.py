"""The numbers of many tracks change as each one's would alone."""

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vision import track_rows
from vision.track_rows import (
    ABSENCE,
    CONFIRMED,
    EMPTY,
    GONE,
    LOOKED,
    MEMORY,
    MISSES,
    PATIENCE,
    SEEN,
    STEADY,
    SURE,
    SUREST,
    Rows,
    unseen_row,
)

STEPS = st.lists(
    st.tuples(st.sampled_from(["see", "odd", "unclear", "miss", "hide"]), st.floats(0.01, 900)), max_size=8
)


def fresh(count: int) -> Rows:
    rows = np.array([unseen_row() for _ in range(count)])
    rows[:, MEMORY], rows[:, PATIENCE], rows[:, ABSENCE] = 7.5, 30.0, 60.0
    return rows


def sight(rows: Rows, now_s: float, still: bool = True, known: bool = True) -> None:
    yes: NDArray[np.bool_] = np.ones(len(rows), bool)
    boxes = np.tile([0.1, 0.2, 0.3, 0.4], (len(rows), 1))
    track_rows.see(rows, now_s, boxes, np.full(len(rows), 0.8, np.float32), yes, yes & still, yes & still, yes & known)


DO: dict[str, Callable[[Rows, float], None]] = {
    "see": sight,
    "odd": lambda rows, now_s: sight(rows, now_s, still=False),
    "unclear": lambda rows, now_s: sight(rows, now_s, still=False, known=False),
    "miss": track_rows.miss,
    "hide": track_rows.hide,
}


@given(st.lists(STEPS, min_size=1, max_size=4))
def test_many_change_as_each_alone(lives: list[list[tuple[str, float]]]) -> None:
    together, alone = fresh(len(lives)), fresh(len(lives))
    for step in range(max(map(len, lives))):
        for name, do in DO.items():
            for wait_s in {life[step][1] for life in lives if len(life) > step and life[step][0] == name}:
                of_it = [n for n, life in enumerate(lives) if len(life) > step and life[step] == (name, wait_s)]
                now_s = 1000.0 * (step + 1) + wait_s
                rows = together[of_it]
                do(rows, now_s)
                together[of_it] = rows
                for n in of_it:
                    do(alone[n : n + 1], now_s)
    np.testing.assert_allclose(together, alone, rtol=1e-12)
    assert ((together[:, STEADY] >= 0) & (together[:, STEADY] <= 1)).all()
    assert (together[:, SUREST] >= together[:, SURE]).all()


def test_of_a_long_time_nobody_watched_only_a_part_is_absence() -> None:
    rows = fresh(1)
    sight(rows, 0.0)
    track_rows.miss(rows, 10.0)
    assert rows[0, GONE] == 10.0
    assert rows[0, EMPTY] == 0.0
    track_rows.miss(rows, 3610.0)
    assert rows[0, EMPTY] == 30.0


def test_what_cannot_be_seen_neither_comes_nor_goes() -> None:
    rows = fresh(1)
    sight(rows, 0.0)
    before = rows.copy()
    track_rows.hide(rows, 600.0)
    assert rows[0, LOOKED] == 600.0
    assert (rows[0, [SEEN, MISSES, STEADY, EMPTY]] == before[0, [SEEN, MISSES, STEADY, EMPTY]]).all()


def test_a_violation_is_waited_for_longer_than_a_candidate() -> None:
    rows = fresh(2)
    for now_s in range(0, 60, 2):
        sight(rows, float(now_s))
    for now_s in range(60, 100, 2):
        track_rows.miss(rows, float(now_s))
    rows[1, CONFIRMED] = 1
    assert track_rows.over(rows).tolist() == [True, False]
    for now_s in range(100, 130, 2):
        track_rows.miss(rows, float(now_s))
    assert track_rows.over(rows).all()


def test_a_restless_candidate_is_over_at_once() -> None:
    rows = fresh(1)
    for now_s in range(0, 30, 2):
        sight(rows, float(now_s), still=False)
    assert rows[0, MISSES] == 0
    assert track_rows.over(rows).all()
    rows[:, CONFIRMED] = 1
    assert not track_rows.over(rows).any()

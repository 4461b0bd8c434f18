"""Vehicles followed from picture to picture."""

import numpy as np
import pytest

from vision.motion import Motion, Moves

ASPECT = 540 / 640
STRONG = np.ones(2, bool)


def box(x: float, y: float, side: float = 0.05) -> np.ndarray:
    return np.array([x - side / 2, y - side, x + side / 2, y])


def drive(motion: Motion, ways: list[tuple[float, float]], seconds: float, step: float = 0.1) -> Moves:
    """Vehicles side by side that go so many picture widths a second to the right; how each moves in the end."""
    for at_s in np.arange(0, seconds, step):
        boxes = np.stack([box(0.1 + speed * at_s, y) for speed, y in ways])
        moves = motion.follow(float(at_s), boxes, STRONG[: len(ways)], ASPECT)
    return moves


@pytest.mark.parametrize("step", [0.04, 0.1])
def test_who_stands_is_told_from_who_passes(step):
    motion = Motion()
    moves = drive(motion, [(0.0, 0.5), (0.15, 0.9)], 5.2, step)
    stands, passes = moves.mover
    assert moves.passing.tolist() == moves.driving.tolist() == [False, True]
    assert moves.settled.all()
    assert motion.speed(stands) < 0.05
    assert motion.followed_s(stands) == motion.followed_s(passes) >= 5.0 - step


def test_one_that_comes_to_a_stand_stays_the_same_and_soon_passes_no_more():
    motion, at = Motion(), 0.1
    for n in range(100):
        at += 0.015 if n < 30 else 0.0
        moves = motion.follow(n * 0.1, box(at, 0.8)[None], STRONG[:1], ASPECT)
        if n == 29:
            assert moves.passing.all()
    assert moves.mover.tolist() == [1]
    assert not moves.passing.any()
    assert motion.speed(1) < 0.05


def test_of_one_that_has_just_come_up_nothing_is_known_where_pictures_come_fast():
    motion = Motion()
    assert drive(motion, [(0.0, 0.5)], 0.9).unknown.all()
    later = drive(motion, [(0.0, 0.5)], 1.6)
    assert not later.unknown.any()
    assert not later.settled.any()


def test_between_rare_pictures_nobody_is_followed():
    motion = Motion()
    moves = drive(motion, [(0.0, 0.5)], 10, step=1.0)
    assert not motion.can_follow
    assert not (moves.unknown | moves.passing | moves.driving).any()
    assert moves.settled.all()
    assert motion.followed_s(int(moves.mover[0])) == 0


def test_a_gap_of_a_second_or_a_clock_that_jumps_back_begins_anew():
    motion = Motion()
    who = [motion.follow(at_s, box(0.5, 0.5)[None], STRONG[:1], ASPECT).mover[0] for at_s in (0.0, 1.0, 0.2)]
    assert len(set(who)) == 3


def test_one_that_overtakes_takes_nobodys_place():
    """Past a standing one, over its lower half: each stays who it was."""
    motion = Motion()
    for n in range(60):
        boxes = np.stack([box(0.5, 0.5), box(0.2 + 0.1 * n / 10, 0.53)])
        assert motion.follow(n * 0.1, boxes, STRONG, ASPECT).mover.tolist() == [1, 2]


def test_one_that_stands_is_found_again_after_a_second_but_not_as_its_neighbour_in_the_queue():
    motion, first, next_one = Motion(), box(0.5, 0.5), box(0.52, 0.5)
    for n in range(30):
        motion.follow(n * 0.1, first[None], STRONG[:1], ASPECT)
    assert motion.follow(3.3, next_one[None], STRONG[:1], ASPECT).mover.tolist() == [2]
    assert motion.follow(3.8, first[None], STRONG[:1], ASPECT).mover.tolist() == [1]


def test_of_what_is_no_vehicle_nothing_is_known():
    moves = drive(Motion(), [(0.0, 0.5)], 0.5).among(np.array([False, True]))
    assert moves.mover.tolist() == [-1, 1]
    assert moves.unknown.tolist() == [False, True]
    assert moves.settled.tolist() == [True, False]

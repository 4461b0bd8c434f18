"""Vehicles followed from picture to picture."""

import numpy as np
import pytest

from vision.motion import Motion

ASPECT = 540 / 640
STRONG = np.ones(2, bool)


def box(x: float, y: float, side: float = 0.05) -> np.ndarray:
    return np.array([x - side / 2, y - side, x + side / 2, y])


def drive(motion: Motion, ways: list[tuple[float, float]], seconds: float, step: float = 0.1) -> np.ndarray:
    """Vehicles side by side that go so many picture widths a second to the right; who each is at the end."""
    for at_s in np.arange(0, seconds, step):
        boxes = np.stack([box(0.1 + speed * at_s, y) for speed, y in ways])
        movers = motion.follow(float(at_s), boxes, STRONG[: len(ways)], ASPECT)
    return movers


@pytest.mark.parametrize("step", [0.04, 0.1])
def test_who_stands_is_told_from_who_passes(step):
    motion = Motion()
    stands, passes = movers = drive(motion, [(0.0, 0.5), (0.15, 0.9)], 5.2, step)
    assert motion.passing(movers).tolist() == [False, True]
    assert motion.speed(stands) < 0.05
    assert motion.followed_s(stands) == motion.followed_s(passes) >= 5.0 - step


def test_one_that_comes_to_a_stand_stays_the_same_and_soon_passes_no_more():
    motion, at = Motion(), 0.1
    for n in range(100):
        at += 0.015 if n < 30 else 0.0
        (mover,) = motion.follow(n * 0.1, box(at, 0.8)[None], STRONG[:1], ASPECT)
        if n == 29:
            assert motion.passing(np.array([mover])).all()
    assert mover == 1
    assert not motion.passing(np.array([mover])).any()
    assert motion.speed(mover) < 0.05


def test_of_one_that_has_just_come_up_nothing_is_known_where_pictures_come_fast():
    motion = Motion()
    assert motion.unknown(drive(motion, [(0.0, 0.5)], 0.9)).all()
    assert not motion.unknown(drive(motion, [(0.0, 0.5)], 1.6)).any()


def test_between_rare_pictures_nobody_is_followed():
    motion = Motion()
    movers = drive(motion, [(0.0, 0.5)], 10, step=1.0)
    assert not motion.can_follow
    assert not motion.unknown(movers).any()
    assert not motion.passing(movers).any()
    assert motion.followed_s(int(movers[0])) == 0


def test_a_gap_of_a_second_or_a_clock_that_jumps_back_begins_anew():
    motion = Motion()
    (first,) = motion.follow(0.0, box(0.5, 0.5)[None], STRONG[:1], ASPECT)
    (second,) = motion.follow(1.0, box(0.5, 0.5)[None], STRONG[:1], ASPECT)
    (third,) = motion.follow(0.2, box(0.5, 0.5)[None], STRONG[:1], ASPECT)
    assert len({first, second, third}) == 3


def test_one_that_overtakes_takes_nobodys_place():
    """Past a standing one, over its lower half: each stays who it was."""
    motion = Motion()
    for n in range(60):
        boxes = np.stack([box(0.5, 0.5), box(0.2 + 0.1 * n / 10, 0.53)])
        found = motion.follow(n * 0.1, boxes, STRONG, ASPECT)
        assert found.tolist() == [1, 2]

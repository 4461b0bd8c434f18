"""What a person rejected stays quiet until it changes; what comes back is linked to what was there."""

from dataclasses import replace

import numpy as np

from tests.vision.street import cleared, detections, opened, scene, seconds, watch
from tests.vision.test_scene import CAR, seen_street


def comes_twice(watched, rejected_after_first=False):
    """Three minutes, gone for one, there again."""
    first = watch(watched, [(t, [CAR] if t < 180 else []) for t in seconds(0, 240, 1)])
    if rejected_after_first:
        watched.memory.rejected.add(opened(first)[0].id)
    return first, watch(watched, [(t, [CAR]) for t in seconds(240, 400, 1)])


def test_what_comes_back_to_its_place_is_a_repeat():
    first, again = comes_twice(scene(absence_s=20))
    assert opened(again)[0].violation.repeat_of == opened(first)[0].id
    assert opened(first)[0].violation.repeat_of is None


def test_what_comes_to_another_place_is_none():
    watched = scene(absence_s=20)
    watch(watched, [(t, [CAR] if t < 180 else []) for t in seconds(0, 240, 1)])
    (event,) = opened(watch(watched, [(t, [replace(CAR, xyxy=(1200, 500, 1440, 660))]) for t in seconds(240, 400, 1)]))
    assert event.violation.repeat_of is None


def test_a_rejected_place_stays_quiet_and_says_why():
    watched = scene(absence_s=20)
    first, again = comes_twice(watched, rejected_after_first=True)
    assert not opened(again)
    (track,) = watched.standing()
    assert track.kept_from == f"it is where {opened(first)[0].id} was rejected, and nothing has changed"


def test_a_standing_thing_that_is_rejected_gives_no_second_alert():
    watched = scene(absence_s=20)
    (event,) = opened(watch(watched, [(t, [CAR]) for t in seconds(0, 100, 1)]))
    watched.memory.rejected.add(event.id)
    assert not opened(watch(watched, [(t, [CAR]) for t in seconds(100, 400, 1)]))


def see(watched, at, there, seed):
    """The street with a car of another pattern for each seed."""
    events = []
    for at_s in at:
        shown = seen_street(at_s, car_there=there)
        if there and seed:
            crop = shown.crops[0].copy()
            x1, y1 = round(CAR.xyxy[0] * 0.35), round(CAR.xyxy[1] * 0.35)
            other = np.random.default_rng(seed).integers(0, 255, (9, 14), np.uint8)
            crop[y1 : y1 + 54, x1 : x1 + 84] = np.kron(other, np.ones((6, 6), np.uint8))[:, :, None]
            shown = replace(shown, crops=(crop,))
        events += watched.observe(shown, detections([CAR] if there else []))
    return events


def test_another_thing_at_a_rejected_place_is_a_case_again():
    watched = scene(absence_s=20)
    first = see(watched, seconds(0, 100, 1), True, 0)
    watched.memory.rejected.add(opened(first)[0].id)
    assert cleared(see(watched, seconds(100, 160, 1), False, 0))
    assert not opened(see(watched, seconds(160, 260, 1), True, 0))
    see(watched, seconds(260, 320, 1), False, 0)
    assert opened(see(watched, seconds(320, 420, 1), True, 11))

"""What becomes of things on a street: one case for each thing that stays, none for what passes."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.frame import Region
from tests.vision.street import Seen, cleared, detections, frame, opened, scene, seconds, watch
from vision.schedule import WeeklySchedule
from vision.zones import Zone, Zones

CAR = Seen((400, 500, 640, 660))
NEIGHBOUR = Seen((560, 490, 800, 650))
RATES = [0.1, 1.0, 4.0]


@pytest.mark.parametrize("step", RATES)
def test_a_parked_car_is_one_violation_with_its_first_sighting_as_onset(step):
    events = watch(scene(dwell_s=30), [(t, [CAR]) for t in seconds(3, 200, step)])
    (event,) = opened(events)
    assert event.violation.onset_s == 3
    assert 33 <= event.violation.confirmed_s <= 33 + step + 1e-6
    assert np.allclose(np.array(event.violation.xyxy) * (1920, 1080, 1920, 1080), CAR.xyxy, atol=3)


@pytest.mark.parametrize("step", RATES)
def test_a_larger_box_around_a_car_and_what_lies_beside_it_is_no_second_case(step):
    with_tarpaulin = Seen((400, 480, 800, 670))  # IoU with the car 0.51 to 0.45 as the detector draws it
    around = replace(with_tarpaulin, xyxy=(400, 490, 780, 690))
    events = watch(scene(dwell_s=30), [(t, [CAR, around]) for t in seconds(0, 200, step)])
    assert len(opened(events)) == 1


def test_a_faint_box_around_two_cars_keeps_neither_from_being_seen():
    one, other = Seen((400, 500, 600, 640)), Seen((590, 490, 790, 630))
    around = Seen((400, 490, 790, 640), score=0.2)
    moments = [(t, [around] if t < 8 or t % 8 == 0 else [one, other]) for t in seconds(0, 60, 0.8)]
    assert len(opened(watch(scene(dwell_s=30), moments))) == 2


@pytest.mark.parametrize("step", RATES)
def test_a_car_that_leaves_before_the_dwell_is_none(step):
    assert not watch(scene(dwell_s=30), [(t, [CAR] if t < 25 else []) for t in seconds(0, 200, step)])


@pytest.mark.parametrize("step", RATES)
def test_a_car_that_leaves_is_cleared_when_it_was_first_seen_to_be_gone(step):
    events = watch(scene(absence_s=20), [(t, [CAR] if t < 100 else []) for t in seconds(0, 200, step)])
    assert len(opened(events)) == 1
    (event,) = cleared(events)
    assert 100 <= event.violation.cleared_s <= 100 + step


@pytest.mark.parametrize("step", RATES)
def test_a_bus_in_front_for_forty_seconds_keeps_the_parked_car_one_case(step):
    bus = Seen((300, 450, 900, 720))
    moments = [(t, [bus] if 60 <= t < 100 else [CAR]) for t in seconds(0, 300, step)]
    events = watch(scene(dwell_s=50, absence_s=20), moments)
    assert len(opened(events)) == 1
    assert not cleared(events)


def test_the_part_that_is_seen_behind_what_passes_is_nobody_new():
    """Less than its upper half is a box of its own, then ever more of the car: it stood there all the time."""

    def seen(at_s: float) -> list[Seen]:
        if not 20 <= at_s < 23:
            return [CAR]
        left = 300 + (at_s - 20) * 90
        passer = Seen((left, 582, left + 400, 780), score=0.95)
        bottom = 570 if at_s < 22.2 else 600 if at_s < 22.6 else 640
        return [passer, Seen((400, 500, 640, bottom), score=0.5)] if at_s >= 20.5 else [passer]

    (event,) = opened(watch(scene(dwell_s=40), [(t, seen(t)) for t in seconds(0, 80, 0.1)]))
    assert event.violation.onset_s == 0
    assert event.violation.confirmed_s < 41


def test_a_person_in_front_hides_the_place_and_clears_nothing():
    person = Seen((450, 420, 640, 700), "person")
    events = watch(scene(absence_s=20), [(t, [person] if 60 <= t < 160 else [CAR]) for t in seconds(0, 300, 1)])
    assert len(opened(events)) == 1
    assert not cleared(events)


def test_an_outage_of_ten_minutes_makes_no_second_case():
    times = [t for t in seconds(0, 1500, 2) if not 100 <= t < 700]
    events = watch(scene(), [(t, [CAR]) for t in times])
    assert len(opened(events)) == 1
    assert not cleared(events)


def test_a_car_that_the_detector_misses_every_third_time_is_one_case():
    events = watch(scene(), [(t, [] if i % 3 == 2 else [CAR]) for i, t in enumerate(seconds(0, 400, 1))])
    assert len(opened(events)) == 1


def test_a_car_seen_only_weakly_at_first_has_its_onset_then():
    weak = replace(CAR, score=0.2)
    events = watch(scene(dwell_s=30), [(t, [weak if t < 20 else CAR]) for t in seconds(0, 60, 1)])
    assert [e.violation.onset_s for e in opened(events)] == [0]


def test_what_is_never_seen_strongly_is_no_case():
    assert not watch(scene(), [(t, [replace(CAR, score=0.3)]) for t in seconds(0, 200, 1)])


@pytest.mark.parametrize("step", RATES)
def test_two_side_by_side_are_two_cases_and_the_one_that_leaves_is_cleared(step):
    moments = [(t, [CAR, NEIGHBOUR] if t < 100 else [NEIGHBOUR]) for t in seconds(0, 200, step)]
    events = watch(scene(absence_s=20), moments)
    assert len(opened(events)) == 2
    (gone,) = cleared(events)
    assert np.allclose(np.array(gone.violation.xyxy) * (1920, 1080, 1920, 1080), CAR.xyxy, atol=5)


@pytest.mark.parametrize("step", [0.04, 0.1, 0.5, 1.0])
def test_cars_that_drive_through_one_after_the_other_are_none(step):
    """Body lengths of 240 pixels at 30 km/h, a car every three seconds, over the very same spot."""
    moments = [(t, [Seen((450 * (t % 4) - 240, 500, 450 * (t % 4), 660))]) for t in seconds(0, 60, step)]
    assert not watch(scene(dwell_s=5), moments)


@pytest.mark.parametrize("step", [0.1, 0.4])
@pytest.mark.parametrize(("dwell_s", "cases"), [(90, 0), (30, 1)])
def test_a_car_that_crawls_past_is_one_case_if_it_takes_longer_than_the_rule_allows(step, dwell_s, cases):
    """Half a body length in five seconds, seen for eighty: in the way as if it stood, and never twice."""
    moments = [(t, [Seen((24 * t, 500, 240 + 24 * t, 660))]) for t in seconds(0, 80, step)]
    assert len(opened(watch(scene(dwell_s=dwell_s), moments))) == cases


def crawling(until_s: float) -> list[tuple[float, list[Seen]]]:
    """Stands for a minute, crawls to the right until then, and drives away."""
    moments, x = [], 400.0
    for t in seconds(0, until_s + 40, 0.1):
        x += 0.0 if t < 60 else 3.0 if t < until_s else 60.0
        moments.append((t, [Seen((x, 500, x + 240, 660))] if x < 1800 else []))
    return moments


def test_a_car_that_crawls_on_takes_its_place_along_until_it_drives_away():
    events = watch(scene(dwell_s=30, absence_s=20), crawling(85))
    (event,) = opened(events)
    assert event.violation.onset_s <= 2
    (gone,) = cleared(events)
    assert 85 <= gone.violation.cleared_s <= 89


def test_a_car_that_crawls_out_of_its_zone_has_left():
    left_half = Zone("kerb", "no_parking", np.array([[0, 0], [0.5, 0], [0.5, 1], [0, 1]]))
    events = watch(scene(dwell_s=30, absence_s=20, zones=Zones((left_half,))), crawling(85))
    assert len(opened(events)) == 1
    (gone,) = cleared(events)
    assert 74 <= gone.violation.cleared_s <= 80


def test_others_that_stop_for_a_moment_at_a_place_that_was_left_do_not_keep_it():
    """Each is new there, and drives on before anybody could say that it stands."""
    gone = [(t, [CAR] if t < 60 or (t > 70 and t % 6 < 3) else []) for t in seconds(0, 120, 0.1)]
    events = watch(scene(dwell_s=30, absence_s=20), gone)
    (event,) = cleared(events)
    assert 60 <= event.violation.cleared_s <= 61


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.5, 1.0]))
def test_different_cars_in_one_lane_at_successive_key_frames_are_none(seed, step):
    """By geometry alone, without pictures: each car is somewhere else along the lane, often over the last one."""
    random = np.random.default_rng(seed)
    moments = []
    for t in seconds(0, 120, step):
        x = float(random.uniform(300, 700))
        size = float(random.uniform(0.8, 1.25))
        moments.append((t, [Seen((x, 660 - 160 * size, x + 240 * size, 660))]))
    assert not opened(watch(scene(dwell_s=30), moments))


def test_a_second_box_around_the_same_car_makes_no_second_case():
    """The detector changes its mind about how far the car reaches, for good."""
    longer = Seen((400, 500, 720, 670))
    events = watch(scene(), [(t, [CAR] if t < 100 else [longer]) for t in seconds(0, 300, 1)])
    assert len(opened(events)) == 1
    assert not cleared(events)


def test_a_car_back_after_its_place_was_seen_empty_is_a_second_case():
    moments = [(t, [] if 100 <= t < 160 else [CAR]) for t in seconds(0, 300, 1)]
    events = watch(scene(absence_s=20), moments)
    assert len(opened(events)) == 2
    assert len({e.id for e in opened(events)}) == 2
    assert len(cleared(events)) == 1


def test_a_thing_in_an_ignore_zone_is_not_even_tracked():
    ignore = Zones((Zone("screen", "ignore", np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)),))
    watched = scene(zones=ignore)
    assert not watch(watched, [(t, [CAR]) for t in seconds(0, 100, 1)])
    assert not watched.tracker.tracks


def test_a_near_miss_says_what_kept_it():
    watched = scene(dwell_s=100)
    watch(watched, [(t, [CAR]) for t in seconds(0, 60, 1)])
    (track,) = watched.standing()
    assert watched.account(track)["kept_from"] == "stood 59.0 s of the 100 s that the rule asks for"


def test_dwell_counts_only_within_the_hours_of_a_zone():
    zone = Zone("day", "no_parking", np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float),
                hours=WeeklySchedule.parse({"daily": "08:00-18:00"}))  # fmt: skip
    start = datetime(2026, 5, 4, 7, 59, 30, tzinfo=UTC)
    events = watch(scene(dwell_s=60, zones=Zones((zone,))), [(t, [CAR]) for t in seconds(0, 200, 1)], start)
    (event,) = opened(events)
    assert event.violation.onset == start
    assert event.violation.confirmed_at == datetime(2026, 5, 4, 8, 1, 0, tzinfo=UTC)


def test_the_same_street_gives_the_same_ids():
    moments = [(t, [CAR, NEIGHBOUR]) for t in seconds(0, 100, 1)]
    first, second = (sorted(e.id for e in opened(watch(scene(), moments))) for _ in range(2))
    assert first == second
    assert len(first) == 2


def test_open_violations_tell_how_long_they_stood_ever_more_rarely():
    events = watch(scene(dwell_s=30), [(t, [CAR]) for t in seconds(0, 2000, 1)])
    assert [round(e.violation.sightings, -1) for e in events if e.kind == "extended"] == [60, 120, 240, 480, 960, 1920]


def test_what_passes_leaves_no_tracks_behind():
    watched = scene(dwell_s=300, absence_s=60)
    random = np.random.default_rng(3)
    for i in range(3000):
        x, y = random.uniform(0, 1500), random.uniform(0, 900)
        list(watched.observe(frame(i * 1.0), detections([Seen((x, y, x + 150, y + 100))])))
    assert len(watched.tracker.tracks) < 200


def seen_street(at_s: float, car_there: bool):
    """A frame with pixels: a textured street, and a car of another texture on it."""
    blocks = np.random.default_rng(1).integers(60, 160, (27, 48), np.uint8)
    picture = np.repeat(np.kron(blocks, np.ones((14, 14), np.uint8))[:, :, None], 3, axis=2)
    if car_there:
        car = np.random.default_rng(2).integers(0, 255, (9, 14), np.uint8)
        x1, y1 = round(CAR.xyxy[0] * 0.35), round(CAR.xyxy[1] * 0.35)
        picture[y1 : y1 + 54, x1 : x1 + 84] = np.kron(car, np.ones((6, 6), np.uint8))[:, :, None]
    region = Region(1 / 672, 1 / 378, 0.0, 0.0)
    return replace(frame(at_s), crops=(picture,), regions=(region,))


def test_what_drives_on_slowly_leaves_no_track_at_each_place_where_it_was():
    """At two metres a second a car may stop any moment, so it is a candidate; but where it was it is no more."""
    watched = scene(dwell_s=200)
    watch(watched, [(t, [Seen((50 + t * 220, 500, 250 + t * 220, 640))]) for t in seconds(0, 7, 0.1)])
    assert len(watched.tracker.tracks) <= 2


def test_a_car_that_the_detector_loses_but_the_eye_does_not_is_not_cleared():
    watched = scene(absence_s=20)
    events = []
    for at_s in seconds(0, 300, 1):
        seen = detections([CAR] if at_s < 100 else [])
        events += watched.observe(seen_street(at_s, car_there=at_s < 200), seen)
    assert len(opened(events)) == 1
    (gone,) = cleared(events)
    assert gone.violation.cleared_s == 200


def test_what_is_only_suspected_hides_nothing():
    """A glow that the detector half takes for fire lies over the whole street."""
    glow = Seen((0, 0, 1900, 1000), key="road_vending", score=0.2)
    events = watch(scene(dwell_s=30, absence_s=20), [(t, [CAR] if t < 60 else [glow]) for t in seconds(0, 200, 1)])
    (gone,) = cleared(events)
    assert gone.violation.cleared_s == 60


HEAP = Seen((400, 500, 520, 600), key="exposed_garbage", score=0.7)


@pytest.mark.parametrize("step", RATES)
def test_one_heap_under_two_names_is_one_case(step):
    other = replace(HEAP, key="overflowing_bin", score=0.5)
    events = watch(scene(dwell_s=30), [(t, [HEAP, other] if t < 120 else []) for t in seconds(0, 240, step)])
    assert [e.violation.key for e in opened(events)] == ["exposed_garbage"]
    assert len(cleared(events)) == 1


def test_a_heap_whose_name_changes_stays_the_case_that_it_was():
    other = replace(HEAP, key="overflowing_bin")
    seen = [(t, [HEAP] if t < 100 else [other] if t < 300 else []) for t in seconds(0, 400, 1)]
    events = watch(scene(dwell_s=30, absence_s=20), seen)
    assert [e.violation.key for e in opened(events)] == ["exposed_garbage"]
    (gone,) = cleared(events)
    assert gone.violation.cleared_s == 300


def test_a_stall_where_a_car_stands_is_a_case_of_its_own():
    """They are of no family: selling from a car is both, and different people see to it."""
    stall = replace(CAR, key="road_vending")
    events = watch(scene(dwell_s=30), [(t, [CAR, stall]) for t in seconds(0, 100, 1)])
    assert len(opened(events)) == 2


def test_a_name_that_the_detector_hardly_believes_is_no_second_case():
    doubt = replace(CAR, key="road_vending", score=0.3)
    surely = replace(CAR, score=0.9)
    sometimes = [(t, [surely, replace(doubt, score=0.5) if t % 4 == 0 else doubt]) for t in seconds(0, 100, 1)]
    assert [e.violation.key for e in opened(watch(scene(dwell_s=30), sometimes))] == ["motor_vehicle_parking"]


def test_a_second_name_below_its_threshold_on_the_whole_is_no_second_case():
    """A bag that is taken for a bin by 0.45, and now and then for a vehicle, is one thing."""
    bag = Seen(CAR.xyxy, key="overflowing_bin", score=0.45)
    odd = [(t, [bag, replace(CAR, score=0.5 if t % 4 == 0 else 0.25)]) for t in seconds(0, 100, 1)]
    assert [e.violation.key for e in opened(watch(scene(dwell_s=30), odd))] == ["overflowing_bin"]

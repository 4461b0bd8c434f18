"""The street's scenarios by a few chances; ``streetorder benchmark scenarios`` runs fifty."""

import pytest

from benchmarks.street_scenarios import SCENARIOS, run
from benchmarks.street_world import Watching
from benchmarks.tracker_cost import cost_us, pictures_cost_us

SEEDS = {0.25: (0, 1, 2), 1.0: (3, 4), 10.0: (5,)}
AT_TEN_A_SECOND = (
    "bus_in_front_for_40_s",
    "camera_nudged_by_20_pixels",
    "red_light_queue_of_90_s",
    "car_replaced_after_20_s",
)
"""A quarter of a minute each; the benchmark runs all."""
STREETS = [(name, rate) for name in SCENARIOS for rate in SEEDS if rate < 10 or name in AT_TEN_A_SECOND]


@pytest.mark.parametrize(("name", "rate"), STREETS)
def test_a_street_gives_the_cases_that_a_person_would_count(name, rate):
    expected = SCENARIOS[name]()
    for seed in SEEDS[rate]:
        outcome = run(name, rate, seed)
        assert outcome.as_expected(expected), (seed, outcome)


def test_the_same_chance_gives_the_same_street():
    street = SCENARIOS["bus_in_front_for_40_s"]().street
    one, other = ([d.xyxy.tolist() for _, d in Watching(street, 0.25, 7).looks()] for _ in range(2))
    assert one == other
    assert one != [d.xyxy.tolist() for _, d in Watching(street, 0.25, 8).looks()]


def test_what_a_picture_costs_is_measured_on_a_street_that_has_filled():
    assert len(cost_us(5, pictures=30)) == 20


def test_what_looking_at_pixels_costs_is_told_for_the_view_and_for_a_zone():
    assert {name: us["median"] > 0 for name, us in pictures_cost_us(count=9).items()} == {"view": True, "zone": True}

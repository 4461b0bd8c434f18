"""One real thing is one case, however many cameras saw it; what is not sure is only proposed."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.association import SURE_M, associate, distance_m
from vision.records import Place, Violation

START = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
LAT, LON = 24.48, 118.09
METRE = 1 / 111_195
"""Degrees of latitude."""


def seen(
    id: str,
    camera: str,
    north_m: float = 0.0,
    from_s: float = 0.0,
    to_s: float | None = 600.0,
    radius_m: float = 5.0,
    key: str = "motor_vehicle_parking",
) -> Violation:
    onset = START + timedelta(seconds=from_s)
    cleared = None if to_s is None else START + timedelta(seconds=to_s)
    place = Place(LAT + north_m * METRE, LON, radius_m)
    times = (onset, onset, cleared, from_s, from_s, to_s)
    return Violation(id, camera, "home", key, *times, (0, 0, 1, 1), (640, 360), place, 0.8, 9, True)


def test_a_car_that_two_cameras_see_at_once_is_one_case():
    found = associate([seen("a", "north"), seen("b", "south", north_m=6, from_s=60)], {})
    assert found.groups == (("a", "b"),)
    assert not found.proposals


@pytest.mark.parametrize(
    "other",
    [
        seen("b", "south", north_m=8),  # farther than both radii together allow: the root of 5² + 5² is 7.1 m
        seen("b", "south", from_s=700, to_s=900),  # after the first was gone
        seen("b", "south", key="road_vending"),
        seen("b", "north"),  # the same view tells its things apart itself
        replace(seen("b", "south"), place=None),
        replace(seen("b", "south"), onset=None),
    ],
)
def test_what_differs_stays_apart(other):
    found = associate([seen("a", "north"), other], {})
    assert sorted(found.groups) == [("a",), ("b",)]
    assert not found.proposals


def test_a_vague_place_is_proposed_and_never_merged():
    found = associate([seen("a", "north"), seen("b", "south", north_m=3, radius_m=SURE_M + 0.1)], {})
    assert found.groups == (("a",), ("b",))
    (proposal,) = found.proposals
    assert (proposal.first, proposal.second) == ("a", "b")
    assert proposal.metres == pytest.approx(3, abs=0.1)
    assert "15 m" in proposal.why


def test_a_clock_that_is_wrong_is_put_right_first():
    late = seen("b", "south", from_s=3600, to_s=4200)
    assert len(associate([seen("a", "north"), late], {}).groups) == 2
    assert associate([seen("a", "north"), late], {"south": 3600.0}).groups == (("a", "b"),)


def test_the_earliest_is_who_saw_it_first_by_our_clock():
    first = seen("b", "south", from_s=3600, to_s=4200)
    assert associate([seen("a", "north", from_s=30), first], {"south": 3600.0}).groups == (("b", "a"),)


def test_neighbours_in_a_row_are_not_mixed_up():
    """Two cars five metres apart, each seen by three cameras whose places are off by a metre or two."""
    views = [("north", 0.0), ("south", 1.5), ("east", -1.0)]
    cars = [seen(f"{camera}-{n}", camera, north_m=5 * n + off) for camera, off in views for n in range(2)]
    groups = {tuple(sorted(group)) for group in associate(cars, {}).groups}
    assert groups == {("east-0", "north-0", "south-0"), ("east-1", "north-1", "south-1")}


def test_a_chain_of_near_ones_is_not_one_thing():
    row = [seen(f"v{n}", f"camera-{n}", north_m=6.0 * n) for n in range(5)]
    assert max(len(group) for group in associate(row, {}).groups) == 2


def test_what_lasts_is_compared_with_what_comes_much_later():
    assert associate([seen("a", "north", to_s=None), seen("b", "south", from_s=90_000)], {}).groups == (("a", "b"),)


VIOLATIONS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.floats(-60, 60),
        st.floats(0, 1000),
        st.one_of(st.none(), st.floats(1, 1000)),
        st.floats(2, 30),
    ),
    max_size=14,
)


@given(VIOLATIONS, st.randoms())
def test_groups_do_not_depend_on_the_order_and_hold_everything_once(rows, random):
    made = [
        seen(f"v{n:02}", f"camera-{camera}", north, begin, None if lasts is None else begin + lasts, radius)
        for n, (camera, north, begin, lasts, radius) in enumerate(rows)
    ]
    found = associate(made, {})
    mixed = list(made)
    random.shuffle(mixed)
    assert associate(mixed, {}) == found
    assert sorted(id for group in found.groups for id in group) == sorted(v.id for v in made)
    by_id = {v.id: v for v in made}
    for group in found.groups:
        members = [by_id[id] for id in group]
        assert len({m.camera_id for m in members}) == len(members)
        if len(members) > 1:
            assert all(m.place is not None and m.place.radius_m <= SURE_M for m in members)


def test_places_on_both_sides_of_a_cell_are_compared():
    """A street all along which two cameras see each thing: no border in the reckoning may part them."""
    things = [
        seen(f"{camera}{n}", camera, north_m=37.3 * n + off) for n in range(60) for camera, off in (("a", 0), ("b", 3))
    ]
    assert {len(group) for group in associate(things, {}).groups} == {2}


def test_distances_are_metres():
    xiamen = Place(24.4798, 118.0894, 5)
    assert distance_m(xiamen, Place(24.4798, 118.0994, 5)) == pytest.approx(1012, abs=2)


def test_cases_never_load_what_reads_pictures():
    code = (
        "import importlib, pkgutil, sys, cases\n"
        "for module in pkgutil.walk_packages(cases.__path__, 'cases.'): importlib.import_module(module.name)\n"
        "assert 'cases.association' in sys.modules\n"
        "print({'av', 'cv2', 'onnxruntime', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"

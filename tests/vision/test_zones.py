"""Where and when a thing is a violation."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.catalogue import load_catalogue
from vision.schedule import WeeklySchedule
from vision.zones import EXEMPT, IGNORE, WATCH, ZONE_KINDS, Permit, RuleOverride, Zone, Zones

TYPES = load_catalogue().types
CAR, BIKE, STALL, BOARD = (
    TYPES[k] for k in ("motor_vehicle_parking", "non_motor_parking", "road_vending", "illegal_advertising")
)
XIAMEN = ZoneInfo("Asia/Shanghai")
MONDAY_NOON = datetime(2026, 3, 2, 12, 0, tzinfo=XIAMEN).astimezone(UTC)
MONDAY_NIGHT = datetime(2026, 3, 2, 23, 0, tzinfo=XIAMEN).astimezone(UTC)
LEFT = np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]])
WHOLE = LEFT * np.array([2, 1])
IN, OUT = (0.25, 0.5), (0.75, 0.5)
BY_DAY = WeeklySchedule.parse({"mon-fri": "07:00-19:00"})


def zones(*some: Zone) -> Zones:
    return Zones(some, XIAMEN)


def test_without_zones_a_car_counts_everywhere() -> None:
    verdict = Zones().judge(CAR, OUT, None)
    assert (verdict.applies, verdict.zone_id, verdict.rule) == (True, None, CAR.rule)
    assert verdict.why.endswith("so the whole picture counts")


def test_once_a_sidewalk_is_drawn_a_car_beside_it_is_no_violation() -> None:
    street = zones(Zone("pavement", "sidewalk", LEFT))
    inside, outside = street.judge(CAR, IN, MONDAY_NOON), street.judge(CAR, OUT, MONDAY_NOON)
    assert (inside.applies, inside.zone_id) == (True, "pavement")
    assert (outside.applies, outside.zone_id) == (False, None)
    assert "'pavement' (sidewalk)" in outside.why


def test_a_bay_in_a_no_parking_area_wins_whatever_the_order() -> None:
    kerb, bay = Zone("kerb", "no_parking", WHOLE), Zone("bay", "bay", LEFT)
    for street in (zones(kerb, bay), zones(bay, kerb)):
        assert not street.judge(CAR, IN, MONDAY_NOON).applies
        assert street.judge(CAR, IN, MONDAY_NOON).zone_id == "bay"
        assert street.judge(CAR, OUT, MONDAY_NOON).applies


def test_a_bay_for_cars_does_not_excuse_a_bicycle() -> None:
    assert zones(Zone("bay", "bay", LEFT)).judge(BIKE, IN, MONDAY_NOON).applies


def test_outside_its_hours_a_no_parking_zone_holds_nothing_and_the_rest_of_the_picture_does_not_count_instead() -> None:
    street = zones(Zone("kerb", "no_parking", LEFT, hours=BY_DAY))
    assert street.judge(CAR, IN, MONDAY_NOON).applies
    at_night = street.judge(CAR, IN, MONDAY_NIGHT)
    assert (at_night.applies, at_night.why) == (False, "zone 'kerb' (no_parking) is outside its hours")
    assert not street.judge(CAR, OUT, MONDAY_NIGHT).applies


def test_a_night_market_allows_stalls_at_night_only() -> None:
    market = zones(Zone("market", "allowed_trading", LEFT, hours=WeeklySchedule.parse({"daily": "18:00-02:00"})))
    assert market.judge(STALL, IN, MONDAY_NOON).applies
    assert not market.judge(STALL, IN, MONDAY_NIGHT).applies


def test_without_a_known_time_zones_are_always_there_and_no_permit_is_in_force_and_it_says_so() -> None:
    permit = Permit(("illegal_advertising",), date(2026, 1, 1), date(2026, 12, 31))
    street = zones(Zone("kerb", "no_parking", LEFT, hours=BY_DAY), Zone("wall", "sidewalk", LEFT, permits=(permit,)))
    assert street.judge(CAR, IN, None).applies
    assert street.judge(BOARD, IN, None).applies
    assert "time is unknown" in street.judge(CAR, IN, None).why


@pytest.mark.parametrize(
    ("at", "applies"),
    [
        (datetime(2026, 2, 28, 15, 59, tzinfo=UTC), True),  # 23:59 in Xiamen, the day before
        (datetime(2026, 2, 28, 16, 0, tzinfo=UTC), False),  # midnight of the first day there
        (datetime(2026, 3, 31, 15, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 31, 16, 0, tzinfo=UTC), True),  # the day after
    ],
)
def test_a_permit_holds_from_its_first_local_day_to_its_last(at: datetime, applies: bool) -> None:
    permit = Permit(("illegal_advertising",), date(2026, 3, 1), date(2026, 3, 31), "2026-0312")
    verdict = zones(Zone("wall", "sidewalk", LEFT, permits=(permit,))).judge(BOARD, IN, at)
    assert verdict.applies is applies
    assert applies or "2026-0312" in verdict.why


def test_a_permit_for_a_board_does_not_allow_a_car() -> None:
    permit = Permit(("illegal_advertising",), date(2026, 1, 1), date(2026, 12, 31))
    assert zones(Zone("pavement", "sidewalk", LEFT, permits=(permit,))).judge(CAR, IN, MONDAY_NOON).applies


def test_the_first_zone_that_holds_the_car_sets_the_dwell() -> None:
    strip = Zone("strip", "blind_track", LEFT, rules={CAR.key: RuleOverride(dwell_s=60)})
    pavement = Zone("pavement", "sidewalk", WHOLE, rules={CAR.key: RuleOverride(dwell_s=200, share=0.9)})
    street = zones(strip, pavement)
    inside = street.judge(CAR, IN, MONDAY_NOON)
    assert (inside.zone_id, inside.rule) == ("strip", replace(CAR.rule, dwell_s=60))
    assert street.judge(CAR, OUT, MONDAY_NOON).rule == replace(CAR.rule, dwell_s=200, share=0.9)
    assert street.judge(STALL, IN, MONDAY_NOON).rule == STALL.rule


def test_a_zone_for_bicycles_only_says_nothing_about_cars() -> None:
    street = zones(Zone("pavement", "sidewalk", LEFT, types=("non_motor_parking",)))
    assert street.judge(CAR, OUT, MONDAY_NOON).applies
    assert not street.judge(BIKE, OUT, MONDAY_NOON).applies


def test_watch_and_exempt_are_about_any_type() -> None:
    assert not zones(Zone("here", WATCH, LEFT)).judge(BOARD, OUT, MONDAY_NOON).applies
    assert zones(Zone("here", WATCH, LEFT)).judge(BOARD, IN, MONDAY_NOON).applies
    assert not zones(Zone("not-here", EXEMPT, LEFT)).judge(BOARD, IN, MONDAY_NOON).applies
    assert zones(Zone("cars", EXEMPT, LEFT, types=(CAR.key,))).judge(BOARD, IN, MONDAY_NOON).applies


def test_an_ignored_tree_hides_all_that_stands_behind_it() -> None:
    street = zones(Zone("tree", IGNORE, LEFT), Zone("kerb", "no_parking", WHOLE))
    assert street.ignored(np.array([IN, OUT])).tolist() == [True, False]
    assert street.ignored(np.zeros((0, 2))).tolist() == []
    assert Zones().ignored(np.array([IN])).tolist() == [False]
    assert not street.judge(CAR, IN, None).applies


@pytest.mark.parametrize("point", [(0.25, 1.0), (0.0, 1.0), (0.0, 0.0), (0.25, 1.02)])
def test_a_car_cut_off_by_the_edge_of_the_picture_is_in_the_zone_drawn_to_that_edge(point: tuple[float, float]) -> None:
    assert zones(Zone("kerb", "no_parking", LEFT)).judge(CAR, point, MONDAY_NOON).applies


def test_neighbouring_zones_share_no_point_of_their_border() -> None:
    street = zones(Zone("a", IGNORE, LEFT), Zone("b", IGNORE, LEFT + np.array([0.5, 0])))
    held = street._holding(np.array([(0.5, y) for y in np.linspace(0, 1, 11)]))
    assert (held.sum(axis=1) == 1).all()


Corner = st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32))


@given(st.lists(Corner, min_size=3, max_size=9), st.lists(Corner, min_size=1, max_size=20))
def test_holding_agrees_with_opencv(polygon: list[tuple[float, float]], points: list[tuple[float, float]]) -> None:
    outline = np.array(polygon, dtype=np.float32)
    inside = Zones((Zone("z", IGNORE, outline.astype(np.float64)),)).ignored(np.array(points))
    for point, held in zip(points, inside, strict=True):
        distance = cv2.pointPolygonTest(outline, point, True)
        assert abs(distance) < 1e-4 or held == (distance > 0)


def test_the_catalogue_knows_every_kind_of_zone_and_no_other() -> None:
    used = {kind for t in TYPES.values() for kind in (*t.rule.where, *t.rule.exempt)}
    assert used == set(ZONE_KINDS) - {WATCH, EXEMPT, IGNORE}

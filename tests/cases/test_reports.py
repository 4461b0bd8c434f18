"""What people report beside what cameras see."""

import pytest

from cases.case import Case
from cases.desk import Actor, new_id
from cases.life import Action, Role
from cases.reports import MOST_DOUBTS, WHY, report
from tests.cases.office import LI, Office

HOTLINE = Actor("hotline", Role.POLICY)


def reported(
    office: Office, lat: float | None = 24.48, lon: float | None = 118.09, key: str = "overflowing_bin"
) -> Case:
    columns = {"id": new_id(), "key": key, "producer": "hotline", "lat": lat, "lon": lon}
    columns["radius_m"] = None if lat is None else 20.0
    return office.do(lambda tx: report(tx, office.desk, columns, HOTLINE))


def doubts(office: Office, case: Case) -> set[str]:
    return {p["second"] if p["first"] == case.id else p["first"] for p in office.whole(case).may_be}


def test_what_a_camera_sees_and_a_person_reports_may_be_one_whichever_comes_first(office: Office) -> None:
    seen = office.arrive(1)
    by_a_person = reported(office, lat=24.48015)  # 17 m away
    assert doubts(office, seen) == {by_a_person.id}
    assert [(p["metres"], p["why"]) for p in office.whole(by_a_person).may_be] == [(pytest.approx(16.7, abs=0.2), WHY)]
    later = office.arrive(2, camera="yard", place=(24.4802, 118.09, 5.0))
    assert doubts(office, later) == {by_a_person.id}
    assert doubts(office, by_a_person) == {seen.id, later.id}
    assert doubts(office, reported(office)) == {seen.id, by_a_person.id}, "22 m from the later one, its own is 21"


def test_what_is_far_of_another_type_over_or_without_a_place_is_not_doubted(office: Office) -> None:
    seen = office.arrive(1)
    over = office.act(office.arrive(2, camera="gate", place=(24.4803, 118.09, 5.0)), Action.REJECT, LI, "a permit")
    assert doubts(office, reported(office, lat=24.481)) == set()
    assert doubts(office, reported(office, key="road_vending")) == set()
    assert doubts(office, reported(office, lat=24.4803)) == set(), f"{over.number} is over, {seen.number} is 33 m away"
    assert doubts(office, reported(office, lat=None, lon=None)) == set()


def test_of_very_many_the_nearest_are_doubted_and_what_cameras_see_first(office: Office) -> None:
    at_one_address = [reported(office) for _ in range(MOST_DOUBTS + 5)]
    seen = office.arrive(1, place=(24.48003, 118.09, 5.0))
    assert len(doubts(office, seen)) == MOST_DOUBTS
    new = reported(office)
    found = doubts(office, new)
    assert len(found) == MOST_DOUBTS
    assert seen.id in found
    assert found - {seen.id} < {case.id for case in at_one_address}


def test_a_camera_that_joins_a_case_may_see_what_was_reported_and_a_report_what_it_sees(office: Office) -> None:
    seen = office.arrive(1)
    far = reported(office, lat=24.48022)  # 24 m away from where the first camera sees it
    assert doubts(office, far) == set()
    joined = office.arrive(2, camera="yard", place=(24.48009, 118.09, 14.0))
    assert (joined.id, doubts(office, seen)) == (seen.id, {far.id})
    assert doubts(office, reported(office, lat=24.48024)) == {seen.id, far.id}
    office.do(lambda tx: office.desk.apart(tx, seen, far, LI))
    office.arrive(3, camera="roof", place=(24.48009, 118.09, 14.0))
    assert far.id not in doubts(office, seen), "a person said that they are two"


def test_a_report_that_a_camera_was_merged_into_is_doubted_once(office: Office) -> None:
    by_a_person, seen = reported(office), office.arrive(1)
    office.act(seen, Action.MERGE, LI, "the same bin", into=by_a_person.id)
    vague = office.arrive(2, camera="tower", place=(24.48, 118.09, 80.0))
    assert [p["why"] for p in office.whole(vague).may_be] == ["a place is known to 80 m only, at most 15 m are merged"]
    assert office.arrive(3, camera="yard").id == by_a_person.id

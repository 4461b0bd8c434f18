"""Two cases that are one: what lay with the one goes on with the other, holds and doubts included."""

import pytest

from cases.case import Case
from cases.desk import Actor
from cases.evidence import add, fresh
from cases.life import Action, NotAllowed, Role
from tests.cases.office import CHEN, LI, Office

ZHOU = Actor("zhou", Role.AUDITOR)


def vague(office: Office, number: int) -> Case:
    """Seen from far away: it may be the same as others there."""
    return office.arrive(number, place=(24.48, 118.09, 80.0), camera=f"tower-{number}")


def may_be(office: Office, case: Case) -> set[str]:
    return {p["second"] if p["first"] == case.id else p["first"] for p in office.whole(case).may_be}


def test_what_is_held_is_not_let_go_by_merging_it(office: Office) -> None:
    first, second = office.arrive(1), office.arrive(2, place=(24.48, 118.09, 80.0), camera="tower")
    second = office.act(second, Action.HOLD, Actor("zhou", Role.AUDITOR), "objection 2026-17")
    with pytest.raises(NotAllowed, match="case 2 is held: hold case 1"):
        office.act(second, Action.MERGE, LI, "the same bin", into=first.id)
    assert office.act(first, Action.MERGE, LI, "the same bin", into=second.id).merged_into == second.id


def test_what_was_merged_is_held_where_it_lies_now_and_released_by_itself(office: Office) -> None:
    first, second = vague(office, 1), vague(office, 2)
    for case in (first, second):
        office.act(case, Action.HOLD, ZHOU, "objection 2026-17")
    office.act(second, Action.MERGE, LI, "the same bin", into=first.id)
    with pytest.raises(NotAllowed, match="release: case 2 was merged into this one, and is held: release it first"):
        office.act(first, Action.RELEASE, ZHOU, "decided")
    office.act(second, Action.RELEASE, ZHOU, "decided")
    assert not office.act(first, Action.RELEASE, ZHOU, "decided").hold
    with pytest.raises(NotAllowed, match="hold: not from merged"):
        office.act(second, Action.HOLD, ZHOU, "objection 2026-18")


def test_what_is_given_to_a_case_that_was_merged_lies_with_the_one_that_goes_on(office: Office) -> None:
    first, second, third = (vague(office, n) for n in (1, 2, 3))
    office.act(third, Action.MERGE, LI, "the same bin", into=second.id)
    office.act(second, Action.MERGE, LI, "the same bin", into=first.id)
    new = fresh(third.id, None, "after", "image/jpeg", 3, "a" * 64, "chen", office.clock.now)
    assert office.do(lambda tx: add(tx, new)).case_id == first.id


def test_nothing_open_is_merged_into_what_is_over(office: Office) -> None:
    first, second = vague(office, 1), vague(office, 2)
    office.act(office.act(office.act(first, Action.ACCEPT, LI), Action.VERIFY, LI), Action.CLOSE, LI)
    with pytest.raises(NotAllowed, match="one that is over can be reopened"):
        office.act(second, Action.MERGE, LI, "the same bin", into=first.id)


def test_doubts_go_on_with_the_case_that_does_and_end_with_the_others(office: Office) -> None:
    first, second, third, fourth = (vague(office, n) for n in (1, 2, 3, 4))
    assert may_be(office, third) == {first.id, second.id, fourth.id}
    office.do(lambda tx: office.desk.apart(tx, first, third, LI))
    office.act(second, Action.MERGE, LI, "the same bin", into=first.id)
    assert may_be(office, first) == {fourth.id}  # a person has said that it is not the third
    assert may_be(office, third) == {fourth.id}
    assert may_be(office, second) == set()
    office.act(fourth, Action.REJECT, LI, "nothing there")
    assert may_be(office, first) == may_be(office, third) == set()


def test_a_handler_does_not_merge(office: Office) -> None:
    first, second = vague(office, 1), vague(office, 2)
    with pytest.raises(PermissionError):
        office.act(second, Action.MERGE, CHEN, "the same bin", into=first.id)

"""Events become cases: one thing one case, once, whatever comes twice; the camera closes what it sees gone."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from cases.arrivals import NotTheSame, UnknownViolation, arrive
from cases.case import Case
from cases.desk import Actor, NoCase, Stale
from cases.evidence import add, fresh
from cases.home import AnothersViolation
from cases.life import Action, Forbidden, NotAllowed, Role, State
from cases.nearby import MOST
from cases.policy import Policy
from cases.queries import whole
from cases.responsibility import Assignment
from cases.still_there import is_seen, questions
from cases.store.tables import outbox
from tests.cases.office import CHEN, LI, POLICY, WANG, WORKER, Office
from tests.cases.stores import NOON, event


def test_an_opening_is_a_case_with_its_place_in_the_city(office: Office) -> None:
    case = office.arrive(1)
    assert (case.number, case.state, case.key, case.version) == (1, State.NEW, "overflowing_bin", 1)
    assert (case.cell, case.street, case.district, case.department) == ("S-17", "Zhongshan Lu", "Siming", "sanitation")
    assert (case.opened_at, case.onset) == (NOON, NOON - timedelta(minutes=10))
    assert office.arrive(2, place=None, key="road_vending").department == "urban management"


def test_what_comes_twice_changes_nothing(office: Office) -> None:
    first = office.arrive(1)
    office.clock.pass_(minutes=1)
    again = office.do(lambda tx: arrive(tx, office.desk, event(1), WORKER))
    assert (again.fresh, again.case) == (False, first)
    cleared = event(1, "cleared", 1, cleared=NOON)
    done = [office.do(lambda tx: arrive(tx, office.desk, cleared, WORKER)) for _ in range(3)]
    assert [a.fresh for a in done] == [True, False, False]
    assert office.count() == 1
    told = office.do(lambda tx: [row.type for row in tx.execute(select(outbox.c.type).order_by(outbox.c.id))])
    assert told == ["case.opened", "case.note"]


def test_what_a_second_camera_sees_of_it_is_the_same_case(office: Office) -> None:
    first = office.arrive(1)
    assert office.arrive(2, camera="yard", place=(24.48002, 118.09, 5.0)).id == first.id
    assert office.arrive(3, camera="roof", place=(24.482, 118.09, 5.0)).id != first.id
    vague = office.arrive(4, camera="tower", place=(24.48001, 118.09, 60.0))
    assert vague.id != first.id
    found = office.do(lambda tx: whole(tx, office.desk.case(tx, first.id)))
    assert {v["camera_id"] for v in found.violations} == {"gate", "yard"}
    assert [p["first"] for p in found.may_be] == [vague.id]


def test_a_case_is_gone_when_every_camera_that_saw_it_says_so(office: Office) -> None:
    case = office.arrive(1)
    office.arrive(2, camera="yard")
    case = office.act(case, Action.ACCEPT, LI)
    office.arrive(1, "cleared", 1, cleared=NOON)
    assert office.case(case).state is State.ACCEPTED
    office.arrive(2, "cleared", 1, camera="yard", cleared=NOON)
    case = office.case(case)
    assert (case.state, case.gone_at, case.closed_at) == (State.CLOSED, NOON, NOON)


def test_what_went_before_anybody_looked_still_waits_for_a_person(office: Office) -> None:
    office.arrive(1)
    case = office.arrive(1, "cleared", 1, cleared=NOON)
    assert (case.state, case.gone_at) == (State.NEW, NOON)
    assert office.act(case, Action.ACCEPT, LI).confirmed_by == "li"


def test_the_handler_says_done_and_the_camera_still_sees_it(office: Office) -> None:
    case = office.arrive(1)
    for action, who in (
        (Action.ACCEPT, LI),
        (Action.FILE, LI),
        (Action.DISPATCH, WANG),
        (Action.TAKE, CHEN),
        (Action.FEED_BACK, CHEN),
    ):
        office.clock.pass_(minutes=5)
        case = office.act(case, action, who)
    assert (case.due_at, case.confirmed_by) == (NOON + timedelta(minutes=15, hours=4), "li")
    assert office.do(lambda tx: questions(tx, office.desk, "worker-1")) == []
    office.clock.pass_(minutes=2)
    asked = office.do(lambda tx: questions(tx, office.desk, "worker-1"))
    assert [(q.violation_id, q.camera_id, q.since) for q in asked] == [(event(1).id, "gate", case.entered_at)]
    picture = fresh(case.id, event(1).id, "still", "image/jpeg", 3, "a" * 64, "worker-1", office.clock.now)
    office.do(lambda tx: add(tx, picture))
    for seen_at, state in (
        (case.entered_at - timedelta(seconds=1), State.FED_BACK),
        (case.entered_at + timedelta(seconds=1), State.HANDLING),
        (case.entered_at + timedelta(seconds=2), State.HANDLING),
    ):
        found = office.do(lambda tx, at=seen_at: is_seen(tx, office.desk, event(1).id, at, picture.id))
        assert found.state is state
    assert office.do(lambda tx: questions(tx, office.desk, "worker-1")) == []
    case = office.act(found, Action.FEED_BACK, CHEN)
    case = office.arrive(1, "cleared", 2, cleared=NOON + timedelta(hours=1))
    assert case.state is State.CLOSED
    found = office.do(lambda tx: whole(tx, office.desk.case(tx, case.id)))
    assert [(c["action"], c["who"]) for c in found.changes] == [
        ("note", "worker-1"), ("accept", "li"), ("file", "li"), ("dispatch", "wang"), ("take", "chen"),
        ("feed_back", "chen"), ("return", "camera"), ("feed_back", "chen"), ("verify", "camera"), ("close", "policy"),
    ]  # fmt: skip
    assert (found.changes[6]["reason"], found.changes[6]["data"]) == (
        "camera gate still sees it",
        {"evidence": [picture.id]},
    )


def test_at_the_same_place_again_it_is_a_new_case_that_knows_the_old_one(office: Office) -> None:
    case = office.act(office.arrive(1), Action.ACCEPT, LI)
    office.arrive(1, "cleared", 1, cleared=NOON)
    office.clock.pass_(hours=20)
    again = office.arrive(2, onset=NOON + timedelta(hours=19))
    assert (again.id != case.id, again.repeat_of) == (True, case.id)
    office.act(again, Action.ACCEPT, LI)
    assert (
        office.arrive(2, "cleared", 1, onset=NOON + timedelta(hours=19), cleared=office.clock.now).state is State.CLOSED
    )
    office.clock.pass_(days=8)
    assert office.arrive(3, camera="yard", onset=office.clock.now).repeat_of is None


def test_a_type_the_city_trusts_goes_out_by_itself_and_is_no_evidence_yet(office: Office) -> None:
    office.desk.policy = Policy(assignments=POLICY.assignments, unconfirmed=frozenset({"open_burning"}))
    case = office.arrive(1, key="open_burning")
    assert (case.state, case.confirmed_by, case.department) == (State.DISPATCHED, None, "urban management")
    assert office.act(case, Action.CONFIRM, LI).confirmed_by == "li"


def test_what_may_not_be_done_is_said_and_changes_nothing(office: Office) -> None:
    case = office.arrive(1)
    with pytest.raises(NotAllowed, match="dispatch: not from new; now confirm, accept, reject"):
        office.act(case, Action.DISPATCH, Actor("wang", Role.DISPATCHER))
    with pytest.raises(Forbidden, match="accept: handler may not"):
        office.act(case, Action.ACCEPT, CHEN)
    with pytest.raises(NotAllowed, match="reject: a reason is needed"):
        office.act(case, Action.REJECT, LI)
    office.act(case, Action.ACCEPT, LI, version=1)
    with pytest.raises(Stale, match="at version 2, not 1"):
        office.act(case, Action.FILE, LI, version=1)
    with pytest.raises(NotAllowed, match="evidence: case 1 has none with the id 'a picture'"):
        office.act(case, Action.NOTE, LI, "see there", evidence=["a picture"])
    filed = office.act(office.act(office.arrive(7, camera="roof", place=None), Action.ACCEPT, LI), Action.FILE, LI)
    with pytest.raises(NotAllowed, match="no department 'sanitaton'; there are sanitation, urban management"):
        office.act(filed, Action.DISPATCH, WANG, department="sanitaton")
    with pytest.raises(Forbidden, match="apart: handler may not"):
        office.do(lambda tx: office.desk.apart(tx, case, case, CHEN))
    with pytest.raises(UnknownViolation):
        office.arrive(9, "cleared", 1, cleared=NOON)
    with pytest.raises(NoCase):
        office.do(lambda tx: office.desk.case(tx, "nobody"))
    assert office.case(case).version == 2


def test_merged_cases_go_on_as_one(office: Office) -> None:
    first, second = office.arrive(1), office.arrive(2, camera="tower", place=(24.48, 118.09, 80.0))
    with pytest.raises(NotAllowed, match="another case"):
        office.act(second, Action.MERGE, LI, "the same bin", into=second.id)
    merged = office.act(second, Action.MERGE, LI, "the same bin", into=first.id)
    assert (merged.state, merged.merged_into) == (State.MERGED, first.id)
    assert office.arrive(2, "cleared", 1, camera="tower", cleared=NOON).id == first.id


def test_what_a_court_needs_is_held_by_an_auditor_with_a_reason(office: Office) -> None:
    case, auditor = office.arrive(1), Actor("zhou", Role.AUDITOR)
    with pytest.raises(NotAllowed, match="a reason is needed"):
        office.act(case, Action.HOLD, auditor)
    with pytest.raises(Forbidden):
        office.act(case, Action.HOLD, LI, "objection")
    assert office.act(case, Action.HOLD, auditor, "objection 2026-17").hold
    assert not office.act(case, Action.RELEASE, auditor, "decided").hold


def test_the_zone_says_whose_it_is(office: Office) -> None:
    office.desk.policy = Policy(
        assignments=(Assignment("traffic police", zone_kinds=frozenset({"carriageway"})), Assignment("street office"))
    )
    assert office.arrive(1, zone_kind="carriageway").department == "traffic police"
    assert office.arrive(2, zone_kind="sidewalk", place=None).department == "street office"


def test_what_may_be_one_is_two_when_a_person_says_so(office: Office) -> None:
    first, second = office.arrive(1), office.arrive(2, camera="tower", place=(24.48, 118.09, 80.0))

    def apart(one: Case, other: Case) -> Case:
        return office.do(lambda tx: office.desk.apart(tx, one, other, LI))

    assert [p["first"] for p in office.whole(first).may_be] == [second.id]
    apart(first, second)
    assert office.whole(second).may_be == ()
    assert office.history(first)[-1]["reason"] == "not the same as case 2"
    with pytest.raises(NotAllowed, match="nothing says"):
        apart(second, first)
    third = office.arrive(3, camera="roof", place=(24.48, 118.09, 80.0))
    office.act(third, Action.MERGE, LI, "the same bin", into=first.id)
    assert office.whole(first).may_be == ()


def test_what_was_never_seen_to_go_and_is_over_joins_nothing(office: Office) -> None:
    over = office.act(office.arrive(1, camera="roof"), Action.REJECT, LI, "a permit")
    second = office.arrive(2, camera="gate", place=(24.48002, 118.09, 5.0))
    assert second.id != over.id
    assert office.arrive(3, camera="yard", place=(24.48001, 118.09, 5.0)).id == second.id


def test_of_very_many_the_nearest_are_compared(office: Office) -> None:
    here = office.arrive(1)
    for n in range(2, 2 + 2 * MOST):
        office.arrive(n, camera="square", place=(24.4803 + n * 1e-7, 118.0903, 5.0))
    assert office.arrive(1000, camera="yard", place=(24.48002, 118.09, 5.0)).id == here.id


def test_when_it_was_gone_is_what_cameras_say_and_no_longer_true_when_one_sees_it(office: Office) -> None:
    office.arrive(1)
    office.clock.pass_(hours=9)  # the worker was cut off
    case = office.arrive(1, "cleared", 1, cleared=NOON + timedelta(minutes=5))
    assert case.gone_at == NOON + timedelta(minutes=5)
    assert office.arrive(2, camera="yard", onset=NOON + timedelta(minutes=4)).gone_at is None
    assert office.case(case).gone_at is None
    assert office.arrive(2, "cleared", 1, camera="yard", cleared=office.clock.now + timedelta(days=1)).gone_at == (
        office.clock.now
    )
    assert office.arrive(2, "extended", 2, camera="yard").gone_at is None


def test_a_place_that_is_hardly_known_repeats_nothing_far_away(office: Office) -> None:
    case = office.act(office.arrive(1), Action.ACCEPT, LI)
    assert office.arrive(1, "cleared", 1, cleared=NOON).state is State.CLOSED
    assert office.arrive(2, camera="tower", place=(24.52, 118.09, 50_000.0)).repeat_of is None
    assert office.arrive(3, camera="tower", place=(24.481, 118.09, 50_000.0)).repeat_of == case.id


def test_a_producer_speaks_of_what_it_pushed_and_of_nothing_else(office: Office) -> None:
    office.act(office.arrive(1), Action.ACCEPT, LI)
    gone = event(1, "cleared", 1, cleared=NOON)
    for other in (Actor("worker-2", Role.POLICY), LI):
        with pytest.raises(AnothersViolation, match="pushed with the key 'worker-1'"):
            office.do(lambda tx, other=other: arrive(tx, office.desk, gone, other))
    case = office.do(lambda tx: arrive(tx, office.desk, gone, Actor("root", Role.ADMIN))).case
    assert case.state is State.CLOSED


def test_whoever_watches_a_case_hears_of_another_view(office: Office) -> None:
    first = office.arrive(1)
    assert office.arrive(2, camera="yard").version == first.version + 1
    assert office.history(first)[-1]["reason"] == "camera yard sees it too"


def test_that_it_is_gone_is_the_last_word_however_it_is_counted(office: Office) -> None:
    office.act(office.arrive(1), Action.ACCEPT, LI)
    office.arrive(1, "extended", 5)
    assert office.arrive(1, "cleared", 2, cleared=NOON).state is State.CLOSED


@pytest.mark.parametrize("other", [{"camera": "yard"}, {"key": "road_vending"}])
def test_another_thing_under_a_known_id_is_refused(office: Office, other: dict[str, str]) -> None:
    case = office.arrive(1)
    with pytest.raises(NotTheSame, match="known as overflowing_bin of camera gate, view home"):
        office.arrive(1, "extended", 1, **other)
    assert office.case(case).version == case.version

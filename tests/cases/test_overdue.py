"""Deadlines: who is told when one has passed, and what becomes of one when a case goes back."""

from datetime import timedelta

from cases.case import Case
from cases.life import Action
from cases.overdue import escalate
from cases.queries import Wanted, page
from tests.cases.office import CHEN, LI, WANG, Office


def dispatched(office: Office, number: int = 1) -> Case:
    case = office.arrive(number, place=(24.0 + number, 118.0, 5.0))
    for action, who in ((Action.ACCEPT, LI), (Action.FILE, LI), (Action.DISPATCH, WANG)):
        case = office.act(case, action, who)
    return case


def levels(office: Office) -> int:
    """How many cases went a level up, now and in the next minutes."""
    return sum(office.do(lambda tx: escalate(tx, office.desk)) for _ in range(3))


def overdue(office: Office) -> list[int]:
    found = office.do(lambda tx: page(tx, Wanted(overdue_at=office.clock.now), "due"))
    return [case.number for case in found.cases]


def test_what_is_not_handled_in_time_goes_up_level_by_level(office: Office) -> None:
    case = office.arrive(1)
    for action, who in ((Action.ACCEPT, LI), (Action.FILE, LI), (Action.DISPATCH, WANG)):
        case = office.act(case, action, who)
    levels = []
    for hours in (3, 2, 24, 1, 24, 24, 24):
        office.clock.pass_(hours=hours)
        office.do(lambda tx: escalate(tx, office.desk))
        levels.append(office.case(case).escalated)
    assert levels == [0, 1, 2, 2, 3, 3, 3]
    done = office.act(case, Action.FEED_BACK, CHEN)
    assert done.escalated == 3


def test_after_a_long_stop_the_levels_are_still_told_a_day_apart(office: Office) -> None:
    case = dispatched(office)
    office.clock.pass_(days=10)
    told = []
    for _ in range(4):
        told.append(levels(office))
        office.clock.pass_(hours=25)
    assert told == [1, 1, 1, 0]
    assert office.case(case).escalated == 3


def test_the_time_in_which_it_was_said_to_be_done_is_not_the_handlers(office: Office) -> None:
    case = dispatched(office)
    office.clock.pass_(hours=3)
    office.act(case, Action.FEED_BACK, CHEN)
    office.clock.pass_(days=3)
    assert (levels(office), overdue(office)) == (0, [])  # it waits for whoever looks, not for its handler
    case = office.act(case, Action.RETURN, LI, "half of it lies there still")
    assert case.due_at == office.clock.now + timedelta(hours=1)
    office.clock.pass_(hours=2)
    assert (overdue(office), levels(office)) == ([case.number], 1)
    late = office.act(case, Action.FEED_BACK, CHEN)
    office.clock.pass_(days=1)
    assert office.act(case, Action.RETURN, LI, "still there").due_at == late.due_at  # nothing was left of it


def test_what_goes_back_to_be_filed_waits_for_no_deadline(office: Office) -> None:
    first, second = dispatched(office, 1), dispatched(office, 2)
    office.clock.pass_(hours=5)
    assert (overdue(office), levels(office)) == ([first.number, second.number], 2)
    first = office.act(first, Action.RETURN, LI, "the wrong department")
    second = office.act(office.act(second, Action.VERIFY, LI), Action.REOPEN, LI, "another one stands there")
    assert [(case.due_at, case.escalated) for case in (first, second)] == [(None, 0)] * 2
    assert (overdue(office), levels(office)) == ([], 0)
    again = office.act(first, Action.DISPATCH, WANG)
    assert again.due_at == office.clock.now + timedelta(hours=4)

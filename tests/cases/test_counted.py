"""Each step of a case counts once, and none that was taken back, whatever people do in whatever order."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from cases.counted import Step, standing
from cases.desk import Actor, Desk
from cases.life import Action, Role, State, actions
from cases.statistics import summed_up
from cases.store.tables import changes, month_tallies, tallies
from cases.store.writer import Writer
from tests.cases.office import CHEN, LI, POLICY, WANG, Office
from tests.cases.stores import Clock, fresh_store

DAY = date(2026, 5, 6)
WORDS = {"accept", "accept_unseen", "confirm", "reject", "reject_unseen"}
STEPS = {"file", "dispatch", "take", "feed_back", "verify", "close"}


def summed(office: Office) -> dict[str, object]:
    (row,) = office.do(lambda tx: summed_up(tx, DAY, DAY + timedelta(days=30)))
    return row


def test_a_change_of_mind_counts_as_the_last_word(office: Office) -> None:
    case = office.act(office.act(office.arrive(1), Action.ACCEPT, LI), Action.REJECT, LI, "a permit")
    assert (case.confirmed_by, summed(office)["precision"]) == (None, 0.0)
    assert (summed(office)["accepted"], summed(office)["rejected"]) == (0, 1)


def test_confirming_and_then_accepting_is_one_word_and_one_step(office: Office) -> None:
    office.act(office.act(office.arrive(1), Action.CONFIRM, LI), Action.ACCEPT, LI)
    assert (summed(office)["accepted"], summed(office)["precision"]) == (1, 1.0)


def test_what_is_done_twice_is_handled_and_closed_once(office: Office) -> None:
    case = office.arrive(1)
    for action, who in (
        (Action.ACCEPT, LI), (Action.FILE, LI), (Action.DISPATCH, WANG), (Action.FEED_BACK, CHEN), (Action.RETURN, LI),
        (Action.FEED_BACK, CHEN), (Action.VERIFY, LI), (Action.CLOSE, LI), (Action.REOPEN, LI), (Action.DISPATCH, WANG),
        (Action.FEED_BACK, CHEN), (Action.VERIFY, LI), (Action.CLOSE, LI),
    ):  # fmt: skip
        office.clock.pass_(days=1)
        case = office.act(case, action, who, "not quite")
    found = summed(office)
    assert (found["dispatched"], found["handled"], found["closed"]) == (1, 1, 1)
    assert (found["handling_rate"], found["closing_rate"]) == (1.0, 1.0)
    assert found["seconds_to"]["close"] == 13 * 24 * 3600.0  # type: ignore[index]


def test_what_closed_before_anybody_looked_can_still_be_judged(office: Office) -> None:
    for number, action in ((1, Action.CONFIRM), (2, Action.REJECT)):
        case = office.arrive(number, place=(24.0 + number, 118.0, 5.0))
        policy = Actor("policy", Role.POLICY)
        for step in (Action.ACCEPT, Action.FILE, Action.DISPATCH):
            case = office.act(case, step, policy)
        case = office.act(case, Action.VERIFY, Actor("camera", Role.SIGHT))
        case = office.act(office.act(case, Action.CLOSE, policy), action, LI, "a fire of leaves")
    found = summed(office)
    assert (found["accepted"], found["rejected"], found["closed"], found["precision"]) == (1, 1, 1, 0.5)


@given(choices=st.lists(st.integers(0, 1000), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_tallies_are_what_stands_whatever_is_done(choices: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    with fresh_store("sqlite", tmp_path_factory.mktemp("walk")) as engine:
        clock = Clock()
        office = Office(engine, Writer(engine), Desk(POLICY, clock), clock)
        case = office.arrive(1)
        for choice in choices:
            ways = [(a, role) for role in Role for a in actions(case.state, role) if a is not Action.MERGE]
            action, role = ways[choice % len(ways)]
            clock.pass_(hours=7)
            case = office.act(case, action, Actor(role.value, role), "why", department="sanitation")
        with engine.connect() as tx:
            rows = tx.execute(select(changes).order_by(changes.c.id)).all()
            kept = [
                dict(map(tuple, tx.execute(select(t.c.what, func.sum(t.c.count)).group_by(t.c.what))))
                for t in (tallies, month_tallies)
            ]
            seconds = tx.execute(select(func.sum(tallies.c.seconds)).where(tallies.c.what.in_(WORDS | STEPS))).scalar()
        office.writer.close()
    stands = standing(Step(Action(r.action), Role(r.role), State(r.after), r.at) for r in rows)
    wanted = Counter(counted.what for counted in stands)
    for found in kept:
        assert {what: n for what, n in found.items() if n and what in WORDS | STEPS} == wanted
    assert (seconds or 0.0) == pytest.approx(sum((c.at - case.opened_at).total_seconds() for c in stands))
    assert max(wanted.values(), default=1) == 1

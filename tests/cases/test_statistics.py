"""Precision as people see it, rates, and how long each step took."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from cases import tally
from cases.desk import Desk
from cases.life import Action
from cases.policy import Policy
from cases.statistics import counts, summed_up
from cases.store.tables import month_tallies, tallies
from cases.store.writer import Writer
from tests.cases.office import CHEN, LI, POLICY, WANG, Office
from tests.cases.stores import NOON, Clock, event, fresh_store
from tests.cases.test_permits import MARKET, give

DAY = date(2026, 5, 6)


def test_a_day_summed_up(office: Office) -> None:
    for n in range(1, 5):
        office.arrive(n, place=(24.0 + n / 100, 118.0, 5.0))
    first, second, third = (office.find(event(n).id) for n in (1, 2, 3))
    office.clock.pass_(minutes=10)
    for case in (first, second):
        office.act(office.act(office.act(case, Action.ACCEPT, LI), Action.FILE, LI), Action.DISPATCH, WANG)
    office.act(third, Action.REJECT, LI, "a permit")
    office.clock.pass_(minutes=20)
    office.act(first, Action.FEED_BACK, CHEN)
    office.arrive(1, "cleared", 1, place=(24.01, 118.0, 5.0), cleared=NOON + timedelta(minutes=30))
    (row,) = office.do(lambda tx: summed_up(tx, DAY, DAY))
    assert row == {
        "opened": 4, "accepted": 2, "rejected": 1, "dispatched": 2, "handled": 1, "closed": 1, "overdue": 0,
        "precision": 0.6667, "handling_rate": 0.5, "closing_rate": 0.5,
        "seconds_to": {
            "accept": 600.0, "file": 600.0, "dispatch": 600.0, "feed_back": 1800.0, "verify": 1800.0, "close": 1800.0,
        },
    }  # fmt: skip
    assert [r["key"] for r in office.do(lambda tx: summed_up(tx, DAY, DAY, ["key"]))] == ["overflowing_bin"]
    assert office.do(lambda tx: summed_up(tx, DAY + timedelta(1), DAY + timedelta(1))) == []


def test_what_a_policy_accepted_says_nothing_of_precision_until_a_person_has_looked(office: Office) -> None:
    office.desk.policy = Policy(assignments=POLICY.assignments, unconfirmed=frozenset({"open_burning"}))
    case = office.arrive(1, key="open_burning")
    (row,) = office.do(lambda tx: summed_up(tx, DAY, DAY))
    assert (row["accepted"], row["precision"]) == (1, None)
    for _ in range(2):
        office.act(case, Action.CONFIRM, LI)
    (row,) = office.do(lambda tx: summed_up(tx, DAY, DAY))
    assert row["precision"] == 1.0


@given(first=st.dates(date(2025, 11, 1), date(2026, 7, 1)), length=st.integers(0, 250))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_months_and_days_are_what_the_days_are(counted: Engine, first: date, length: int) -> None:
    last = first + timedelta(days=length)
    with counted.connect() as tx:
        by_day = counts(tx, first, last, ["day", "key"])
        (whole,) = counts(tx, first, last, ["key"]) or [{"count": 0, "seconds": 0.0}]
    assert whole["count"] == sum(row["count"] for row in by_day)
    assert whole["seconds"] * whole["count"] == pytest.approx(sum(row["seconds"] * row["count"] for row in by_day))


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Something happened every third day of a year."""
    folder = tmp_path_factory.mktemp("counted")
    with fresh_store("sqlite", folder) as engine:
        writer, clock = Writer(engine), Clock()
        office = Office(engine, writer, Desk(POLICY, clock), clock)
        case = office.arrive(1)
        for n in range(0, 365, 3):
            at = NOON - timedelta(days=200) + timedelta(days=n)
            office.do(lambda tx, at=at, n=n: tally.count(tx, POLICY, case, "verify", at, 10.0 + n))
        with engine.begin() as tx:
            for table in (tallies, month_tallies):
                tx.execute(table.delete().where(table.c.what == "opened"))
        yield engine
        writer.close()


def test_who_changed_their_mind_counts_once(office: Office) -> None:
    case = office.act(office.arrive(1), Action.REJECT, LI, "a permit")
    case = office.act(office.act(case, Action.REOPEN, LI, "no permit"), Action.ACCEPT, LI)
    (row,) = office.do(lambda tx: summed_up(tx, DAY, DAY))
    assert (row["accepted"], row["rejected"], row["precision"]) == (1, 0, 1.0)
    case = office.act(office.act(case, Action.REJECT, LI, "a permit, after all"), Action.REOPEN, LI, "or not")
    office.act(case, Action.ACCEPT, LI)
    (row,) = office.do(lambda tx: summed_up(tx, DAY, DAY))
    assert (row["accepted"], row["rejected"], row["precision"]) == (1, 0, 1.0)


def test_what_a_permit_closed_and_a_person_opened_again_was_nobodys_mistake(office: Office) -> None:
    give(office, MARKET)
    case = office.arrive(1, key="road_vending")
    office.clock.pass_(days=3)
    office.act(office.act(case, Action.REOPEN, LI, "outside of the market's hours"), Action.ACCEPT, LI)
    (day,) = office.do(lambda tx: summed_up(tx, DAY, DAY))
    assert (day["opened"], day["rejected"]) == (1, 0)
    (row,) = office.do(lambda tx: summed_up(tx, DAY, DAY + timedelta(days=3)))
    assert (row["accepted"], row["rejected"], row["precision"]) == (1, 0, 1.0)

"""What a permit allows troubles nobody, and only there, only then, only that."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cases.life import Action, State
from cases.permits import Permit, PermitProblem, listed, put, remove
from tests.cases.office import LI, Office
from tests.cases.stores import NOON

MARKET = Permit(
    id="2026/17",
    types=("road_vending", "street_umbrella"),
    holder="night market",
    note="",
    valid_from=date(2026, 5, 1),
    valid_to=date(2026, 5, 6),
    area={
        "type": "Polygon",
        "coordinates": [
            [[118.085, 24.475], [118.095, 24.475], [118.095, 24.485], [118.085, 24.485], [118.085, 24.475]]
        ],
    },
)


def give(office: Office, permit: Permit) -> bool:
    return office.do(lambda tx: put(tx, permit))


def test_what_is_allowed_is_closed_before_anybody_looks(office: Office) -> None:
    assert give(office, MARKET)
    case = office.arrive(1, key="road_vending")
    assert case.state is State.REJECTED
    assert office.act(case, Action.REOPEN, LI, "outside of the market's hours").state is State.NEW
    (change,) = [c for c in office.history(case) if c["action"] == "reject"]
    assert (change["who"], change["reason"]) == (
        "policy",
        "permit 2026/17 of night market allows it until 2026-05-06",
    )


@pytest.mark.parametrize(
    "other",
    [
        {"key": "overflowing_bin"},
        {"place": (24.49, 118.09, 5.0)},
        {"place": None},
        {"onset": NOON + timedelta(days=1)},
        {"onset": NOON - timedelta(days=7)},
    ],
)
def test_nothing_else_is(office: Office, other: dict[str, object]) -> None:
    give(office, MARKET)
    assert office.arrive(1, **({"key": "road_vending"} | other)).state is State.NEW


def test_permits_are_changed_listed_and_taken_back(office: Office) -> None:
    give(office, MARKET)
    assert not give(office, replace(MARKET, holder="somebody else"))
    give(office, replace(MARKET, id="2026/18"))
    assert [p.holder for p in office.do(lambda tx: list(listed(tx)))] == ["somebody else", "night market"]
    assert [p.id for p in office.do(lambda tx: list(listed(tx, "2026/17")))] == ["2026/18"]
    assert office.do(lambda tx: remove(tx, "2026/18"))
    assert not office.do(lambda tx: remove(tx, "2026/18"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"valid_to": date(2026, 4, 30)}, "before it begins"),
        ({"area": {"type": "Point", "coordinates": [118, 24]}}, "polygon is needed"),
        ({"area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}}, "Self-intersection"),
        ({"area": {"type": "Polygon", "coordinates": [[[0, 0], [500, 0], [0, 1], [0, 0]]]}}, "in degrees"),
        ({"area": {"type": "Polygon"}}, "no GeoJSON"),
    ],
)
def test_a_permit_that_makes_no_sense_is_refused(office: Office, change: dict[str, object], why: str) -> None:
    with pytest.raises(PermitProblem, match=why):
        give(office, replace(MARKET, **change))
    assert office.do(lambda tx: list(listed(tx))) == []

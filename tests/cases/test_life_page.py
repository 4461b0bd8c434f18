"""The page on cases lists every action, as it is."""

from pathlib import Path

import pytest

from cases.life import OPEN, PEOPLE, WAYS, Action, Role, State, Way

PAGE = Path(__file__).parents[2] / "docs" / "cases.md"
WHO = [Role.OPERATOR, Role.DISPATCHER, Role.HANDLER, Role.AUDITOR, Role.ADMIN, Role.SIGHT, Role.POLICY]


def names(states: set[State]) -> str:
    if states == set(State):
        return "any"
    for group, name in ((set(OPEN), "any open one"), (set(State) - {State.MERGED}, "any but `merged`")):
        if states == group:
            return name
    if states > set(OPEN):
        return "any open one, " + names(states - set(OPEN))
    return ", ".join(f"`{state.value}`" for state in State if state in states)


def row(action: Action, way: Way) -> str:
    stays = {before for before, after in way.to.items() if before is after}
    leads: dict[State, set[State]] = {}
    for before, after in way.to.items():
        if before is not after:
            leads.setdefault(after, set()).add(before)
    ways = [f"{names(before)} → `{after.value}`" for after, before in leads.items()] + ([names(stays)] if stays else [])
    who = ", ".join(role.value for role in WHO if role in way.roles)
    return f"| `{action.value}` | {'; '.join(ways)} | {who} | {'reason' if way.reason else ''} |"


@pytest.mark.parametrize("action", list(Action))
def test_an_action_stands_there_as_it_is(action: Action) -> None:
    assert row(action, WAYS[action]) in PAGE.read_text(encoding="utf-8").splitlines()


def test_people_are_named_as_people() -> None:
    assert set(WHO) > PEOPLE

"""The life of a case: nothing skips a step, nobody does what is another's to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.life import OPEN, WAYS, Action, Forbidden, NotAllowed, Role, State, actions, step

SEVEN = [
    (Action.ACCEPT, Role.OPERATOR, State.ACCEPTED),
    (Action.FILE, Role.OPERATOR, State.FILED),
    (Action.DISPATCH, Role.DISPATCHER, State.DISPATCHED),
    (Action.TAKE, Role.HANDLER, State.HANDLING),
    (Action.FEED_BACK, Role.HANDLER, State.FED_BACK),
    (Action.VERIFY, Role.OPERATOR, State.VERIFIED),
    (Action.CLOSE, Role.OPERATOR, State.CLOSED),
]


def test_the_seven_steps_lead_from_new_to_closed() -> None:
    state = State.NEW
    for action, role, after in SEVEN:
        state = step(state, action, role)
        assert state is after


@pytest.mark.parametrize(("action", "role", "after"), SEVEN)
def test_no_step_can_be_taken_from_where_it_does_not_follow(action: Action, role: Role, after: State) -> None:
    for state in State:
        if state not in WAYS[action].to:
            with pytest.raises(NotAllowed, match=rf"{action}: not from {state}"):
                step(state, action, role)
        else:
            assert step(state, action, role) is after


@given(st.sampled_from(State), st.sampled_from(Action), st.sampled_from(Role), st.text(max_size=3))
def test_what_may_be_done_is_what_is_offered(state: State, action: Action, role: Role, reason: str) -> None:
    offered = action in actions(state, role)
    try:
        after = step(state, action, role, reason)
    except Forbidden:
        assert role not in WAYS[action].roles
        assert not offered
    except NotAllowed:
        assert not offered or (WAYS[action].reason and not reason.strip())
    else:
        assert offered
        assert after is WAYS[action].to[state]


def test_an_auditor_only_holds_and_no_machine_confirms() -> None:
    for state in State:
        held = [] if state is State.MERGED else [Action.HOLD]  # what was merged lies with the case that goes on
        assert actions(state, Role.AUDITOR) == [*held, Action.RELEASE]
    assert not {Role.SIGHT, Role.POLICY} & WAYS[Action.CONFIRM].roles
    assert Role.SIGHT not in WAYS[Action.REJECT].roles


@pytest.mark.parametrize("action", [a for a, way in WAYS.items() if way.reason])
def test_what_goes_back_says_why(action: Action) -> None:
    way = WAYS[action]
    state, role = next(iter(way.to)), next(iter(way.roles))
    with pytest.raises(NotAllowed, match="a reason is needed"):
        step(state, action, role, "  ")
    step(state, action, role, "a permit")


def test_every_open_case_can_end_and_every_end_but_merging_can_be_undone() -> None:
    ends = {State.CLOSED, State.REJECTED, State.MERGED}
    reach = {
        state: {after for way in WAYS.values() for before, after in way.to.items() if before is state}
        for state in State
    }
    for state in OPEN:
        seen, todo = {state}, [state]
        while todo:
            new = reach[todo.pop()] - seen
            seen |= new
            todo += new
        assert State.CLOSED in seen
    assert {s for s in ends if Action.REOPEN in actions(s, Role.OPERATOR)} == {State.CLOSED, State.REJECTED}

"""The life of a case: its states, what leads from one to the next, and who may do it.

The seven steps of the city platforms (受理 accept, 立案 file, 派遣 dispatch, 处置 handle, 反馈 feed back, 核查 verify,
结案 close) are seven states in a row; beside them stand what is refused, what is another case, and what two departments
send each other. Pure: no clock, no store.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    NEW = "new"
    """A camera or a producer said so; nobody has looked."""
    ACCEPTED = "accepted"
    FILED = "filed"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    FED_BACK = "fed_back"
    """The handler says that it is done."""
    VERIFIED = "verified"
    """Somebody, or the camera, saw that it is gone."""
    CLOSED = "closed"
    REJECTED = "rejected"
    DISPUTED = "disputed"
    """The department says that it is another one's; 权属 has to be settled."""
    MERGED = "merged"
    """It is another case, and that one goes on."""


OPEN = frozenset(State) - {State.CLOSED, State.REJECTED, State.MERGED}
BEFORE_DISPATCH = frozenset({State.NEW, State.ACCEPTED, State.FILED})
WITH_DEPARTMENT = frozenset({State.DISPATCHED, State.HANDLING, State.FED_BACK})
DUE = frozenset({State.DISPATCHED, State.HANDLING, State.DISPUTED})
"""Somebody has to do something about it by its deadline."""


class Action(StrEnum):
    CONFIRM = "confirm"
    """A person says that it is a violation: what nobody reviewed is no evidence (Penalty Law 2021, art. 41)."""
    ACCEPT = "accept"
    FILE = "file"
    DISPATCH = "dispatch"
    TAKE = "take"
    FEED_BACK = "feed_back"
    VERIFY = "verify"
    CLOSE = "close"
    REJECT = "reject"
    RETURN = "return"
    """One step back, with a reason: from the handler to the dispatcher, or after feeding back to the handler."""
    DISPUTE = "dispute"
    SETTLE = "settle"
    MERGE = "merge"
    REOPEN = "reopen"
    HOLD = "hold"
    """Nothing of it may be deleted: a court or an auditor needs it."""
    RELEASE = "release"
    ESCALATE = "escalate"
    """Its deadline has passed; whoever supervises is told."""
    NOTE = "note"


class Role(StrEnum):
    """Of people. The program acts as ``SIGHT`` (what a camera sees) and as ``POLICY`` (what the city switched on)."""

    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    HANDLER = "handler"
    AUDITOR = "auditor"
    ADMIN = "admin"
    SIGHT = "sight"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Way:
    """An action: from which states to which, by whom. reason: whether one must be given."""

    to: Mapping[State, State]
    roles: frozenset[Role]
    reason: bool = False


def _to(state: State, *states: State) -> dict[State, State]:
    return dict.fromkeys(states, state)


def _same(states: Iterable[State]) -> dict[State, State]:
    return {state: state for state in states}


PEOPLE = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.HANDLER, Role.ADMIN})
REVIEW = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.ADMIN})
_DESK = frozenset({Role.DISPATCHER, Role.ADMIN})
_FIELD = frozenset({Role.HANDLER, Role.ADMIN})
_KEEPERS = frozenset({Role.AUDITOR, Role.ADMIN})

WAYS: Mapping[Action, Way] = {
    Action.CONFIRM: Way(_same(OPEN | {State.CLOSED}), REVIEW),  # what no person has seen may have closed by itself
    Action.ACCEPT: Way(_to(State.ACCEPTED, State.NEW), REVIEW | {Role.POLICY}),
    Action.FILE: Way(_to(State.FILED, State.ACCEPTED), REVIEW | {Role.POLICY}),
    Action.DISPATCH: Way(_to(State.DISPATCHED, State.FILED), _DESK | {Role.POLICY}),
    Action.TAKE: Way(_to(State.HANDLING, State.DISPATCHED), _FIELD),
    Action.FEED_BACK: Way(_to(State.FED_BACK, State.DISPATCHED, State.HANDLING), _FIELD),
    Action.VERIFY: Way(
        _to(State.VERIFIED, State.ACCEPTED, State.FILED, *WITH_DEPARTMENT, State.DISPUTED), REVIEW | {Role.SIGHT}
    ),
    Action.CLOSE: Way(_to(State.CLOSED, State.VERIFIED), REVIEW | {Role.POLICY}),
    Action.REJECT: Way(_to(State.REJECTED, *BEFORE_DISPATCH, State.CLOSED), REVIEW | {Role.POLICY}, reason=True),
    Action.RETURN: Way(
        _to(State.FILED, State.DISPATCHED, State.HANDLING) | _to(State.HANDLING, State.FED_BACK, State.VERIFIED),
        REVIEW | _FIELD | {Role.SIGHT},
        reason=True,
    ),
    Action.DISPUTE: Way(_to(State.DISPUTED, State.DISPATCHED, State.HANDLING), _FIELD, reason=True),
    Action.SETTLE: Way(_to(State.DISPATCHED, State.DISPUTED), _DESK, reason=True),
    Action.MERGE: Way(_to(State.MERGED, *OPEN), REVIEW | {Role.POLICY}, reason=True),
    Action.REOPEN: Way(
        _to(State.FILED, State.CLOSED, State.VERIFIED) | _to(State.NEW, State.REJECTED),
        REVIEW,
        reason=True,
    ),
    Action.HOLD: Way(_same(frozenset(State) - {State.MERGED}), _KEEPERS, reason=True),
    Action.RELEASE: Way(_same(State), _KEEPERS, reason=True),
    Action.ESCALATE: Way(_same(OPEN), frozenset({Role.POLICY})),
    Action.NOTE: Way(_same(State), REVIEW | _FIELD | {Role.POLICY, Role.SIGHT}),
}


class NotAllowed(ValueError):
    """Nobody may do that now; the message names the state and what may be done."""


class Forbidden(PermissionError):
    """This role may not do that; the message names the roles that may."""


def step(state: State, action: Action, role: Role, reason: str = "") -> State:
    """The state after the action. Raises ``NotAllowed`` and ``Forbidden``."""
    way = WAYS[action]
    if role not in way.roles:
        raise Forbidden(f"{action}: {role} may not; {', '.join(sorted(way.roles))} may")
    if state not in way.to:
        raise NotAllowed(f"{action}: not from {state}; now {', '.join(actions(state, role)) or 'nothing'} is possible")
    if way.reason and not reason.strip():
        raise NotAllowed(f"{action}: a reason is needed")
    return way.to[state]


def actions(state: State, role: Role) -> list[Action]:
    """What this role may do now."""
    return [action for action, way in WAYS.items() if role in way.roles and state in way.to]

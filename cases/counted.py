"""What of a case counts in statistics: each step once, and none that was taken back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cases.life import PEOPLE, Action, Role, State

UNSEEN = "_unseen"
"""A step that is no person's word on whether it is a violation: the policy took it, or the word was said before."""
ROW = (
    State.NEW,
    State.ACCEPTED,
    State.FILED,
    State.DISPATCHED,
    State.HANDLING,
    State.FED_BACK,
    State.VERIFIED,
    State.CLOSED,
)
"""States in the order of the seven steps."""
_WORDS = frozenset({Action.CONFIRM, Action.ACCEPT, Action.REJECT})
_BACK = frozenset({Action.REJECT, Action.RETURN, Action.REOPEN})
_STEPS = frozenset(
    {Action.ACCEPT, Action.FILE, Action.DISPATCH, Action.TAKE, Action.FEED_BACK, Action.VERIFY, Action.CLOSE}
)


@dataclass(frozen=True, slots=True)
class Step:
    """A change: what was done, by whom, where it led to, and when."""

    action: Action
    role: Role
    after: State
    at: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """A step as what it counts, and how far in the row it led."""

    what: str
    far: int
    at: datetime


def counts_as(action: Action, role: Role, confirmed: bool) -> str:
    """confirmed: a person has said already that it is a violation."""
    if action is Action.CONFIRM and confirmed:
        return Action.NOTE.value
    if action is Action.ACCEPT and (confirmed or role not in PEOPLE):
        return action.value + UNSEEN
    if action is Action.REJECT and role not in PEOPLE:
        return action.value + UNSEEN
    return action.value


def standing(history: Iterable[Step]) -> list[Counted]:
    """What counts after these changes of one case, the earliest first. Whoever goes back takes back what came after:
    who returns a case to be filed anew, its dispatch; who rejects it, that it was accepted.
    """
    found: list[Counted] = []
    for step in history:
        if step.action in _BACK:
            far = ROW.index(step.after) if step.after in ROW else 0
            found = [counted for counted in found if counted.far <= far]
        confirmed = any(counted.what in (Action.ACCEPT, Action.CONFIRM) for counted in found)
        what = counts_as(step.action, step.role, confirmed)
        if step.action in _WORDS and what != Action.NOTE:
            found.append(Counted(what, 1, step.at))
        elif step.action in _STEPS:
            found.append(Counted(what, ROW.index(step.after), step.at))
    return found


def taken_back(history: list[Step]) -> list[Counted]:
    """What the last of these changes took back."""
    if not history or history[-1].action not in _BACK:
        return []
    left = set(standing(history))
    return [counted for counted in standing(history[:-1]) if counted not in left]

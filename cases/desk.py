"""Where cases change: each step is checked, written down with who and why, counted, and told, in one transaction."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, insert, or_, select, update

from cases import tally
from cases.case import Case
from cases.life import BEFORE_DISPATCH, Action, NotAllowed, Role, State, step
from cases.outbox import tell
from cases.policy import Policy
from cases.store.tables import cases, changes, evidence, proposals, violations

_CASE = select(cases).where(cases.c.id == bindparam("case"))
_OPENED, _NOTED = insert(cases), insert(changes)
_EMPTY = dict.fromkeys(column.name for column in cases.c if column.nullable)
PEOPLE = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.HANDLER, Role.ADMIN})


class NoCase(KeyError):
    """There is none of this id."""


class Stale(ValueError):
    """The case changed since the caller read it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, by name, and as what."""

    who: str
    role: Role


POLICY = Actor("policy", Role.POLICY)
SIGHT = Actor("camera", Role.SIGHT)


class Desk:
    """All methods run inside the writer's transaction. clock: UTC now."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self.policy = policy
        self.clock = clock

    def case(self, tx: Connection, id: str) -> Case:
        """Raises ``NoCase``."""
        row = tx.execute(_CASE, {"case": id}).one_or_none()
        if row is None:
            raise NoCase(id)
        return Case.of(row)

    def act(
        self,
        tx: Connection,
        case: Case,
        action: Action,
        actor: Actor,
        reason: str = "",
        version: int | None = None,
        **said: Any,
    ) -> Case:
        """Do it. version: of the case as the caller knows it. said: what the action needs or keeps besides:
        ``department`` (dispatch, settle), ``into`` (merge), ``rating`` (close), ``evidence`` (ids), ``note``.

        Raises ``NotAllowed``, ``Forbidden``, ``Stale``, ``NoCase``.
        """
        if version is not None and version != case.version:
            raise Stale(f"case {case.number} is at version {case.version}, not {version}: read it again")
        after, now = step(case.state, action, actor.role, reason), self.clock()
        columns = self._columns(tx, case, action, actor, now, said)
        if after is not case.state:
            columns["entered_at"] = now
        columns |= {"state": after.value, "updated_at": now, "version": case.version + 1}
        tx.execute(update(cases).where(cases.c.id == case.id).values(**columns))
        self._note(tx, case, action, after, actor, reason, said, now)
        changed = self.case(tx, case.id)
        took_s = (now - case.opened_at).total_seconds()
        tally.count(tx, self.policy, changed, _counted(case, action, actor), now, took_s)
        if action is Action.REOPEN and case.state is State.REJECTED:
            self._take_back(tx, case)
        tell(tx, self.policy, changed, f"case.{action.value}", now, {"who": actor.who, "reason": reason} | said)
        return changed

    def opened(self, tx: Connection, columns: dict[str, Any], actor: Actor, allowed: str = "") -> Case:
        """A new case. columns: of the table, without what counts and tells of itself. allowed: why it is no violation,
        where that is known; nobody is troubled with it then.
        """
        now = self.clock()
        cell = self.policy.cell(columns.get("lat"), columns.get("lon"))
        known = {
            "version": 1,
            "state": State.NEW.value,
            "opened_at": now,
            "updated_at": now,
            "entered_at": now,
            "escalated": 0,
            "hold": False,
            "cell": cell and cell.cell,
            "street": cell and cell.street,
            "district": cell and cell.district,
            "department": self.policy.department(columns["key"], columns.get("zone_kind"), cell),
        }
        tx.execute(_OPENED, _EMPTY | known | columns)
        case = self.case(tx, columns["id"])
        self._note(tx, case, Action.NOTE, case.state, actor, "opened", {}, now)
        tally.opened(tx, self.policy, case, now)
        tell(tx, self.policy, case, "case.opened", now, {"who": actor.who})
        if allowed:
            return self.act(tx, case, Action.REJECT, POLICY, allowed)
        return self._without_a_person(tx, case) if case.key in self.policy.unconfirmed else case

    def apart(self, tx: Connection, case: Case, other: Case, actor: Actor) -> Case:
        """They may be one thing, and a person says that they are two. Raises ``NotAllowed`` where it is settled."""
        these = update(proposals).where(_pair(case.id, other.id), proposals.c.settled.is_(False))
        if tx.execute(these.values(settled=True)).rowcount == 0:
            raise NotAllowed(f"cases {case.number} and {other.number}: nothing says that they may be one")
        return self.act(tx, case, Action.NOTE, actor, f"not the same as case {other.number}")

    def _without_a_person(self, tx: Connection, case: Case) -> Case:
        """As far as the city lets this type go by itself; where nobody is responsible it waits for a person."""
        for action in (Action.ACCEPT, Action.FILE, *([Action.DISPATCH] if case.department else [])):
            case = self.act(tx, case, action, POLICY, "the city's policy for this type")
        return case

    def _take_back(self, tx: Connection, case: Case) -> None:
        """It was no rejection after all: it counts no more, on the day on which it was made."""
        c = changes.c
        made = (c.case_id == case.id, c.action == Action.REJECT.value)
        role, at = tx.execute(select(c.role, c.at).where(*made).order_by(c.id.desc()).limit(1)).one()
        what = _counted(case, Action.REJECT, Actor("", Role(role)))
        tally.count(tx, self.policy, case, what, at, -(at - case.opened_at).total_seconds(), -1)

    def _columns(
        self, tx: Connection, case: Case, action: Action, actor: Actor, now: datetime, said: dict[str, Any]
    ) -> dict[str, Any]:
        """What changes besides the state."""
        columns: dict[str, Any] = {}
        if actor.role in PEOPLE and action in (Action.CONFIRM, Action.ACCEPT) and case.confirmed_by is None:
            columns |= {"confirmed_by": actor.who, "confirmed_at": now}
        if action in (Action.DISPATCH, Action.SETTLE):
            department = said.get("department") or case.department
            if not department:
                raise NotAllowed(f"{action}: no rule says whose it is: name a department")
            columns |= {"department": department, "due_at": self.policy.due(case.key, now), "escalated": 0}
        elif action is Action.CLOSE:
            columns |= {"closed_at": now, "rating": said.get("rating")}
        elif action is Action.REOPEN:
            columns |= {"closed_at": None, "gone_at": None, "rating": None}
        elif action in (Action.HOLD, Action.RELEASE):
            columns["hold"] = action is Action.HOLD
        elif action is Action.ESCALATE:
            columns["escalated"] = case.escalated + 1
        elif action is Action.MERGE:
            columns["merged_into"] = self._merge(tx, case, said)
        return columns

    def _merge(self, tx: Connection, case: Case, said: dict[str, Any]) -> str:
        into = self.case(tx, said["into"]) if said.get("into") else None
        if into is None or into.id == case.id or into.state in (State.MERGED, State.REJECTED):
            raise NotAllowed("merge: into: another case that is not merged or rejected itself is needed")
        if case.hold and not into.hold:
            raise NotAllowed(f"merge: case {case.number} is held: hold case {into.number}, or merge that one into it")
        for table in (violations, evidence):
            tx.execute(update(table).where(table.c.case_id == case.id).values(case_id=into.id))
        tx.execute(update(proposals).where(_pair(case.id, into.id)).values(settled=True))
        return into.id

    def _note(
        self,
        tx: Connection,
        case: Case,
        action: Action,
        after: State,
        actor: Actor,
        reason: str,
        said: dict[str, Any],
        now: datetime,
    ) -> None:
        row = {"case_id": case.id, "at": now, "action": action.value, "before": case.state.value, "after": after.value}
        row |= {"who": actor.who, "role": actor.role.value, "reason": reason, "data": said or None}
        tx.execute(_NOTED, row)


def _pair(one: str, other: str) -> ColumnElement[bool]:
    p = proposals.c
    return or_((p.first == one) & (p.second == other), (p.first == other) & (p.second == one))


def _counted(case: Case, action: Action, actor: Actor) -> str:
    """As what it counts: precision is what people say, each case once."""
    if action in (Action.ACCEPT, Action.REJECT) and actor.role not in PEOPLE:
        return f"{action.value}{tally.UNSEEN}"
    if action in (Action.ACCEPT, Action.CONFIRM) and case.confirmed_by is not None:
        return Action.NOTE.value
    return action.value


def new_id() -> str:
    return str(uuid.uuid4())


def is_early(case: Case) -> bool:
    """Whether nobody outside the desk knows of it yet."""
    return case.state in BEFORE_DISPATCH

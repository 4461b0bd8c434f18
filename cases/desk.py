"""Where cases change: each step is checked, written down with who and why, counted, and told, in one transaction."""

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from cases import tally
from cases.case import Case
from cases.counted import Step, counts_as, taken_back
from cases.life import PEOPLE, REVIEW, Action, Forbidden, NotAllowed, Role, State, step
from cases.merging import check_release, merge, settle_apart
from cases.outbox import tell
from cases.policy import Policy
from cases.store.tables import cases, changes, evidence

_CASE = select(cases).where(cases.c.id == bindparam("case"))
_OPENED, _NOTED = insert(cases).returning(*cases.c), insert(changes)
_EMPTY = dict.fromkeys(column.name for column in cases.c if column.nullable)


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
        self._check_evidence(tx, case, said.get("evidence", ()))
        columns = self._columns(tx, case, action, actor, now, said)
        if after is not case.state:
            columns["entered_at"] = now
        columns |= {"state": after.value, "updated_at": now, "version": case.version + 1}
        mine = update(cases).where(cases.c.id == case.id)
        changed = Case.of(tx.execute(mine.values(**columns).returning(*cases.c)).one())
        self._note(tx, case, changed, action, actor, reason, said, now)
        what = counts_as(action, actor.role, case.confirmed_by is not None)
        tally.count(tx, self.policy, changed, what, now, (now - case.opened_at).total_seconds())
        if action in (Action.RETURN, Action.REOPEN, Action.REJECT):
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
            "filed": False,
            "cell": cell and cell.cell,
            "street": cell and cell.street,
            "district": cell and cell.district,
            "department": self.policy.department(columns["key"], columns.get("zone_kind"), cell),
        }
        case = Case.of(tx.execute(_OPENED, _EMPTY | known | columns).one())
        self._note(tx, case, case, Action.NOTE, actor, "opened", {}, now)
        tally.opened(tx, self.policy, case, now)
        tell(tx, self.policy, case, "case.opened", now, {"who": actor.who})
        if allowed:
            return self.act(tx, case, Action.REJECT, POLICY, allowed)
        return self._without_a_person(tx, case) if case.key in self.policy.unconfirmed else case

    def _check_evidence(self, tx: Connection, case: Case, ids: Collection[str]) -> None:
        there = select(evidence.c.id).where(evidence.c.case_id == case.id, evidence.c.id.in_(ids))
        if ids and (unknown := set(ids) - set(tx.execute(there).scalars())):
            raise NotAllowed(f"evidence: case {case.number} has none with the id {sorted(unknown)[0]!r}")

    def apart(self, tx: Connection, case: Case, other: Case, actor: Actor) -> Case:
        """They may be one thing, and a person says that they are two. Raises ``Forbidden``, and ``NotAllowed`` where it
        is settled.
        """
        if actor.role not in REVIEW:
            raise Forbidden(f"apart: {actor.role} may not; {', '.join(sorted(REVIEW))} may")
        settle_apart(tx, case, other)
        return self.act(tx, case, Action.NOTE, actor, f"not the same as case {other.number}")

    def _without_a_person(self, tx: Connection, case: Case) -> Case:
        """As far as the city lets this type go by itself; where nobody is responsible it waits for a person."""
        for action in (Action.ACCEPT, Action.FILE, *([Action.DISPATCH] if case.department else [])):
            case = self.act(tx, case, action, POLICY, "the city's policy for this type")
        return case

    def _take_back(self, tx: Connection, case: Case) -> None:
        """What the last change took back counts no more, on the day on which it was done."""
        c = changes.c
        rows = tx.execute(select(c.action, c.role, c.after, c.at).where(c.case_id == case.id).order_by(c.id))
        history = [Step(Action(row.action), Role(row.role), State(row.after), row.at) for row in rows]
        for counted in taken_back(history):
            seconds = (counted.at - case.opened_at).total_seconds()
            tally.count(tx, self.policy, case, counted.what, counted.at, -seconds, -1)

    def _columns(
        self, tx: Connection, case: Case, action: Action, actor: Actor, now: datetime, said: dict[str, Any]
    ) -> dict[str, Any]:
        """What changes besides the state."""
        columns: dict[str, Any] = {}
        if actor.role in PEOPLE and action in (Action.CONFIRM, Action.ACCEPT) and case.confirmed_by is None:
            columns |= {"confirmed_by": actor.who, "confirmed_at": now}
        if action is Action.REJECT:
            columns |= {"confirmed_by": None, "confirmed_at": None}
        if action in (Action.DISPATCH, Action.SETTLE):
            department = said.get("department") or case.department
            if not department:
                raise NotAllowed(f"{action}: no rule says whose it is: name a department")
            if (known := self.policy.departments) and department not in known:
                raise NotAllowed(f"{action}: there is no department {department!r}; there are {', '.join(known)}")
            columns |= {"department": department, "due_at": self.policy.due(case.key, now), "escalated": 0}
        elif action is Action.CLOSE:
            columns |= {"closed_at": now, "rating": said.get("rating")}
        elif action is Action.REOPEN:
            columns |= {"closed_at": None, "gone_at": None, "rating": None, "due_at": None, "escalated": 0}
        elif action is Action.RETURN:
            columns |= self._returned(tx, case, now)
        elif action in (Action.HOLD, Action.RELEASE):
            columns["hold"] = action is Action.HOLD
            if action is Action.RELEASE:
                check_release(tx, case)
        elif action is Action.ESCALATE:
            columns["escalated"] = case.escalated + 1
        elif action is Action.MERGE:
            into = self.case(tx, said["into"]) if said.get("into") else None
            columns["merged_into"] = id = merge(tx, case, into)
            self.act(tx, self.case(tx, id), Action.NOTE, actor, f"case {case.number} was merged into this one")
        return columns

    def _returned(self, tx: Connection, case: Case, now: datetime) -> dict[str, Any]:
        """To the dispatcher: the next department has a deadline of its own. To the handler: what was left of it."""
        if case.state in (State.DISPATCHED, State.HANDLING):
            return {"due_at": None, "escalated": 0}
        done = (changes.c.case_id == case.id, changes.c.action == Action.FEED_BACK.value)
        done_at = tx.execute(select(changes.c.at).where(*done).order_by(changes.c.id.desc()).limit(1)).scalar()
        return {"due_at": self.policy.resumed(case.key, case.due_at, done_at or case.entered_at, now)}

    def _note(
        self,
        tx: Connection,
        case: Case,
        changed: Case,
        action: Action,
        actor: Actor,
        reason: str,
        said: dict[str, Any],
        now: datetime,
    ) -> None:
        """case: as it was; changed: as it is."""
        if changed.department != case.department:
            said = said | {"from_department": case.department}
        row = {"case_id": case.id, "at": now, "action": action.value, "before": case.state.value}
        row |= {"after": changed.state.value, "who": actor.who, "role": actor.role.value, "reason": reason}
        tx.execute(_NOTED, row | {"data": said or None, "department": changed.department})


def new_id() -> str:
    return str(uuid.uuid4())

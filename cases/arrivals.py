"""Events that come: which case they belong to, and what they change about it. What comes twice changes nothing."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from cases.association import associate
from cases.case import Case
from cases.desk import POLICY, SIGHT, Actor, Desk
from cases.home import check_producer
from cases.identity import case_id
from cases.life import OPEN, WAYS, Action
from cases.merging import Doubt, doubt
from cases.nearby import nearby
from cases.permits import allowing
from cases.reports import doubtful
from cases.store.tables import cases, events, violations
from vision.records import Event, Violation

# Made once: building a statement takes longer than SQLite needs for it.
_V = violations.c
_OF_KNOWN = (_V.case_id, _V.camera_id, _V.view_id, _V.key, _V.producer, _V.seq)
_KNOWN = select(*_OF_KNOWN).where(_V.id == bindparam("violation"))
_SEEN, _CAME = insert(violations), insert(events)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of an event. fresh: whether it was not known."""

    case: Case
    fresh: bool


class NotTheSame(ValueError):
    """Another thing under an id that is known: a producer counts its things wrongly."""


class UnknownViolation(ValueError):
    """An event that ends or extends what nobody told of: the opening has to come first."""


def arrive(tx: Connection, desk: Desk, event: Event, actor: Actor) -> Arrival:
    """Take an event from a camera or a producer. Raises ``UnknownViolation``, ``AnothersViolation``,
    ``NotTheSame``.
    """
    v, now = event.violation, desk.clock()
    known = tx.execute(_KNOWN, {"violation": v.id}).one_or_none()
    if known is None and event.kind != "opened":
        raise UnknownViolation(f"violation {v.id}: {event.kind} came before opened")
    if known is not None:
        check_producer(known.producer, actor)
        if (known.camera_id, known.view_id, known.key) != (v.camera_id, v.view_id, v.key):
            was = f"{known.key} of camera {known.camera_id}, view {known.view_id}"
            raise NotTheSame(f"violation {v.id} is known as {was}: another thing has another id")
    if known is not None and _came(tx, event):
        return Arrival(desk.case(tx, known.case_id), False)
    if known is None:
        case = _case_of(tx, desk, v, actor)
        tx.execute(_SEEN, _row(event, case.id, now) | {"producer": actor.who})
    else:
        if event.seq >= known.seq or event.kind == "cleared":  # that it is gone is the last word, however it is counted
            row = _row(event, known.case_id, now) | {"seq": max(event.seq, known.seq)}
            tx.execute(update(violations).where(violations.c.id == v.id).values(**row))
        case = desk.case(tx, known.case_id)
        if event.kind != "cleared" and event.seq >= known.seq:
            case = _there_again(tx, case)
    came = {"violation_id": v.id, "kind": event.kind, "seq": event.seq, "producer": actor.who, "received_at": now}
    tx.execute(_CAME, came)
    if event.kind == "cleared":
        case = _gone(tx, desk, case)
    return Arrival(case, True)


def _came(tx: Connection, event: Event) -> bool:
    this = (events.c.violation_id == event.id, events.c.kind == event.kind, events.c.seq == event.seq)
    return tx.execute(select(events.c.seq).where(*this)).first() is not None


def _row(event: Event, case: str, now: datetime) -> dict[str, Any]:
    v = event.violation
    place = {"lat": v.place.lat, "lon": v.place.lon} if v.place is not None else {"lat": None, "lon": None}
    gone = {"cleared_at": v.cleared_at, "gone": event.kind == "cleared"}
    row = {"id": v.id, "case_id": case, "camera_id": v.camera_id, "view_id": v.view_id, "key": v.key, "onset": v.onset}
    return row | place | gone | {"seq": event.seq, "event": event.to_dict(), "heard_at": now}


def _case_of(tx: Connection, desk: Desk, v: Violation, actor: Actor) -> Case:
    """The case that this violation is one more sight of, or a new one."""
    day, _ = desk.policy.local(v.confirmed_at or desk.clock())
    there = nearby(tx, v, day, desk.clock() - desk.policy.repeat)
    others = {other.id: other for other in there.sights}
    found = associate([v, *others.values()], {})
    group = next(ids for ids in found.groups if v.id in ids)
    homes = _homes(tx, [id for id in group if id != v.id])
    if homes:
        home = _there_again(tx, homes[0])
        doubt(tx, home, doubtful(v.place, there.reports))
        return desk.act(tx, home, Action.NOTE, SIGHT, f"camera {v.camera_id} sees it too")
    columns = _columns(v, actor) | {"repeat_of": _before(tx, v) or there.ended}
    case = desk.opened(tx, columns, actor, _allowed(tx, v, day) if there.permits else "")
    doubts: dict[str, Doubt] = {}
    for p in found.proposals:  # nearest first
        if v.id in (p.first, p.second):
            for other in _homes(tx, [p.second if p.first == v.id else p.first]):
                doubts.setdefault(other.id, Doubt(p.metres, p.why))
    doubt(tx, case, doubtful(v.place, there.reports) | doubts)
    return case


def _columns(v: Violation, actor: Actor) -> dict[str, Any]:
    columns: dict[str, Any] = {"id": case_id(v.id), "key": v.key, "producer": actor.who, "onset": v.onset}
    columns["zone_kind"] = v.zone_kind
    if v.place is not None:
        columns |= {"lat": v.place.lat, "lon": v.place.lon, "radius_m": v.place.radius_m}
    return columns


def _before(tx: Connection, v: Violation) -> str | None:
    """The case that it is a repeat of, where the camera says so itself."""
    if v.repeat_of is None:
        return None
    return tx.execute(select(violations.c.case_id).where(violations.c.id == v.repeat_of)).scalar()


def _allowed(tx: Connection, v: Violation, day: int) -> str:
    """Why it is no violation, where a permit says so, else empty."""
    permit = v.place and allowing(tx, v.key, v.place.lat, v.place.lon, day)
    return "" if not permit else f"permit {permit.id} of {permit.holder} allows it until {permit.valid_to}"


def _homes(tx: Connection, ids: list[str]) -> list[Case]:
    """The open cases of these violations, earliest first."""
    if not ids:
        return []
    of = select(violations.c.case_id).where(violations.c.id.in_(ids))
    open_ = cases.c.state.in_([state.value for state in OPEN])
    return [Case.of(row) for row in tx.execute(select(cases).where(cases.c.id.in_(of), open_).order_by(cases.c.number))]


def _there_again(tx: Connection, case: Case) -> Case:
    """It was gone for every camera, and one sees it."""
    if case.gone_at is None or case.state not in OPEN:
        return case
    tx.execute(update(cases).where(cases.c.id == case.id).values(gone_at=None))
    return replace(case, gone_at=None)


def _gone(tx: Connection, desk: Desk, case: Case) -> Case:
    """Every camera that saw it sees it gone: the case is verified by sight, where it has come far enough."""
    there = select(violations.c.id).where(violations.c.case_id == case.id, violations.c.gone.is_(False))
    if tx.execute(there.limit(1)).first() is not None or case.state not in OPEN:
        return case
    last = select(func.max(violations.c.cleared_at)).where(violations.c.case_id == case.id)
    gone_at = min(tx.execute(last).scalar() or desk.clock(), desk.clock())
    tx.execute(update(cases).where(cases.c.id == case.id).values(gone_at=gone_at))
    if case.state not in WAYS[Action.VERIFY].to:
        return desk.act(tx, case, Action.NOTE, SIGHT, "the camera sees that it is gone")
    case = desk.act(tx, case, Action.VERIFY, SIGHT, "the camera sees that it is gone")
    return desk.act(tx, case, Action.CLOSE, POLICY, "seen to be gone") if desk.policy.close_when_gone else case

"""Keys, people, messages that were not delivered, and who looked at what."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, model_validator
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from cases.desk import new_id
from cases.dispatch.delivery import again
from cases.store.tables import api_keys, looks, outbox, people
from service.api.access import SCOPES, Admin, Auditor, administrators, make_key
from service.api.event_shape import Moment, OurDay
from service.api.examples import KEY, KEY_SHOWN, LOOK, MESSAGE, NEW_KEY, PERSON, PERSON_SHOWN, shown
from service.api.office import Office
from service.api.problems import Problem

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f<>]+$")]
PersonRole = Literal["operator", "dispatcher", "handler", "auditor", "admin"]
router = APIRouter(tags=["admin"])


class PersonIn(BaseModel):
    """department: whose cases a handler sees and changes; others have none, and see all."""

    model_config = shown(PERSON, extra="forbid")

    name: Name
    role: PersonRole
    department: Name | None = None

    @model_validator(mode="after")
    def _handlers_have_a_department(self) -> "PersonIn":
        if (self.role == "handler") != (self.department is not None):
            raise ValueError("department: a handler needs one, and nobody else has one")
        return self


class PersonOut(BaseModel):
    model_config = shown(PERSON_SHOWN)

    id: str
    name: str
    role: PersonRole
    department: str | None
    active: bool


class KeyIn(BaseModel):
    """person_id: whose key it is; without one it is a program's, which changes no cases."""

    model_config = shown(KEY, extra="forbid")

    name: Name
    scopes: Annotated[list[Literal[tuple(SCOPES)]], Field(min_length=1)]  # type: ignore[valid-type]
    person_id: str | None = None
    expires_at: Moment | None = None


class KeyOut(BaseModel):
    model_config = shown(KEY_SHOWN)

    id: str
    name: str
    person_id: str | None
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKey(BaseModel):
    """key: shown this once."""

    model_config = shown(NEW_KEY)

    id: str
    key: str


class MessageOut(BaseModel):
    model_config = shown(MESSAGE)

    id: int
    receiver: str
    case_id: str
    type: str
    created_at: datetime
    next_at: datetime
    tries: int
    state: str
    error: str | None


class AgainIn(BaseModel):
    model_config = shown({"ids": [5117]})

    ids: Annotated[list[Annotated[int, Field(ge=1, le=2**53)]], Field(min_length=1, max_length=1000)]


class Done(BaseModel):
    model_config = shown({"count": 1})

    count: int


class LookOut(BaseModel):
    model_config = shown(LOOK)

    at: datetime
    who: str
    case_id: str
    evidence_id: str
    why: str
    original: bool


@router.get("/people", summary="People")
def list_people(request: Request, _: Admin) -> list[PersonOut]:
    with _office(request).engine.connect() as tx:
        return [
            PersonOut.model_validate(dict(row._mapping)) for row in tx.execute(select(people).order_by(people.c.name))
        ]


@router.post("/people", status_code=201, summary="Add somebody")
async def add_person(request: Request, said: PersonIn, _: Admin) -> PersonOut:
    office = _office(request)
    _there_is(office, said.department)
    row = {"id": new_id(), "active": True, **said.model_dump()}
    try:
        await _write(office, lambda tx: tx.execute(insert(people), row | {"created_at": office.clock()}).rowcount)
    except IntegrityError:
        raise _known(said) from None
    return PersonOut.model_validate(row)


@router.put("/people/{person_id}", summary="Somebody does something else, or comes back")
async def change_person(request: Request, person_id: str, said: PersonIn, _: Admin) -> PersonOut:
    """Their keys follow within seconds."""
    office = _office(request)
    _there_is(office, said.department)

    def work(tx: Any) -> PersonOut:
        row = {**said.model_dump(), "active": True}
        if not tx.execute(update(people).where(people.c.id == person_id).values(**row)).rowcount:
            raise Problem(404, "Not found", f"nobody has the id {person_id}")
        return PersonOut(id=person_id, **row)

    try:
        changed: PersonOut = await _write(office, work)
    except IntegrityError:
        raise _known(said) from None
    return changed


@router.delete("/people/{person_id}", status_code=204, summary="Somebody leaves")
async def remove_person(request: Request, person_id: str, _: Admin) -> None:
    """Their keys work no longer; what they did stays."""
    office = _office(request)
    gone = update(people).where(people.c.id == person_id).values(active=False)

    def work(tx: Any) -> None:
        if not tx.execute(gone).rowcount:
            raise Problem(404, "Not found", f"nobody has the id {person_id}")
        _somebody_is_left(tx, office)

    await _write(office, work)


@router.get("/keys", summary="API keys")
def list_keys(request: Request, _: Admin) -> list[KeyOut]:
    with _office(request).engine.connect() as tx:
        rows = tx.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))
        return [KeyOut.model_validate(dict(row._mapping)) for row in rows]


@router.post("/keys", status_code=201, summary="Make a key")
async def add_key(request: Request, said: KeyIn, _: Admin) -> NewKey:
    office = _office(request)

    def work(tx: Any) -> NewKey:
        if said.person_id is not None:
            active = tx.execute(select(people.c.active).where(people.c.id == said.person_id)).scalar()
            if active is None:
                raise Problem(404, "Not found", f"nobody has the id {said.person_id}")
            if not active:
                raise Problem(409, "Has left", f"PUT /people/{said.person_id} brings them back")
        id, key = make_key(tx, said.name, list(said.scopes), said.person_id, office.clock(), said.expires_at)
        return NewKey(id=id, key=key)

    made: NewKey = await _write(office, work)
    return made


@router.delete("/keys/{key_id}", status_code=204, summary="Revoke a key")
async def revoke(request: Request, key_id: str, _: Admin) -> None:
    """It works no longer than some seconds."""
    office = _office(request)
    gone = update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))

    def work(tx: Any) -> None:
        if not tx.execute(gone.values(revoked_at=office.clock())).rowcount:
            raise Problem(404, "Not found", f"no key that works has the id {key_id}")
        _somebody_is_left(tx, office)

    await _write(office, work)


@router.get("/messages", summary="Messages to other systems")
def messages(
    request: Request,
    _: Admin,
    state: Literal["waiting", "delivered", "dead"] = "dead",
    receiver: Annotated[str | None, Query(max_length=100)] = None,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> list[MessageOut]:
    """Oldest first; ``after`` is the last id of the page before."""
    query = select(outbox).where(outbox.c.state == state, outbox.c.id > after)
    if receiver is not None:
        query = query.where(outbox.c.receiver == receiver)
    with _office(request).engine.connect() as tx:
        rows = tx.execute(query.order_by(outbox.c.id).limit(limit))
        return [MessageOut.model_validate(dict(row._mapping)) for row in rows]


@router.post("/messages/again", summary="Send dead messages again")
async def send_again(request: Request, said: AgainIn, _: Admin) -> Done:
    office = _office(request)
    count = await _write(office, lambda tx: again(tx, said.ids, office.clock()))
    for delivery in office.deliveries:
        delivery.wake()
    return Done(count=count)


@router.get("/looks", summary="Who looked at which evidence, and why", tags=["audit"])
def list_looks(
    request: Request,
    _: Auditor,
    case_id: Annotated[str | None, Query(max_length=36)] = None,
    who: Annotated[str | None, Query(max_length=100)] = None,
    first: OurDay | None = None,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> list[LookOut]:
    office = _office(request)
    query = select(looks).where(looks.c.id > after)
    if case_id is not None:
        query = query.where(looks.c.case_id == case_id)
    if who is not None:
        query = query.where(looks.c.who == who)
    if first is not None:
        query = query.where(looks.c.at >= datetime(first.year, first.month, first.day, tzinfo=office.desk.policy.zone))
    with office.engine.connect() as tx:
        rows = tx.execute(query.order_by(looks.c.id).limit(limit))
        return [LookOut.model_validate(dict(row._mapping)) for row in rows]


def _office(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


def _there_is(office: Office, department: str | None) -> None:
    known = office.desk.policy.departments
    if department is not None and known and department not in known:
        raise Problem(422, "Not valid", f"department: there is no {department!r}; there are {', '.join(known)}")


def _known(said: PersonIn) -> Problem:
    return Problem(409, "Known", f"there is, or was, somebody called {said.name!r} already; who comes back is changed")


def _somebody_is_left(tx: Any, office: Office) -> None:
    """Raises ``Problem`` where nobody could make keys any more: that could be mended only with the database in hand."""
    if not administrators(tx, office.clock()):
        raise Problem(409, "The last one", "no other key that works has the scope 'admin': make one first")


async def _write(office: Office, work: Any) -> Any:
    return await asyncio.wrap_future(office.writer.submit(work))

"""People, and the keys of people and programs: who may do what."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, model_validator
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from cases.desk import new_id
from cases.store.tables import api_keys, people
from service.api.access import SCOPES, Admin, administrators, make_key
from service.api.event_shape import Moment
from service.api.examples import KEY, KEY_SHOWN, NEW_KEY, PERSON, PERSON_SHOWN, shown
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

"""Messages to other systems that were not delivered, and who looked at what."""

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy import select

from cases.dispatch.delivery import again
from cases.store.tables import looks, outbox
from service.api.access import Admin, Auditor
from service.api.event_shape import OurDay
from service.api.examples import LOOK, MESSAGE, shown
from service.api.office import Office

router = APIRouter(tags=["admin"])


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
    with request.app.state.office.engine.connect() as tx:
        rows = tx.execute(query.order_by(outbox.c.id).limit(limit))
        return [MessageOut.model_validate(dict(row._mapping)) for row in rows]


@router.post("/messages/again", summary="Send dead messages again")
async def send_again(request: Request, said: AgainIn, _: Admin) -> Done:
    office: Office = request.app.state.office
    count = await asyncio.wrap_future(office.writer.submit(lambda tx: again(tx, said.ids, office.clock())))
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
    office: Office = request.app.state.office
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

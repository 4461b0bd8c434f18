"""Pushing what was confirmed: one event or many, from any producer; acknowledged when it is committed."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel

from cases.arrivals import NotTheSame, UnknownViolation, arrive
from cases.home import AnothersViolation
from service.api.access import Caller, Pusher
from service.api.event_shape import EventIn
from service.api.examples import ANSWERED, NOT_TAKEN, TAKEN, shown
from service.api.office import Office

MOST = 500
router = APIRouter(tags=["push"])


class Taken(BaseModel):
    """case_id: the case that the violation belongs to. fresh: whether the event was not known."""

    model_config = shown(TAKEN)

    violation_id: str
    case_id: str
    number: int
    state: str
    fresh: bool


class Answered(BaseModel):
    """Of one of many: ``taken``, or why not."""

    model_config = shown(ANSWERED, NOT_TAKEN)

    status: int
    taken: Taken | None = None
    detail: str | None = None


@router.post("/events", status_code=201, summary="Push one event")
async def push(request: Request, event: EventIn, caller: Pusher) -> Taken:
    """Idempotent: what was pushed before changes nothing and is answered the same. Push ``opened`` first."""
    return await asyncio.wrap_future(_submit(request.app.state.office, event, caller))


@router.post("/events/batch", summary="Push many events")
async def push_many(
    request: Request, events: Annotated[list[EventIn], Body(min_length=1, max_length=MOST)], caller: Pusher
) -> list[Answered]:
    """Each is answered by itself, in order; one that is refused holds up no other."""
    futures = [asyncio.wrap_future(_submit(request.app.state.office, event, caller)) for event in events]
    results = await asyncio.gather(*futures, return_exceptions=True)
    return [_answered(result) for result in results]


def _submit(office: Office, said: EventIn, caller: Caller):  # type: ignore[no-untyped-def]
    event, actor = said.record(), caller.producer

    def work(tx):  # type: ignore[no-untyped-def]
        arrival = arrive(tx, office.desk, event, actor)
        case = arrival.case
        return Taken(violation_id=event.id, case_id=case.id, number=case.number, state=case.state, fresh=arrival.fresh)

    return office.writer.submit(work)


def _answered(result: Taken | BaseException) -> Answered:
    if isinstance(result, Taken):
        return Answered(status=201 if result.fresh else 200, taken=result)
    if isinstance(result, UnknownViolation | AnothersViolation | NotTheSame):
        return Answered(status=409, detail=str(result))
    raise result

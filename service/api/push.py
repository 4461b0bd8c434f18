"""Pushing what was confirmed: one event or many, from any producer; acknowledged when it is committed."""

import asyncio
from concurrent.futures import Future
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from sqlalchemy import Connection

from cases.arrivals import arrive
from service.api.access import Caller, Pusher
from service.api.event_shape import EventIn
from service.api.examples import ANSWERED, EVENT, NOT_TAKEN, TAKEN, shown
from service.api.office import Office
from service.api.problems import mistakes, note_refusal, problem_of, sentence

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


def _or_why_not(said: Any, read: ValidatorFunctionWrapHandler) -> EventIn | ValidationError:
    """One of many that is not valid is refused by itself."""
    try:
        event: EventIn = read(said)
    except ValidationError as error:
        return error
    return event


Many = Annotated[
    list[Annotated[EventIn, WrapValidator(_or_why_not)]],
    Body(min_length=1, max_length=MOST, examples=[[EVENT]]),
]


@router.post("/events", status_code=201, summary="Push one event")
async def push(request: Request, event: EventIn, caller: Pusher) -> Taken:
    """Idempotent: what was pushed before changes nothing and is answered the same. Push ``opened`` first."""
    return await asyncio.wrap_future(_submit(request.app.state.office, event, caller))


@router.post("/events/batch", summary="Push many events")
async def push_many(request: Request, events: Many, caller: Pusher) -> list[Answered]:
    """Each is answered by itself, in order; one that is refused holds up no other."""
    office: Office = request.app.state.office
    answers = await asyncio.gather(*(_one_of_many(office, event, caller) for event in events))
    if refused := [answer for answer in answers if answer.taken is None]:
        why = f"{len(refused)} of {len(answers)} events, such as: {refused[0].detail}"
        note_refusal(refused[0].status, why, request.scope)
    return answers


async def _one_of_many(office: Office, said: EventIn | ValidationError, caller: Caller) -> Answered:
    if isinstance(said, ValidationError):
        return Answered(status=422, detail=sentence(mistakes(said.errors(include_url=False, include_input=False))))
    try:
        taken = await asyncio.wrap_future(_submit(office, said, caller))
    except Exception as error:
        problem = problem_of(error)
        if problem is None or problem.status == 503:  # no word about this one: all are pushed again
            raise
        return Answered(status=problem.status, detail=str(problem))
    return Answered(status=201 if taken.fresh else 200, taken=taken)


def _submit(office: Office, said: EventIn, caller: Caller) -> "Future[Taken]":
    event, actor = said.record(), caller.producer

    def work(tx: Connection) -> Taken:
        arrival = arrive(tx, office.desk, event, actor)
        case = arrival.case
        return Taken(violation_id=event.id, case_id=case.id, number=case.number, state=case.state, fresh=arrival.fresh)

    return office.writer.submit(work)

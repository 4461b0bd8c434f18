"""A handler says that it is done, and the camera is asked: is it still there?"""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from cases.home import home_of
from cases.life import State
from cases.still_there import is_seen, questions
from service.api.access import Pusher
from service.api.event_shape import Moment
from service.api.evidence import keep, uploaded
from service.api.examples import CASE_ID, QUESTION, VIOLATION_ID, sent, shown
from service.api.office import Office
from service.api.problems import Problem

CLOCKS = timedelta(minutes=1)
"""By how much a worker's clock may be ahead of ours."""
router = APIRouter(tags=["push"])


class QuestionOut(BaseModel):
    """since: when the handler said that it is done; a sight after it counts."""

    model_config = shown(QUESTION)

    violation_id: str
    camera_id: str
    since: datetime


class Seen(BaseModel):
    """state: of the case; ``handling`` where it went back."""

    model_config = shown({"violation_id": VIOLATION_ID, "case_id": CASE_ID, "state": "handling"})

    violation_id: str
    case_id: str
    state: State


@router.get("/questions", summary="What handlers have done and cameras may still see")
def ask(request: Request, caller: Pusher) -> list[QuestionOut]:
    """Of what the caller pushed: answer with ``still-there``, or with the event ``cleared``."""
    office: Office = request.app.state.office
    with office.engine.connect() as tx:
        return [
            QuestionOut(violation_id=q.violation_id, camera_id=q.camera_id, since=q.since)
            for q in questions(tx, office.desk, caller.name)
        ]


@router.post(
    "/violations/{violation_id}/still-there",
    summary="It is still there",
    openapi_extra=sent(seen_at="2026-05-06T06:12:00Z"),
)
async def still_there(
    request: Request,
    violation_id: str,
    seen_at: Annotated[Moment, Form(description="When the picture was taken; UTC.", examples=["2026-05-06T06:12:00Z"])],
    file: Annotated[UploadFile, File(description="The picture.")],
    caller: Pusher,
) -> Seen:
    """The case goes back to its handler with the picture. What was seen before the handler was done changes nothing."""
    office: Office = request.app.state.office
    if seen_at > office.clock() + CLOCKS:
        raise Problem(422, "Not valid", f"seen_at: {seen_at:%Y-%m-%d %H:%M:%S} UTC is to come; the clock is wrong")
    home = partial(home_of, violation_id=violation_id, actor=caller.producer)
    case = await run_in_threadpool(office.read, lambda tx: office.desk.case(tx, home(tx)))
    if case.state is State.FED_BACK:
        kept = await keep(request, caller, "still", uploaded(file), home, violation_id)

        def work(tx: Any) -> Any:
            return is_seen(tx, office.desk, violation_id, seen_at, kept.id)

        case = await asyncio.wrap_future(office.writer.submit(work))
    return Seen(violation_id=violation_id, case_id=case.id, state=case.state)

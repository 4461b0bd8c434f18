"""A handler says that it is done, and the camera is asked: is it still there?"""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from cases.evidence import home_of
from cases.life import State
from cases.still_there import is_seen, questions
from service.api.access import Pusher
from service.api.case_shape import CaseOut
from service.api.event_shape import Moment
from service.api.evidence import keep, uploaded
from service.api.examples import QUESTION, shown
from service.api.office import Office

router = APIRouter(tags=["push"])


class QuestionOut(BaseModel):
    """since: when the handler said that it is done; a sight after it counts."""

    model_config = shown(QUESTION)

    violation_id: str
    camera_id: str
    since: datetime


@router.get("/questions", summary="What handlers have done and cameras may still see")
def ask(request: Request, caller: Pusher) -> list[QuestionOut]:
    """Of what the caller pushed: answer with ``still-there``, or with the event ``cleared``."""
    office: Office = request.app.state.office
    with office.engine.connect() as tx:
        return [
            QuestionOut(violation_id=q.violation_id, camera_id=q.camera_id, since=q.since)
            for q in questions(tx, office.desk, caller.name)
        ]


@router.post("/violations/{violation_id}/still-there", summary="It is still there")
async def still_there(
    request: Request,
    violation_id: str,
    seen_at: Annotated[Moment, Form(description="When the picture was taken; UTC.", examples=["2026-05-06T06:12:00Z"])],
    file: Annotated[UploadFile, File(description="The picture.")],
    caller: Pusher,
) -> CaseOut:
    """The case goes back to its handler with the picture. What was seen before the handler was done changes nothing."""
    office: Office = request.app.state.office
    case = await run_in_threadpool(office.read, lambda tx: office.desk.case(tx, home_of(tx, violation_id)))
    if case.state is not State.FED_BACK:
        return CaseOut.of(case)
    kept = await keep(request, caller, "still", uploaded(file), lambda tx: home_of(tx, violation_id), violation_id)

    def work(tx: Any) -> Any:
        return is_seen(tx, office.desk, violation_id, seen_at, kept.id)

    return CaseOut.of(await asyncio.wrap_future(office.writer.submit(work)))

"""Changes as they happen: server-sent events, which go on where a client was (``Last-Event-ID``)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import func, select
from starlette.concurrency import run_in_threadpool

from cases.store.tables import changes
from service.api.access import Access, Caller, Reader, key_of
from service.api.examples import CHANGED, streamed
from service.api.office import Office
from vision.records import iso

LOOK_S, ALIVE_S = 0.5, 15.0
"""How often it is looked for changes, and after how much silence a comment says that the connection is alive."""
AT_ONCE = 200
router = APIRouter(tags=["cases"])


@router.get(
    "/changes",
    summary="Changes as they happen",
    response_class=StreamingResponse,
    responses=streamed(CHANGED),
)
async def stream(
    request: Request,
    caller: Reader,
    after: Annotated[
        int | None, Query(ge=0, le=2**53, description="The id of the last one known; now if left out.")
    ] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Each event has the id of the change, the action as its name, and case, state, who and when as JSON. Handlers are
    told of their department's cases, and of those that leave it.
    """
    office: Office = request.app.state.office
    if last_event_id is not None and last_event_id.isdecimal() and len(last_event_id) < 17:
        after = int(last_event_id)
    if after is None:
        after = await run_in_threadpool(_newest, office)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, office, caller, after), media_type="text/event-stream", headers=headers)


async def _events(request: Request, office: Office, caller: Caller, last: int) -> AsyncIterator[str]:
    yield ": here\n\n"
    said_at = time.monotonic()
    access: Access = request.app.state.access
    key = key_of(request.headers.get("Authorization", ""))
    while not await request.is_disconnected() and not office.closing.is_set():
        if not await run_in_threadpool(access.knows, key):
            return  # revoked
        rows = await run_in_threadpool(_since, office, last)
        for row in rows:
            last = row.id
            if not any(map(caller.sees, _departments(row))):
                continue
            data = {"case_id": row.case_id, "at": iso(row.at), "who": row.who, "before": row.before, "after": row.after}
            yield f"id: {row.id}\nevent: {row.action}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
        if rows:
            said_at = time.monotonic()
        elif time.monotonic() - said_at > ALIVE_S:
            said_at = time.monotonic()
            yield ": still here\n\n"
        if len(rows) < AT_ONCE:
            await asyncio.sleep(LOOK_S)


def _departments(row: Any) -> list[str | None]:
    """Whose the case is after the change, and whose it was."""
    before = (row.data or {}).get("from_department")
    return [row.department] if before is None else [row.department, before]


def _newest(office: Office) -> int:
    with office.engine.connect() as tx:
        return tx.execute(select(func.max(changes.c.id))).scalar() or 0


def _since(office: Office, last: int) -> list[Any]:
    query = select(changes).where(changes.c.id > last).order_by(changes.c.id).limit(AT_ONCE)
    with office.engine.connect() as tx:
        return list(tx.execute(query))

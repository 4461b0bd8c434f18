"""Whether the process has to be started again, and whether it can work now: a database that is away is no reason for
the first.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from cases.store.tables import api_keys
from service.api.examples import shown
from service.api.office import Office

PATIENCE_S, KNOWN_S = 1.0, 3.0
"""How long the database may take for its answer, and how long that is known."""
_ANY_KEY = select(api_keys.c.id).limit(1)
router = APIRouter(tags=["health"])


class Health(BaseModel):
    """status: ``ok``, or what is wrong."""

    model_config = shown({"status": "ok", "waiting": 0})

    status: str
    waiting: int = Field(description="Changes that wait to be written.")


class Probe:
    """Asks the database, one question at a time however many ask; from one event loop. question: raises ``Exception``
    where it is away.
    """

    def __init__(self, question: Callable[[], Any], clock: Callable[[], float] = time.monotonic):
        self._question = question
        self._clock = clock
        self._asked: asyncio.Task[None] | None = None
        self._at, self._wrong = float("-inf"), ""

    async def wrong(self) -> str:
        """What is wrong; empty where it answers."""
        if self._asked is None and self._clock() - self._at > KNOWN_S:
            self._asked = asyncio.create_task(self._ask())
        if self._asked is not None:
            await asyncio.wait([self._asked], timeout=PATIENCE_S)
        return self._wrong if self._asked is None else "the database does not answer"

    async def _ask(self) -> None:
        try:
            await run_in_threadpool(self._question)
            self._wrong = ""
        except Exception:
            self._wrong = "the database is away"
        finally:
            self._at, self._asked = self._clock(), None


def probe(office: Office) -> Probe:
    return Probe(lambda: office.read(lambda tx: tx.execute(_ANY_KEY).all()))


@router.get("/livez", responses={503: {"model": Health, "description": "It has to be started again"}})
async def live(request: Request, response: Response) -> Health:
    """Whether it answers and writes, wherever the database is."""
    return _said(request, response, _lame(request))


@router.get("/healthz", responses={503: {"model": Health, "description": "It cannot work now"}})
async def health(request: Request, response: Response) -> Health:
    """Whether it can work: the same, and whether the database answers within a second."""
    return _said(request, response, _lame(request) or await request.app.state.database.wrong())


def _lame(request: Request) -> str:
    return "" if request.app.state.office.writer.works else "nothing is written"


def _said(request: Request, response: Response, wrong: str) -> Health:
    response.status_code = 503 if wrong else 200
    return Health(status=wrong or "ok", waiting=request.app.state.office.writer.waiting)

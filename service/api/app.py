"""The REST interface: ``/api/v1``, and Open311 beside it."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

from service.api import (
    cameras,
    cases,
    evidence,
    health,
    messages,
    metrics,
    people,
    permits,
    push,
    statistics,
    still_there,
    stream,
)
from service.api.access import Access
from service.api.failing import Failing
from service.api.head import Head
from service.api.limits import BodyLimit
from service.api.office import Office
from service.api.problems import MEDIA_TYPE, ProblemOut, install
from service.open311 import discovery
from service.open311 import server as open311

ABOUT = """Cases of street-order violations: push what was confirmed, work on cases, count them.

An API key goes into the header `Authorization: Bearer so_...`; what it may do is its scopes. Errors are problem details
(RFC 9457). Times are UTC, places WGS-84."""
_PROBLEM = {"content": {MEDIA_TYPE: {"schema": ProblemOut.model_json_schema()}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Not possible; the problem says what and why"} | _PROBLEM,
    "503": {"description": "The database or the evidence store is away; nothing was changed"} | _PROBLEM,
}
PAGE = """<!doctype html><meta charset="utf-8"><title>Streetorder</title>
<h1>Streetorder keeps cases here</h1>
<p>Programs ask <code>/api/v1</code> (<a href="/api/v1/openapi.json">OpenAPI</a>) and <code>/open311/v2</code>
(<a href="/open311/discovery.json">discovery</a>). <a href="/healthz">Health</a>.</p>"""


def make_app(office: Office, access: Access) -> FastAPI:
    app = FastAPI(
        title="Streetorder",
        version="1",
        description=ABOUT,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page would be fetched from elsewhere
        redoc_url=None,
    )
    app.state.office, app.state.access, app.state.database = office, access, health.probe(office)
    for wrapped in (BodyLimit, Head, Failing):  # the last is the outermost
        app.add_middleware(wrapped)
    install(app)
    v1 = APIRouter(prefix="/api/v1", responses=PROBLEMS)
    for part in (push, still_there, cases, evidence, statistics, stream, cameras, permits, people, messages):
        v1.include_router(part.router)
    app.include_router(v1)
    for part in (open311, discovery, metrics, health):
        app.include_router(part.router)

    @app.get("/", include_in_schema=False)
    def page() -> HTMLResponse:
        return HTMLResponse(PAGE)

    return app

"""Errors as RFC 9457 problem details: what is wrong, in which field, and what is allowed."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DataError, InterfaceError, OperationalError, TimeoutError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from cases.arrivals import NotTheSame, UnknownViolation
from cases.desk import NoCase, Stale
from cases.evidence import NoEvidence
from cases.evidence_store import EvidenceProblem
from cases.home import AnothersViolation
from cases.life import Forbidden, NotAllowed
from cases.queries import BadCursor
from service.api.examples import PROBLEM, shown

MEDIA_TYPE = "application/problem+json"
NO_CASE = "urn:streetorder:no-case"
"""The type of that problem: whoever pushes tells an unknown violation from a wrong address by it."""
REFUSED = frozenset({400, 401, 403, 404, 405, 413, 415, 422, 429})
"""What is logged: who tries what is not allowed, or what cannot be."""

_log = structlog.get_logger("access")


class ProblemOut(BaseModel):
    """RFC 9457. errors: what is wrong where, of what is not valid."""

    model_config = shown(PROBLEM)

    type: str
    title: str
    status: int
    detail: str
    errors: list[Any] | None = None


class Problem(Exception):
    """An answer that is no success. detail: a sentence for people. fields: what is wrong where."""

    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None, **more: Any):
        super().__init__(detail)
        self.status = status
        self.body = {"type": "about:blank", "title": title, "status": status, "detail": detail} | more
        self.headers = headers or {}


def answer(problem: Problem, scope: Mapping[str, Any]) -> JSONResponse:
    """scope: of the request (ASGI)."""
    note_refusal(problem.status, str(problem), scope)
    return JSONResponse(problem.body, problem.status, problem.headers, MEDIA_TYPE)


DATABASE_AWAY = (OperationalError, InterfaceError, TimeoutError)


def database_away() -> Problem:
    return Problem(503, "The database is away", "nothing was changed; try again", {"Retry-After": "2"})


def note_refusal(status: int, why: str, scope: Mapping[str, Any]) -> None:
    """Into the log, with who it was and what was asked; never what was sent."""
    if status in REFUSED:
        peer, who = scope.get("client") or ("", 0), scope.get("state", {}).get("who", "")
        about = {"method": scope.get("method"), "path": scope.get("path", "")[:300], "peer": peer[0], "who": who}
        _log.warning("refused", status=status, why=why[:300], **about)


_KNOWN: dict[type[Exception], tuple[int, str]] = {
    NoCase: (404, "Not found"),
    NoEvidence: (404, "Not found"),
    EvidenceProblem: (503, "Evidence is away"),
    NotAllowed: (409, "Not allowed now"),
    Forbidden: (403, "Not yours to do"),
    Stale: (412, "Changed meanwhile"),
    AnothersViolation: (409, "Another's violation"),
    NotTheSame: (409, "Another thing"),
    UnknownViolation: (409, "Unknown violation"),
    BadCursor: (400, "Bad cursor"),
}


def install(app: FastAPI) -> None:
    """Every error of the program as a problem."""

    @app.exception_handler(Problem)
    async def said(request: Request, problem: Problem) -> JSONResponse:
        return answer(problem, request.scope)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [{"field": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in error.errors()]
        detail = "; ".join(f"{f['field']}: {f['problem']}" for f in fields[:5])
        return answer(Problem(422, "Not valid", detail, errors=fields[:100]), request.scope)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        title = {404: "Not found", 405: "Method not allowed"}.get(error.status_code, "Error")
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(app, request.url.path))
        return answer(Problem(error.status_code, title, str(error.detail), headers), request.scope)

    async def away(request: Request, _: Exception) -> JSONResponse:
        return answer(database_away(), request.scope)

    for cause in DATABASE_AWAY:
        app.add_exception_handler(cause, away)

    @app.exception_handler(DataError)
    async def unfit(request: Request, _: DataError) -> JSONResponse:
        return answer(Problem(422, "Not valid", "a text or number that the database cannot hold"), request.scope)

    for kind, (status, title) in _KNOWN.items():
        app.add_exception_handler(kind, _handler(status, title))


def _methods(app: FastAPI, path: str) -> list[str]:
    """What may be asked of a path, by whichever route."""
    found = [what for template, what in app.openapi()["paths"].items() if compile_path(template)[0].match(path)]
    return sorted({method.upper() for what in found for method in what})


def _handler(status: int, title: str) -> Any:
    async def handle(request: Request, error: Exception) -> JSONResponse:
        detail = str(error.args[0]) if error.args else title
        if isinstance(error, NoCase):
            return answer(Problem(status, title, f"no case {detail}", type=NO_CASE), request.scope)
        return answer(Problem(status, title, detail), request.scope)

    return handle

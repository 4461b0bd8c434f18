"""Errors as RFC 9457 problem details: what is wrong, in which field, and what is allowed."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from sqlalchemy.exc import DataError, InterfaceError, OperationalError, TimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from cases.arrivals import NotTheSame, UnknownViolation
from cases.desk import NoCase, Stale
from cases.evidence import NoEvidence
from cases.evidence_store import EvidenceProblem
from cases.home import AnothersViolation
from cases.life import Forbidden, NotAllowed
from cases.queries import BadCursor
from service.api.examples import PROBLEM, shown
from service.open311.forms import failure

MEDIA_TYPE = "application/problem+json"
NO_CASE = "urn:streetorder:no-case"
"""The type of that problem: whoever pushes tells an unknown violation from a wrong address by it."""
OPEN311 = "/open311/"
"""What lies under it speaks as its specification wants, of errors too."""
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
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


def answer(problem: Problem, scope: Mapping[str, Any]) -> Response:
    """scope: of the request (ASGI)."""
    note_refusal(problem.status, str(problem), scope)
    if scope["path"].startswith(OPEN311):
        status = 400 if problem.status == 422 else problem.status  # the specification knows no other word for it
        return failure(scope["path"], status, str(problem), problem.headers)
    return JSONResponse(problem.body, problem.status, problem.headers, MEDIA_TYPE)


DATABASE_AWAY = (OperationalError, InterfaceError, TimeoutError)


def database_away() -> Problem:
    return Problem(503, "The database is away", "nothing was changed; try again", {"Retry-After": "2"})


def note_refusal(status: int, why: str, scope: Mapping[str, Any]) -> None:
    """Into the log, with who it was and what was asked; of what was sent no more than the value that is wrong."""
    if status in REFUSED:
        _log.warning("refused", status=status, why=why[:300], **asked(scope))


def asked(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Who asked for what, for the log."""
    peer, who = scope.get("client") or ("", 0), scope.get("state", {}).get("who", "")
    return {"method": scope.get("method"), "path": scope.get("path", "")[:300], "peer": peer[0], "who": who}


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


def problem_of(error: Exception) -> Problem | None:
    """What is said to an error of the program; None where nobody foresaw it."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, DATABASE_AWAY):
        return database_away()
    if isinstance(error, DataError):
        return Problem(422, "Not valid", "a text or number that the database cannot hold")
    if isinstance(error, ClientDisconnect):
        return Problem(400, "Not whole", "the request ended before its body did")
    for kind, (status, title) in _KNOWN.items():
        if isinstance(error, kind):
            detail = str(error.args[0]) if error.args else title
            if kind is NoCase:
                return Problem(status, title, f"no case {detail}", type=NO_CASE)
            return Problem(status, title, detail)
    return None


def mistakes(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Of a validation, without the values."""
    return [
        {"field": ".".join(map(str, e["loc"]))[:200], "problem": e["msg"].removeprefix("Value error, ")} for e in errors
    ]


def sentence(fields: Sequence[Mapping[str, str]]) -> str:
    return "; ".join(f"{f['field']}: {f['problem']}" for f in fields[:5])


def install(app: FastAPI) -> None:
    """Every error of the program as a problem."""

    async def known(request: Request, error: Exception) -> Response:
        return answer(problem_of(error) or failed(), request.scope)

    for kind in (Problem, *DATABASE_AWAY, DataError, ClientDisconnect, *_KNOWN):
        app.add_exception_handler(kind, known)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        fields = mistakes(error.errors())
        return answer(Problem(422, "Not valid", sentence(fields), errors=fields[:100]), request.scope)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        title = {404: "Not found", 405: "Method not allowed"}.get(error.status_code, "Error")
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(app, request.scope))
        return answer(Problem(error.status_code, title, str(error.detail), headers), request.scope)


def failed() -> Problem:
    return Problem(500, "Failed", "the service made a mistake; its log says which")


def _methods(app: FastAPI, scope: Mapping[str, Any]) -> list[str]:
    """What may be asked of a path, by whichever route; who may GET may HEAD."""
    routes = app.router.routes
    may = {m for m in METHODS for r in routes if r.matches({**scope, "method": m})[0] is Match.FULL}
    return sorted(may | ({"HEAD"} if "GET" in may else set()))

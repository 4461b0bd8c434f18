"""Open311 GeoReport v2: what other systems of a city, and apps for its people, already speak."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import ColumnElement, Connection, func, or_, select
from starlette.concurrency import run_in_threadpool

from cases.case import Case
from cases.life import Action, State
from cases.reports import report
from cases.store.tables import cases, changes
from labels.catalogue import load_catalogue
from service.api.access import Access, Caller
from service.api.office import Office
from service.api.problems import Problem
from service.open311.described import DEFINITION, FORM, REFUSALS, REQUESTS, SERVICES, TAKEN
from service.open311.filed import columns_of, fields_of
from service.open311.forms import answer, definition, request_row, service_row
from service.open311.wanted import Wanted

TOLD = [action.value for action in (Action.FEED_BACK, Action.VERIFY, Action.CLOSE, Action.REJECT)]
Form = Literal["json", "xml"]
router = APIRouter(prefix="/open311/v2", tags=["open311"], responses=REFUSALS)


@router.get("/services.{form}", summary="Services", responses=SERVICES)
async def services(form: Form) -> Response:
    return answer(form, "services", [service_row(kind) for kind in load_catalogue().types.values()])


@router.get("/services/{code}.{form}", summary="A service's definition", responses=DEFINITION)
async def service(code: str, form: Form) -> Response:
    """No service asks for attributes of its own."""
    kind = load_catalogue().types.get(code)
    if kind is None:
        raise Problem(404, "Not found", f"service_code {code[:64]!r} was not found")
    return answer(form, "service_definition", definition(kind))


@router.post("/requests.{form}", summary="File a request", status_code=201, responses=TAKEN, openapi_extra=FORM)
async def file(request: Request, form: Form) -> Response:
    """``lat`` with ``long``, or ``address_string``, or ``address_id``, say where it is. What ``media_url`` says becomes
    the last line of the description.
    """
    said = await fields_of(request)
    office: Office = request.app.state.office
    caller = await run_in_threadpool(_caller, request.app.state.access, said.get("api_key", ""))
    request.state.who = caller.name
    columns, actor = columns_of(said) | {"producer": caller.name}, caller.producer
    case = await asyncio.wrap_future(office.writer.submit(lambda tx: report(tx, office.desk, columns, actor)))
    row = {"service_request_id": str(case.number), "service_notice": None, "account_id": said.get("account_id")}
    return answer(form, "service_requests", [row], 201)


@router.get("/requests.{form}", summary="Requests", responses=REQUESTS)
def find(request: Request, form: Form, wanted: Annotated[Wanted, Query()]) -> Response:
    """Newest first."""
    office: Office = request.app.state.office
    query = select(cases).where(_public(), *wanted.conditions(office.clock()))
    query = query.order_by(cases.c.number.desc()).limit(wanted.page_size).offset(wanted.offset)
    with office.engine.connect() as tx:
        return _answered(tx, form, [Case.of(row) for row in tx.execute(query)])


@router.get("/requests/{number}.{form}", summary="One request", responses=REQUESTS)
def read(request: Request, number: str, form: Form) -> Response:
    office: Office = request.app.state.office
    with office.engine.connect() as tx:
        known = number.isdecimal() and len(number) < 18
        rows = list(tx.execute(select(cases).where(_public(), cases.c.number == int(number)))) if known else []
        if not rows:
            raise Problem(404, "Not found", f"service_request_id {number[:40]!r} was not found")
        return _answered(tx, form, [Case.of(row) for row in rows])


def _answered(tx: Connection, form: str, found: list[Case]) -> Response:
    types, notes = load_catalogue().types, _notes(tx, [case.id for case in found])
    rows = [request_row(case, types[case.key], notes.get(case.id)) for case in found if case.key in types]
    return answer(form, "service_requests", rows)


def _public() -> ColumnElement[bool]:
    """What a person has confirmed, and what people filed: a camera's unreviewed word is nobody else's business."""
    sound = cases.c.confirmed_by.is_not(None) & (cases.c.state != State.REJECTED.value)
    return or_(sound, cases.c.filed)


def _notes(tx: Connection, ids: list[str]) -> dict[str, str]:
    """The newest reason that is meant for all, by case: what was noted inside the house stays there."""
    newest = (
        select(func.max(changes.c.id))
        .where(changes.c.case_id.in_(ids), changes.c.reason != "", changes.c.action.in_(TOLD))
        .group_by(changes.c.case_id)
    )
    rows = tx.execute(select(changes.c.case_id, changes.c.reason).where(changes.c.id.in_(newest)))
    return {row.case_id: row.reason for row in rows}


def _caller(access: Access, key: str) -> Caller:
    try:
        caller = access.caller(key)
    except Problem as problem:
        if problem.status != 401:
            raise
        why = "this one is not known" if key else "one is needed; whoever runs this service gives it"
        raise Problem(403, "Not yours to do", f"api_key: {why}") from None
    if "push" not in caller.scopes:
        raise Problem(403, "Not yours to do", "api_key: the scope 'push' is needed")
    return caller

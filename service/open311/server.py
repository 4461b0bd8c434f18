"""Open311 GeoReport v2: what other systems of a city, and apps for its people, already speak."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import ColumnElement, Connection, func, or_, select
from starlette.concurrency import run_in_threadpool

from cases.case import Case
from cases.desk import new_id
from cases.life import OPEN, Action, State
from cases.store.tables import cases, changes
from labels.catalogue import load_catalogue
from service.api.access import Access, Caller
from service.api.office import Office
from service.api.problems import Problem, note_refusal
from service.open311.described import FORM, REFUSALS, REQUESTS, SERVICES, TAKEN
from service.open311.forms import answer, failure, request_row, service_row

MOST, SPAN = 1000, timedelta(days=90)
"""As the specification has it: so many requests, of so long a time, are answered at once."""
TOLD = [action.value for action in (Action.FEED_BACK, Action.VERIFY, Action.CLOSE, Action.REJECT)]
Form = Literal["json", "xml"]
router = APIRouter(prefix="/open311/v2", tags=["open311"], responses=REFUSALS)


class Bad(Exception):
    """A request that the specification does not allow. status: of HTTP."""

    def __init__(self, status: int, description: str):
        super().__init__(description)
        self.status = status


@router.get("/services.{form}", summary="Services", responses=SERVICES)
async def services(form: Form) -> Response:
    return answer(form, "services", [service_row(kind) for kind in load_catalogue().types.values()])


@router.get("/services/{code}.{form}", summary="A service's definition", responses=SERVICES)
async def service(code: str, form: Form) -> Response:
    """No service asks for attributes of its own."""
    kind = load_catalogue().types.get(code)
    if kind is None:
        return failure(form, 404, f"service_code {code!r} was not found")
    return answer(form, "services", [service_row(kind)])


@router.post("/requests.{form}", summary="File a request", status_code=201, responses=TAKEN, openapi_extra=FORM)
async def file(request: Request, form: Form) -> Response:
    """``lat`` with ``long``, or ``address_string``, say where it is."""
    said = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    office: Office = request.app.state.office
    try:
        caller = await run_in_threadpool(_caller, request.app.state.access, said.get("api_key", ""))
        columns = _columns(said)
    except Bad as bad:
        return _refused(request, form, bad)
    columns |= {"producer": caller.name, "filed": True}
    actor = caller.producer
    case = await asyncio.wrap_future(office.writer.submit(lambda tx: office.desk.opened(tx, columns, actor)))
    row = {"service_request_id": str(case.number), "service_notice": None, "account_id": said.get("account_id")}
    return answer(form, "service_requests", [row], 201)


@router.get("/requests.{form}", summary="Requests", responses=REQUESTS)
def find(
    request: Request,
    form: Form,
    service_request_id: Annotated[str | None, Query(max_length=4000)] = None,
    service_code: Annotated[str | None, Query(max_length=1000)] = None,
    status: Annotated[str | None, Query(max_length=20)] = None,
    start_date: Annotated[str | None, Query(max_length=40)] = None,
    end_date: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Newest first. Ids, codes and states may be several, with commas between."""
    office: Office = request.app.state.office
    try:
        where = _where(office, service_request_id, service_code, status, start_date, end_date)
    except Bad as bad:
        return _refused(request, form, bad)
    with office.engine.connect() as tx:
        query = select(cases).where(_public(), *where).order_by(cases.c.number.desc()).limit(MOST)
        return _answered(tx, form, [Case.of(row) for row in tx.execute(query)])


@router.get("/requests/{number}.{form}", summary="One request", responses=REQUESTS)
def read(request: Request, number: str, form: Form) -> Response:
    office: Office = request.app.state.office
    if not number.isdecimal() or len(number) > 17:
        return failure(form, 404, f"service_request_id {number[:40]!r} was not found")
    with office.engine.connect() as tx:
        rows = list(tx.execute(select(cases).where(_public(), cases.c.number == int(number))))
        if not rows:
            return failure(form, 404, f"service_request_id {number} was not found")
        return _answered(tx, form, [Case.of(row) for row in rows])


def _refused(request: Request, form: str, bad: Bad) -> Response:
    note_refusal(bad.status, str(bad), request.scope)
    return failure(form, bad.status, str(bad))


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
        raise Bad(403 if problem.status == 401 else problem.status, f"api_key: {problem}") from None
    if "push" not in caller.scopes:
        raise Bad(403, "api_key: the scope 'push' is needed")
    return caller


def _columns(said: Mapping[str, str]) -> dict[str, Any]:
    code = said.get("service_code", "")
    if code not in load_catalogue().types:
        raise Bad(400 if not code else 404, f"service_code {code[:64]!r} was not found: see services")
    lat, lon = _number(said, "lat", 90), _number(said, "long", 180)
    address = said.get("address_string") or said.get("address_id")
    if (lat is None or lon is None) and not address:
        raise Bad(400, "lat and long, or address_string, are needed")
    text = said.get("description", "")[:4000]
    media = said.get("media_url", "")
    if media:
        text = f"{text}\n{media[:2000]}".strip()
    place = {"lat": lat, "lon": lon, "radius_m": 20.0 if lat is not None else None}
    about = {"address": address and address[:1000], "description": text or None}
    return {"id": new_id(), "key": code} | place | about


def _number(said: Mapping[str, str], name: str, most: float) -> float | None:
    text = said.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not -most <= value <= most:
        raise Bad(400, f"{name} must be degrees from -{most:g} to {most:g}, WGS-84, not {text[:40]!r}")
    return value


def _where(
    office: Office, ids: str | None, codes: str | None, status: str | None, start: str | None, end: str | None
) -> list[ColumnElement[bool]]:
    c = cases.c
    if ids:
        numbers = [text.strip() for text in ids.split(",")]
        if not all(text.isdecimal() and len(text) < 18 for text in numbers):
            raise Bad(400, "service_request_id: numbers with commas between are needed")
        return [c.number.in_([int(text) for text in numbers])]
    found: list[ColumnElement[bool]] = []
    if codes:
        found.append(c.key.in_([code.strip() for code in codes.split(",")]))
    if status:
        wanted = {word.strip() for word in status.split(",")}
        if not wanted <= {"open", "closed"}:
            raise Bad(400, "status: open or closed, or both with a comma between, are needed")
        states = sorted(state.value for state in OPEN)
        if wanted != {"open", "closed"}:
            found.append(c.state.in_(states) if wanted == {"open"} else c.state.not_in(states))
    until = _date("end_date", end) or office.clock()
    since = _date("start_date", start) or until - SPAN
    if until - since > SPAN + timedelta(seconds=1):
        raise Bad(400, f"start_date and end_date may be {SPAN.days} days apart at most")
    return [*found, c.opened_at >= since, c.opened_at <= until]


def _date(name: str, text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))  # a plus that was not quoted
    except ValueError:
        raise Bad(400, f"{name}: a W3C date and time such as 2026-05-06T04:00:00Z is needed") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)

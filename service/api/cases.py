"""Reading and changing cases."""

import asyncio
import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response

from cases.life import State
from cases.queries import LARGEST_PAGE, Wanted, cameras, page, whole
from service.api.access import CaseWorker, Reader, theirs
from service.api.case_shape import ActionIn, CaseOut, PageOut, RowOut, WholeOut
from service.api.event_shape import Moment
from service.api.office import Office
from service.api.problems import Problem
from service.city_fields import TypeKey

Word = Annotated[str, Query(max_length=100)]
Words = Annotated[list[Word], Query(max_length=50)]
router = APIRouter(tags=["cases"])


@router.get("/cases", summary="Cases, page by page")
def find(
    request: Request,
    caller: Reader,
    state: Annotated[list[State], Query()] = [],  # noqa: B006
    key: Annotated[list[TypeKey], Query(max_length=50)] = [],  # noqa: B006
    district: Words = [],  # noqa: B006
    department: Words = [],  # noqa: B006
    camera: Word | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    overdue: bool = False,
    confirmed: bool | None = None,
    box: Annotated[str | None, Query(description="west,south,east,north; WGS-84 degrees")] = None,
    text: Annotated[
        str | None, Query(max_length=100, description="A number, or an id of a case, violation or camera.")
    ] = None,
    order: Literal["newest", "oldest", "due", "changed"] = "newest",
    cursor: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
) -> PageOut:
    """Each condition that is given must hold; of several values of one, any. Handlers find their department's."""
    office: Office = request.app.state.office
    wanted = Wanted(
        states=frozenset(state),
        keys=frozenset(key),
        districts=frozenset(district),
        departments=frozenset(department if caller.department is None else [caller.department]),
        camera=camera,
        since=since,
        until=until,
        overdue_at=office.clock() if overdue else None,
        confirmed=confirmed,
        box=None if box is None else _box(box),
        text=text or None,
    )
    with office.engine.connect() as tx:
        found = page(tx, wanted, order, cursor, limit)
        seen_by = cameras(tx, found.cases)
    return PageOut(cases=[RowOut.seen(case, seen_by[case.id]) for case in found.cases], cursor=found.cursor)


@router.get(
    "/cases/{case_id}",
    summary="One case with all that belongs to it",
    response_model=WholeOut,
    responses={304: {"description": "As it was read"}},
)
def read(
    request: Request,
    response: Response,
    case_id: str,
    caller: Reader,
    if_none_match: Annotated[str | None, Header()] = None,
) -> WholeOut | Response:
    office: Office = request.app.state.office
    with office.engine.connect() as tx:
        case = office.desk.case(tx, case_id)
        theirs(caller, case.department)
        found = whole(tx, case, caller.department)
    whole_out = WholeOut.of(found, caller.role)
    response.headers["ETag"] = tag = _tag(found.case.version, whole_out)
    if tag in {said.strip().removeprefix("W/") for said in (if_none_match or "").split(",")}:
        return Response(status_code=304, headers={"ETag": tag})
    return whole_out


@router.post("/cases/{case_id}/actions", summary="Do something with a case")
async def act(
    request: Request,
    response: Response,
    case_id: str,
    wanted: ActionIn,
    caller: CaseWorker,
    if_match: Annotated[str | None, Header(description="The ETag of the version that was looked at.")] = None,
) -> CaseOut:
    """With ``If-Match`` nothing is done where somebody else changed the case meanwhile (412)."""
    office: Office = request.app.state.office
    actor, version = caller.actor, None if if_match is None else _version(if_match)

    def work(tx: Any) -> Any:
        case = office.desk.case(tx, case_id)
        theirs(caller, case.department)
        return office.desk.act(tx, case, wanted.action, actor, wanted.reason, version, **wanted.said())

    case = await asyncio.wrap_future(office.writer.submit(work))
    response.headers["ETag"] = _tag(case.version)
    return CaseOut.of(case)


@router.delete("/cases/{case_id}/may-be/{other_id}", summary="Two cases that may be one are two")
async def apart(request: Request, case_id: str, other_id: str, caller: CaseWorker) -> CaseOut:
    """That they are one is said by the action ``merge``."""
    office: Office = request.app.state.office
    actor = caller.actor

    def work(tx: Any) -> Any:
        case, other = office.desk.case(tx, case_id), office.desk.case(tx, other_id)
        for one in (case, other):
            theirs(caller, one.department)
        return office.desk.apart(tx, case, other, actor)

    return CaseOut.of(await asyncio.wrap_future(office.writer.submit(work)))


def _tag(version: int, answer: WholeOut | None = None) -> str:
    """With all that is answered in it: evidence comes without another version of the case."""
    if answer is None:
        return f'"{version}"'
    return f'"{version}-{hashlib.sha256(answer.model_dump_json().encode()).hexdigest()[:16]}"'


def _version(tag: str) -> int | None:
    said = tag.strip().removeprefix("W/").strip('"')
    if said == "*":
        return None
    said = said.partition("-")[0]
    if not said.isdecimal() or len(said) > 9:
        raise Problem(412, "Changed meanwhile", f"If-Match: {tag[:40]} is no version of a case")
    return int(said)


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = map(float, text.split(","))
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise ValueError(text)
    except ValueError:
        raise Problem(422, "Not valid", "box: west,south,east,north in degrees are needed, in that order") from None
    return west, south, east, north

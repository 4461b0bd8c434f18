"""Permits: what is allowed somewhere for a time. What a camera sees of it is closed before anybody is troubled."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from cases.permits import Permit, PermitProblem, listed, put, remove
from service.api.access import Reader, Setter
from service.api.case_shape import LongText
from service.api.examples import PERMIT, PERMIT_SHOWN, shown
from service.api.office import Office
from service.api.problems import Problem
from service.city_fields import Day, TypeKey

router = APIRouter(tags=["permits"])
Id = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f/<>]+$")]


class PermitIn(BaseModel):
    """Local days, both included. area: a GeoJSON polygon, WGS-84."""

    model_config = shown(PERMIT, extra="forbid")

    types: Annotated[list[TypeKey], Field(min_length=1, max_length=50)]
    holder: Annotated[str, Field(min_length=1, max_length=200)]
    note: LongText = ""
    valid_from: Day
    valid_to: Day
    area: dict[str, Any]


class PermitOut(PermitIn):
    model_config = shown(PERMIT_SHOWN, extra="forbid")

    id: str

    @classmethod
    def of(cls, permit: Permit) -> "PermitOut":
        return cls.model_validate({name: getattr(permit, name) for name in cls.model_fields}, from_attributes=True)


@router.get("/permits", summary="Permits, page by page")
def list_permits(
    request: Request,
    _: Reader,
    after: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> list[PermitOut]:
    """In the order of their ids; ``after`` is the last of the page before."""
    office: Office = request.app.state.office
    with office.engine.connect() as tx:
        return [PermitOut.of(permit) for permit in listed(tx, after, limit)]


@router.put(
    "/permits/{permit_id}",
    summary="Give or change a permit",
    responses={201: {"model": PermitOut, "description": "Given"}},
)
async def put_permit(request: Request, response: Response, permit_id: Id, said: PermitIn, _: Setter) -> PermitOut:
    """It holds for what comes from now on."""
    office: Office = request.app.state.office
    permit = Permit(id=permit_id, **{**said.model_dump(), "types": tuple(said.types)})
    try:
        fresh = await asyncio.wrap_future(office.writer.submit(lambda tx: put(tx, permit)))
    except PermitProblem as problem:
        raise Problem(422, "Not valid", str(problem)) from None
    response.status_code = 201 if fresh else 200
    return PermitOut.of(permit)


@router.delete("/permits/{permit_id}", status_code=204, summary="Take a permit back")
async def remove_permit(request: Request, permit_id: Id, _: Setter) -> None:
    """What it allowed stays closed."""
    office: Office = request.app.state.office
    if not await asyncio.wrap_future(office.writer.submit(lambda tx: remove(tx, permit_id))):
        raise Problem(404, "Not found", f"there is no permit {permit_id!r}")

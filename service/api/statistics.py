"""What happened, counted: by type, district, day and hour; how precise cameras are, and how fast people."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from cases.statistics import by_hour, counts, summed_up
from service.api.access import Reader
from service.api.event_shape import OurDay
from service.api.examples import COUNT, HOUR_COUNT, SUM, shown
from service.api.office import Office
from service.api.problems import Problem

router = APIRouter(prefix="/statistics", tags=["statistics"])
Group = Literal["key", "district"]


class Count(BaseModel):
    """what: an action, or ``opened``. seconds: the mean time since the case came at which it happened."""

    model_config = shown(COUNT)

    day: str | None = None
    key: str | None = None
    district: str | None = None
    what: str
    count: int
    seconds: float


class HourCount(BaseModel):
    model_config = shown(HOUR_COUNT)

    hour: int
    key: str
    count: int


class Sum(BaseModel):
    """Rates are null where there is nothing to divide by."""

    model_config = shown(SUM)

    key: str | None = None
    district: str | None = None
    opened: int
    accepted: int
    rejected: int
    dispatched: int
    handled: int
    closed: int
    overdue: int = Field(description="Times that a case went a level up because its deadline was over.")
    precision: float | None = Field(description="Of what people looked at, the part that they accepted.")
    handling_rate: float | None = Field(description="Handled / dispatched in this time.")
    closing_rate: float | None = Field(description="Closed / accepted in this time; by people and by policy.")
    seconds_to: dict[str, float] = Field(description="Mean seconds from a case's opening to each step.")


@router.get("", summary="What happened, counted")
def statistics(
    request: Request,
    _: Reader,
    first: OurDay,
    last: OurDay,
    by: Annotated[list[Literal["day", "key", "district"]], Query()] = ["key"],  # noqa: B006
) -> list[Count]:
    """Local days, both included."""
    with _asked(request, first, last).engine.connect() as tx:
        return [Count.model_validate(row) for row in counts(tx, first, last, tuple(dict.fromkeys(by)))]


@router.get("/summary", summary="Precision, rates, and time to each step")
def summary(
    request: Request,
    _: Reader,
    first: OurDay,
    last: OurDay,
    by: Annotated[list[Group], Query()] = [],  # noqa: B006
) -> list[Sum]:
    """Local days, both included; one row over all where ``by`` is left out."""
    with _asked(request, first, last).engine.connect() as tx:
        return [Sum.model_validate(row) for row in summed_up(tx, first, last, tuple(dict.fromkeys(by)))]


@router.get("/hours", summary="At which hours cases come")
def statistics_by_hour(request: Request, _: Reader, first: OurDay, last: OurDay) -> list[HourCount]:
    """Local hours, in the months from one day to another."""
    with _asked(request, first, last).engine.connect() as tx:
        return [HourCount.model_validate(row) for row in by_hour(tx, first, last)]


def _asked(request: Request, first: OurDay, last: OurDay) -> Any:
    if last < first:
        raise Problem(422, "Not valid", f"last: {last} is before first: {first}")
    office: Office = request.app.state.office
    return office

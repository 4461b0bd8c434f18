"""The event as it is pushed: the record of the journal, with every value checked."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StrictBool,
    model_validator,
)

from service.api.examples import EVENT, shown
from service.city_fields import Day, Identifier, Kind, TypeKey, ViewIdentifier
from vision.records import Event

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, hex.")]
Number = Annotated[float, Strict()]
Whole = Annotated[int, Strict()]
Part = Annotated[Number, Field(ge=-0.5, le=1.5, allow_inf_nan=False)]
Seconds = Annotated[Number, Field(ge=0, le=1e10, allow_inf_nan=False)]
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def in_our_time(at: datetime) -> datetime:
    """Raises ``ValueError`` for times that no calendar here is right for, and with which no sum can be done."""
    if not EARLIEST <= at <= LATEST:
        raise ValueError(f"a time from {EARLIEST:%Y} to {LATEST:%Y} is needed")
    return at


def _in_our_days(day: date) -> date:
    if not EARLIEST.date() <= day <= LATEST.date():
        raise ValueError(f"a date from {EARLIEST:%Y} to {LATEST:%Y} is needed")
    return day


def _written(value: Any) -> Any:
    """Numbers are no times: nobody knows which."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("a datetime such as 2026-05-06T04:00:00Z is needed") from None


Moment = Annotated[AwareDatetime, Strict(), BeforeValidator(_written), AfterValidator(in_our_time)]
OurDay = Annotated[Day, AfterValidator(_in_our_days)]
Id = Annotated[UUID, Field(description="UUID; the same thing pushed again has the same one.")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlaceIn(_Shape):
    """WGS-84 degrees; maps in China show shifted coordinates (GCJ-02, BD-09): convert them first."""

    lat: Annotated[Number, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[Number, Field(ge=-180, le=180, allow_inf_nan=False)]
    radius_m: Annotated[Number, Field(gt=0, le=100_000, allow_inf_nan=False)]


def _in_order(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    if box[0] >= box[2] or box[1] >= box[3]:
        raise ValueError("x1, y1, x2, y2 with x1 < x2 and y1 < y2 are needed")
    return box


class ViolationIn(_Shape):
    """A thing that met its type's rule, as it is known at this moment."""

    id: Id
    camera_id: Identifier
    view_id: ViewIdentifier = "home"
    key: TypeKey
    onset: Moment | None = None
    confirmed_at: Moment | None = None
    cleared_at: Moment | None = None
    onset_s: Seconds = 0.0
    confirmed_s: Seconds = 0.0
    cleared_s: Seconds | None = None
    xyxy: Annotated[tuple[Part, Part, Part, Part], AfterValidator(_in_order)] = Field(
        description="The thing's box, relative to the picture: x1, y1, x2, y2 from 0 to 1."
    )
    size: tuple[Annotated[Whole, Field(ge=1, le=65_536)], Annotated[Whole, Field(ge=1, le=65_536)]] = Field(
        description="Width and height of the picture, pixels."
    )
    place: PlaceIn | None = None
    score: Annotated[Number, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0
    sightings: Annotated[Whole, Field(ge=0, le=2**31 - 1)] = 1
    proven: StrictBool = False
    repeat_of: UUID | None = None
    cue: Literal["detector", "change"] = "detector"
    zone_kind: Kind | None = None


class EventIn(_Shape):
    """What became of a violation. Producers of their own need ``kind`` and ``violation`` alone."""

    model_config = shown(EVENT, extra="forbid")

    schema_version: Literal[1] = 1
    kind: Literal["opened", "extended", "cleared"]
    seq: Annotated[Whole, Field(ge=0, le=2**31 - 1)] | None = Field(
        default=None, description="Counts the events of one violation; by kind where left out."
    )
    violation: ViolationIn
    model: Hash = "0" * 64
    rule: Hash = "0" * 64
    config: Hash = "0" * 64

    @model_validator(mode="after")
    def _times_are_in_order(self) -> "EventIn":
        v = self.violation
        if v.onset and v.cleared_at and v.cleared_at < v.onset:
            raise ValueError("violation.cleared_at is before violation.onset")
        if v.onset and v.confirmed_at and v.confirmed_at < v.onset:
            raise ValueError("violation.confirmed_at is before violation.onset")
        return self

    def record(self) -> Event:
        """As the rest of the program knows it."""
        said: dict[str, Any] = self.model_dump(mode="json")
        if said["seq"] is None:
            said["seq"] = ("opened", "extended", "cleared").index(self.kind)
        return Event.from_dict(said)

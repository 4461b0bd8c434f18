"""The values that people write in a city file, each with what is allowed. Errors are ``ValueError`` and say so."""

import difflib
from collections.abc import Collection
from datetime import date
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

import shapely
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict
from shapely.validation import explain_validity

from labels.catalogue import load_catalogue
from vision.schedule import WeeklySchedule
from vision.zones import ZONE_KINDS


class Entry(BaseModel):
    """What all parts of the city file have in common: unknown fields are errors, and values are never quoted."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def one_of(value: str, known: Collection[str], what: str) -> str:
    """``value``, or ``ValueError`` naming what is near and what is known."""
    if value in known:
        return value
    near = difflib.get_close_matches(value, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ValueError(f"no such {what}; {hint}known are {', '.join(known)}")


def _identifier(value: str) -> str:
    if not value or not all(c.isalnum() or c in "._-" for c in value) or value[0] in "._-":
        raise ValueError(
            "a name for files and events: letters (of any script), digits, . _ and -, beginning with a letter or digit"
        )
    if len(value.encode()) > 150:
        raise ValueError("too long for the name of a file: 150 bytes are allowed (50 Chinese characters)")
    return value


def _without_dot(value: str) -> str:
    if "." in value:
        raise ValueError("a view's id has no dot, so that names of files such as camera.view.jpg stay clear")
    return value


def _type_key(value: str) -> str:
    return one_of(value, load_catalogue().types, "type of violation")


def _kind(value: str) -> str:
    return one_of(value, ZONE_KINDS, "kind of zone")


def _hours(value: dict[str, Any]) -> dict[str, Any]:
    for day, spans in value.items():
        if not isinstance(spans, str) and not (isinstance(spans, list) and all(isinstance(s, str) for s in spans)):
            raise ValueError(f'{day}: a span such as "07:00-19:00" is needed, or a list of spans, in quotes')
    WeeklySchedule.parse(value)
    return value


def _day(value: Any) -> date:
    try:
        return value if type(value) is date else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("a date such as 2025-12-31 is needed") from None


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("no such time zone; a name of the IANA list is needed, such as Asia/Shanghai") from None
    return name


def _degrees(value: float, most: float) -> float:
    if abs(value) > most:
        swapped = "; it looks as if lat and lon were swapped" if most < abs(value) <= 180 else ""
        raise ValueError(f"degrees from -{most:g} to {most:g} are allowed{swapped}")
    return value


def _relative(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError("0 to 1 is allowed: divide a pixel's x by the picture's width and its y by the height")
    return value


def _polygon(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    shape = shapely.Polygon(points)
    if not shape.is_valid:
        raise ValueError(f"the outline crosses or touches itself ({explain_validity(shape)}); order its points around")
    if shape.area < 1e-5:
        raise ValueError("the polygon has no area")
    return points


Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
# Editors read \w as ASCII letters only, so the pattern says what an id is without.
Identifier = Annotated[
    str,
    AfterValidator(_identifier),
    Field(json_schema_extra={"pattern": r"""^[^\s/\\:*?"'<>|._-][^\s/\\:*?"'<>|]*$"""}),
]
TypeKey = Annotated[
    str, AfterValidator(_type_key), Field(json_schema_extra=lambda s: s.update(enum=list(load_catalogue().types)))
]
Relative = Annotated[Number, AfterValidator(_relative), Field(json_schema_extra={"minimum": 0, "maximum": 1})]
Latitude = Annotated[
    Number,
    AfterValidator(lambda v: _degrees(v, 90)),
    Field(title="Latitude", description="WGS-84 degrees north.", json_schema_extra={"minimum": -90, "maximum": 90}),
]
Longitude = Annotated[
    Number,
    AfterValidator(lambda v: _degrees(v, 180)),
    Field(title="Longitude", description="WGS-84 degrees east.", json_schema_extra={"minimum": -180, "maximum": 180}),
]
Day = Annotated[date, BeforeValidator(_day)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Point = tuple[Relative, Relative]
Kind = Annotated[str, AfterValidator(_kind), Field(json_schema_extra={"enum": list(ZONE_KINDS)})]
Polygon = Annotated[list[Point], Field(min_length=3, max_length=200), AfterValidator(_polygon)]
_SPANS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Hours = Annotated[
    dict[str, Any], AfterValidator(_hours), Field(json_schema_extra={"additionalProperties": cast(Any, _SPANS)})
]
ViewIdentifier = Annotated[Identifier, AfterValidator(_without_dot)]

"""A view of a camera as people write it: zones with hours and permits, rules, control points, tiles."""

from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field, Strict, model_validator

from labels.catalogue import load_catalogue
from service.city_fields import (
    Day,
    Entry,
    Hours,
    Identifier,
    Kind,
    Latitude,
    Longitude,
    Number,
    Point,
    Polygon,
    TypeKey,
    ViewIdentifier,
)
from vision import zones
from vision.place import ControlPoint as GroundPoint
from vision.place import Ground
from vision.schedule import WeeklySchedule


class RuleValues(Entry):
    """What differs from a type's rule here; what is left out stays as it is."""

    dwell_s: Annotated[Number, Field(gt=0, le=604_800)] | None = Field(
        default=None, title="Dwell (s)", description="Seconds that the thing must stay before it is a violation."
    )
    absence_s: Annotated[Number, Field(gt=0, le=604_800)] | None = Field(
        default=None,
        title="Absence (s)",
        description="Seconds that its place must be seen without it before it is cleared.",
    )
    share: Annotated[Number, Field(gt=0, le=1)] | None = Field(
        default=None,
        title="Share of observations",
        description="Part of the observations, above 0 up to 1, that must show the thing while its place can be seen.",
    )

    def override(self) -> zones.RuleOverride:
        return zones.RuleOverride(self.dwell_s, self.absence_s, self.share)


Rules = Annotated[
    dict[TypeKey, RuleValues],
    Field(title="Rules", description="Changes to the rules of types of violation, by the type's key."),
]


class Permit(Entry):
    """Allows some types in its zone for a time."""

    types: list[TypeKey] = Field(title="Types", description="Keys of the types that are allowed.", min_length=1)
    valid_from: Day = Field(title="First day", description="Local date, such as 2025-01-01.")
    valid_to: Day = Field(title="Last day", description="Local date, itself included.")
    note: str = Field(
        default="", title="Note", description="Number of the permit, who holds it; shown with what it allows."
    )

    @model_validator(mode="after")
    def _in_order(self) -> "Permit":
        if self.valid_to < self.valid_from:
            raise ValueError(f"the permit ends on {self.valid_to}, before it begins on {self.valid_from}")
        return self


class Zone(Entry):
    """An area of the picture in which things are, or are not, violations."""

    id: Identifier = Field(title="Id", description="Names the zone, once in its view.")
    kind: Kind = Field(
        title="Kind",
        description="What the ground is: " + " ".join(f"{kind}: {text}" for kind, text in zones.ZONE_KINDS.items()),
    )
    polygon: Polygon = Field(
        title="Polygon",
        description="At least 3 corners [x, y] around the area; x from 0 at the left edge of the picture to 1 at the"
        " right one, y from 0 at the top to 1 at the bottom.",
    )
    hours: Hours | None = Field(
        default=None,
        title="Hours",
        description='Local hours at which the zone is there, by daily, day or days: {mon-fri: "07:00-19:00", sat:'
        ' ["08:00-12:00", "22:00-02:00"]}. Always where left out; a span over midnight belongs to its first day.',
    )
    permits: list[Permit] = Field(default=[], title="Permits", description="What is allowed here for a time.")
    rules: Rules = Field(default_factory=dict)
    types: Annotated[list[TypeKey], Field(min_length=1)] | None = Field(
        default=None,
        title="Types",
        description="The types that the zone is for; every type its kind is about where left out.",
    )
    left_things: TypeKey | None = Field(
        default=None,
        title="Things left here",
        description="The type under which whatever is put down in the zone and stays is raised for a person to name,"
        " even where the model does not know it. Nobody looks for that where left out.",
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "Zone":
        if self.kind == zones.IGNORE and (self.hours or self.permits or self.rules or self.types):
            raise ValueError(
                "nothing is detected in an ignore zone at any time, so hours, permits, rules and types have no place in"
                " it; use kind exempt"
            )
        if self.kind not in (zones.WATCH, zones.EXEMPT):
            catalogue = load_catalogue().types
            about = [key for key, t in catalogue.items() if self.kind in (*t.rule.where, *t.rule.exempt)]
            for key in self.types or ():
                if key not in about:
                    raise ValueError(
                        f"kind {self.kind} says nothing about {key}, only about {', '.join(about) or 'no type'};"
                        " use kind watch (only here) or exempt (not here)"
                    )
        if self.left_things is not None:
            self._may_be_left(self.left_things)
        return self

    def _may_be_left(self, key: str) -> None:
        rule = load_catalogue().types[key].rule
        where = (*rule.where, zones.WATCH)
        for_it = self.kind in where and (self.types is None or key in self.types)
        if self.kind in (zones.IGNORE, zones.EXEMPT, *rule.exempt):
            raise ValueError(f"left_things: {key} is no violation in a zone of kind {self.kind}")
        if not for_it and (rule.where or self.kind == zones.WATCH):
            raise ValueError(f"left_things: {key} is a violation only in zones for it, of kind {', '.join(where)}")

    def record(self) -> zones.Zone:
        return zones.Zone(
            id=self.id,
            kind=self.kind,
            polygon=np.array(self.polygon, dtype=np.float64),
            hours=None if self.hours is None else WeeklySchedule.parse(self.hours),
            permits=tuple(zones.Permit(tuple(p.types), p.valid_from, p.valid_to, p.note) for p in self.permits),
            rules={key: values.override() for key, values in self.rules.items()},
            types=None if self.types is None else tuple(self.types),
            left_things=self.left_things,
        )


class ControlPoint(Entry):
    """A point of the ground that is seen in the picture and found on a map. WGS-84, not a shifted map's coordinates."""

    picture: Point = Field(title="In the picture", description="[x, y], each from 0 to 1.")
    lat: Latitude
    lon: Longitude

    @property
    def on_ground(self) -> GroundPoint:
        return GroundPoint(*self.picture, self.lat, self.lon)


def _control_points(points: list[ControlPoint]) -> list[ControlPoint]:
    if points:
        Ground([point.on_ground for point in points])  # GroundProblem is a ValueError that says what to do
    return points


class Tiles(Entry):
    """Looks at parts of the picture one by one, for small and distant things; costs columns times rows detections."""

    columns: Annotated[int, Strict()] = Field(ge=1, le=8, title="Columns", description="Tiles side by side, 1 to 8.")
    rows: Annotated[int, Strict()] = Field(ge=1, le=8, title="Rows", description="Tiles one above the other, 1 to 8.")
    overlap: Number = Field(
        default=0.2,
        ge=0,
        le=0.5,
        title="Overlap",
        description="Part of its side that a tile shares with the next, 0 to 0.5.",
    )


class View(Entry):
    """What a camera sees from one position: a fixed camera has one view, a PTZ camera one for each preset."""

    id: ViewIdentifier = Field(
        default="home", title="Id", description="Names the view, once in its camera; the preset of a PTZ camera."
    )
    zones: list[Zone] = Field(
        default=[],
        title="Zones",
        description="Where things are, or are not, violations. The first that holds a point decides: put the more"
        " particular one first.",
    )
    control_points: Annotated[list[ControlPoint], AfterValidator(_control_points)] = Field(
        default=[],
        title="Control points",
        description="None, or at least 4 (better 6 to 8) points of the ground, spread over it; they place things.",
    )
    picture: str | None = Field(
        default=None,
        title="Picture",
        description="A picture of the view, a file beside this one: a PTZ camera's preset is known by it. Where left"
        " out, a preset is known once somebody has told the worker of it.",
    )
    tiles: Tiles | None = Field(
        default=None, title="Tiles", description="Only the whole picture is looked at where left out."
    )
    rules: Rules = Field(default_factory=dict)

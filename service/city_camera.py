"""A camera as people write it: where its pictures come from, where it hangs, what is looked for, its views."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from service.city_fields import Entry, Identifier, Latitude, Longitude, Number, TypeKey
from service.city_view import Rules, View
from vision.place import DEFAULT_REACH_M, distance_m

Role = Literal["detect", "evidence"]

SCHEMES = ("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "srt", "udp", "rtp")
FARTHEST_CONTROL_POINT_M = 5_000.0


def _every(value: Any) -> str:
    # The same names that --every takes; its own check would load the decoder, which the web service must not.
    if value in ("auto", "keyframe", "all"):
        return str(value)
    try:
        period_s = float(value) if not isinstance(value, bool) else 0.0
    except (TypeError, ValueError):
        period_s = 0.0
    if not 0.01 <= period_s <= 86_400:
        raise ValueError("auto, keyframe, all, or seconds from 0.01 to 86400 are allowed")
    return f"{period_s:g}"


def _source(text: str) -> str:
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme and scheme not in SCHEMES:
        raise ValueError(f"URLs may begin with {', '.join(f'{s}://' for s in SCHEMES)}; a file is written as a path")
    if not text.strip() or (scheme and not text.partition("://")[2].strip("/")):
        raise ValueError("a URL, or a path or glob of recordings relative to the city file, is needed")
    return text


def _start_pattern(pattern: str) -> str:
    probe = datetime(2024, 11, 23, 21, 47)
    try:
        stated = pattern == "%s" or datetime.strptime(probe.strftime(pattern), pattern).replace(tzinfo=None) == probe
    except (ValueError, re.error):
        stated = False
    if not stated:
        raise ValueError("a strptime pattern with year, month, day, hour and minute is needed, such as %Y%m%d_%H%M%S")
    return pattern


Every = Annotated[
    str,
    BeforeValidator(_every),
    Field(
        title="Pictures looked at",
        description="auto (key frames while they come often), keyframe, all, or seconds between two pictures.",
        json_schema_extra=lambda s: s.update(
            type=["string", "number"], examples=["auto", "keyframe", "all", 2], minimum=0.01, maximum=86_400
        ),
    ),
]
Source = Annotated[str, AfterValidator(_source)]
Types = Annotated[list[TypeKey], Field(min_length=1)]


class Patrol(Entry):
    """Visited again and again for a few seconds, instead of being watched all the time."""

    every_s: Annotated[Number, Field(ge=10, le=86_400)] = Field(
        default=300.0, title="Visited every (s)", description="Seconds from one regular visit to the next."
    )
    stay_s: Annotated[Number, Field(ge=1, le=600)] = Field(
        default=10.0, title="Stays at most (s)", description="Seconds that a visit lasts at most, connecting included."
    )
    pictures: Annotated[int, Field(ge=1, le=100)] = Field(
        default=3, title="Pictures of a visit", description="So many pictures seen end the visit sooner."
    )


class Urls(Entry):
    """Where a camera's pictures come from. Passwords in URLs are never shown."""

    detect: Source = Field(
        title="For detection",
        description="RTSP or HTTP URL, usually of the sub-stream; or path or glob of recordings beside this file.",
        repr=False,
    )
    evidence: Source | None = Field(
        default=None,
        title="For evidence",
        description="URL of the main stream, from which evidence is kept; the same as detect where left out.",
        repr=False,
    )


class Place(Entry):
    """Where the camera hangs. WGS-84; maps in China show shifted coordinates (GCJ-02, BD-09): convert them first."""

    lat: Latitude
    lon: Longitude


class Camera(Entry):
    """A camera, fixed or PTZ."""

    id: Identifier = Field(title="Id", description="Names the camera in events and files; never reuse or change it.")
    name: str = Field(default="", title="Name", description="For people; may change at any time.")
    urls: Urls = Field(title="URLs", description="Where its pictures come from.")
    place: Place | None = Field(default=None, title="Place", description="Where it hangs, WGS-84.")
    heading_deg: Annotated[Number, Field(ge=0, le=360)] | None = Field(
        default=None,
        title="Heading (°)",
        description="Where the picture's middle looks, degrees clockwise from north, 0 to 360.",
    )
    fov_deg: Annotated[Number, Field(gt=0, lt=180)] | None = Field(
        default=None, title="Field of view (°)", description="Width of the picture as a horizontal angle, degrees."
    )
    reach_m: Number = Field(
        default=DEFAULT_REACH_M,
        gt=0,
        le=10_000,
        title="Reach (m)",
        description="How far it sees, metres: the radius of the place of what has no ground point.",
    )
    start_pattern: Annotated[str, AfterValidator(_start_pattern)] | None = Field(
        default=None,
        title="Start in file names",
        description="strptime pattern of the time in its recordings' names, local time, such as %Y%m%d_%H%M%S.",
    )
    every: Every | None = Field(
        default=None,
        title="Pictures looked at",
        description="auto, keyframe, all, or seconds between two; the city's where left out.",
    )
    patrol: Patrol | None = Field(
        default=None, title="Patrol", description="Visited in rounds; watched all the time where left out."
    )
    pool: Identifier = Field(
        default="default", title="Pool", description="The cameras of one pool are served by one worker."
    )
    types: Types | None = Field(
        default=None, title="Types", description="What is looked for; the city's where left out."
    )
    rules: Rules = Field(default_factory=dict)
    views: list[View] = Field(
        default=[View()],
        min_length=1,
        title="Views",
        description="One for a fixed camera, one for each preset of a PTZ camera.",
    )

    @model_validator(mode="after")
    def _control_points_are_near(self) -> "Camera":
        if self.place is None:
            return self
        for view in self.views:
            for n, point in enumerate(view.control_points):
                away_m = distance_m((self.place.lat, self.place.lon), (point.lat, point.lon))
                if away_m > FARTHEST_CONTROL_POINT_M:
                    raise ValueError(
                        f"control point {n} of view {view.id!r} is {away_m / 1000:.0f} km from the camera's place;"
                        " at most 5 km are allowed, one of the two is wrong"
                    )
        return self

    def view(self, view_id: str) -> View:
        """Raises ``KeyError`` naming the views there are."""
        return find(self.views, view_id, f"camera {self.id!r} has no view")

    def source(self, role: Role) -> str:
        """As written in the file: may hold a password."""
        return (self.urls.evidence if role == "evidence" else None) or self.urls.detect


Found = TypeVar("Found", Camera, View)


def find(entries: Sequence[Found], wanted: str, problem: str) -> Found:
    """The entry of this id. Raises ``KeyError`` naming those there are."""
    for entry in entries:
        if entry.id == wanted:
            return entry
    raise KeyError(f"{problem} {wanted!r}; there are {', '.join(entry.id for entry in entries)}")

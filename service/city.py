"""The city file: cameras, their views and rules, as people write them, and the parts of each camera built from them."""

import glob
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, ValidationError

from labels.catalogue import load_catalogue
from labels.violation import Rule, ViolationType
from service.city_camera import Camera, Every, Patrol, Role, Types, find
from service.city_errors import complaints, repeated_ids
from service.city_fields import Entry, TimeZone
from service.city_view import Rules, RuleValues, View
from service.city_yaml import YamlProblem, read_yaml
from streams.source import is_url, redact
from vision.place import Ground, Locator
from vision.records import Place
from vision.zones import Zones


class CityFileError(ValueError):
    """A city file that cannot be used. ``problems``: all that is wrong with it, one sentence each."""

    def __init__(self, problems: Sequence[str]):
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Defaults(Entry):
    """What holds for every camera that does not say otherwise."""

    every: Every = "auto"
    patrol: Patrol | None = Field(
        default=None, title="Patrol", description="Visited in rounds; watched all the time where left out."
    )
    types: Types | None = Field(
        default=None, title="Types", description="What is looked for; every type where left out."
    )
    rules: Rules = Field(default_factory=dict)


class City(Entry):
    """A city's cameras and what is a violation before them. Coordinates are WGS-84, durations seconds."""

    name: str = Field(title="Name", description="Of the city or district, for people.")
    time_zone: TimeZone = Field(
        title="Time zone", description="Name of the IANA list, such as Asia/Shanghai; hours and dates are local to it."
    )
    defaults: Defaults = Field(
        default=Defaults(), title="Defaults", description="What holds for every camera that does not say otherwise."
    )
    cameras: list[Camera] = Field(min_length=1, title="Cameras", description="At least one.")
    _folder: Path = PrivateAttr(default_factory=Path)

    @classmethod
    def bare(cls, sources: Mapping[str, str], time_zone: str = "UTC") -> "City":
        """A city nobody configured: each camera by its id, with its source, no zones and the catalogue's rules.

        Raises ``CityFileError`` for ids, sources or a time zone that are not allowed.
        """
        data = {
            "name": "",
            "time_zone": time_zone,
            "cameras": [{"id": camera_id, "urls": {"detect": source}} for camera_id, source in sources.items()],
        }
        try:
            return cls.model_validate(data)
        except ValidationError as problem:
            raise CityFileError([text for _, text in complaints(problem, data, cls.model_json_schema())]) from None

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def camera(self, camera_id: str) -> Camera:
        """Raises ``KeyError`` naming the cameras there are."""
        return find(self.cameras, camera_id, "no camera")

    def source(self, camera: Camera, role: Role = "detect") -> str:
        """The URL, or the path or glob of recordings with the city file's folder before it. May hold a password."""
        written = camera.source(role)
        if is_url(written):
            return written
        path = self._folder / Path(written).expanduser()
        if path.exists() or Path(written).expanduser().is_absolute():
            return str(path)
        return str(Path(glob.escape(str(self._folder))) / written)

    def beside(self, written: str) -> Path:
        """A file that the city file names, relative to its own folder."""
        return self._folder / Path(written).expanduser()

    def every_for(self, camera: Camera) -> str:
        """The sampling policy, as ``streams.sampler.make_sampler`` takes it."""
        return camera.every or self.defaults.every

    def patrol_for(self, camera: Camera) -> Patrol | None:
        """How often the camera is visited; None where it is watched all the time."""
        return camera.patrol or self.defaults.patrol

    def types_for(self, camera: Camera, view: View) -> dict[str, ViolationType]:
        """The types looked for, with the rules of the catalogue as city, camera and view change them, in this order.

        What a zone changes is applied by ``Zones.judge``.
        """
        catalogue = load_catalogue().types
        wanted = camera.types or self.defaults.types or catalogue
        layers = (self.defaults.rules, camera.rules, view.rules)
        return {key: replace(t, rule=_changed(t, layers)) for key, t in catalogue.items() if key in wanted}

    def rules_for(self, camera: Camera, view: View) -> dict[str, Rule]:
        return {key: t.rule for key, t in self.types_for(camera, view).items()}

    def zones_for(self, camera: Camera, view: View) -> Zones:  # noqa: ARG002
        """The zones of the view; all parts of a scene are asked for by camera and view alike."""
        return Zones(tuple(zone.record() for zone in view.zones), self.zone_info)

    def locator_for(self, camera: Camera, view: View) -> Locator:
        """Knows what the file says of the view's ground and the camera's place, which may be nothing."""
        ground = Ground([point.on_ground for point in view.control_points]) if view.control_points else None
        place = Place(camera.place.lat, camera.place.lon, camera.reach_m) if camera.place else None
        return Locator(ground, place, camera.heading_deg, camera.fov_deg)

    def config_hash(self, camera: Camera) -> str:
        """SHA-256 (hex) over the canonical JSON of everything that bears on the camera's events.

        Its name and pool, passwords, and where a recording lies do not: the same recording gives the same events.
        """
        rest = camera.model_dump(mode="json", exclude={"name", "urls", "pool", "patrol", "every", "types", "rules"})
        rest["urls"] = [redact(url) for url in (camera.source("detect"), camera.source("evidence")) if is_url(url)]
        rest["every"], rest["time_zone"] = self.every_for(camera), self.time_zone
        rest["effective"] = {
            view.id: {key: [r.dwell_s, r.absence_s, r.share, r.where, r.exempt] for key, r in rules.items()}
            for view in camera.views
            for rules in [self.rules_for(camera, view)]
        }
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def load_city(path: Path) -> City:
    """Read and check a city file. Raises ``CityFileError`` with everything that is wrong, line by line."""
    try:
        document = read_yaml(path)
    except YamlProblem as problem:
        raise CityFileError([str(problem)]) from None
    found = repeated_ids(document.data)
    try:
        city = City.model_validate(document.data)
    except ValidationError as problem:
        found += complaints(problem, document.data, City.model_json_schema())
    else:
        city._folder = path.parent
        found += _unwanted(city) + _missing_pictures(city)
    if found:
        lines = sorted((document.line(loc), text) for loc, text in found)
        raise CityFileError([f"{path}:{line}: {text}" for line, text in lines])
    return city


def _unwanted(city: City) -> list[tuple[tuple[int | str, ...], str]]:
    """Zones that raise left things as a type which nobody looks for before their camera, each with where it stands."""
    return [
        (
            ("cameras", c, "views", v, "zones", z, "left_things"),
            f"camera {camera.id!r}: zone {zone.id!r}: left_things: {zone.left_things} is not among the camera's types",
        )
        for c, camera in enumerate(city.cameras)
        for v, view in enumerate(camera.views)
        for z, zone in enumerate(view.zones)
        if zone.left_things is not None and zone.left_things not in city.types_for(camera, view)
    ]


def _missing_pictures(city: City) -> list[tuple[tuple[int | str, ...], str]]:
    """Views whose picture is not there, each with where it stands."""
    return [
        (
            ("cameras", c, "views", v, "picture"),
            f"camera {camera.id!r}: view {view.id!r}: picture {view.picture}: no such file beside the city file",
        )
        for c, camera in enumerate(city.cameras)
        for v, view in enumerate(camera.views)
        if view.picture is not None and not city.beside(view.picture).is_file()
    ]


def _changed(type: ViolationType, layers: tuple[Rules, ...]) -> Rule:
    rule = type.rule
    for layer in layers:
        rule = layer.get(type.key, RuleValues()).override().apply(rule)
    return rule

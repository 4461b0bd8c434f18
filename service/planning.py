"""From what a person asked for to one plan a camera: which files, which rules, which pictures of them."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.card import ModelCard
from service.camera_job import CameraPlan, belongs
from service.city import City
from service.city_camera import Camera
from service.city_view import View
from service.decided import Decided
from service.results import STATE
from streams.crops import InputShape, Tiles
from streams.discover import SourceProblem, Starts, expand, group_by_camera, one_camera, stamped
from streams.source import Recording, Segment, is_url
from vision.scene_rules import SceneRules


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked ``score`` for. ``every`` None: as the city file says, else ``auto``."""

    sources: tuple[str, ...]
    results: Path
    city: City | None = None
    camera_id: str | None = None
    every: str | None = None
    dwell: Mapping[str, float] | None = None
    start: datetime | None = None
    start_pattern: str | None = None
    jobs: int | None = None
    decided: Decided = field(default_factory=Decided)


def make_plans(request: Request, card: ModelCard) -> list[CameraPlan]:
    """One plan a camera. Raises ``SourceProblem`` naming what does not fit."""
    recordings = _recordings(request)
    city = request.city or City.bare({r.camera_id: r.segments[0].url for r in recordings})
    jobs = min(request.jobs or os.cpu_count() or 1, len(recordings))
    threads = max(1, (os.cpu_count() or 1) // max(1, jobs))
    return [_plan(request, city, city.camera(r.camera_id), r, card, threads) for r in recordings]


def _plan(
    request: Request, city: City, camera: Camera, recording: Recording, card: ModelCard, threads: int
) -> CameraPlan:
    view = camera.view(recording.view_id)
    return CameraPlan(
        recording=recording,
        rules=scene_rules(city, camera, view, card, request.dwell or {}, request.decided),
        every=request.every or city.every_for(camera),
        shape=InputShape(card.sizes, card.resize == "stretch"),
        tiles=Tiles(view.tiles.columns, view.tiles.rows, view.tiles.overlap) if view.tiles else None,
        decode_threads=threads,
        snapshot=request.results / STATE / f"{recording.camera_id}.zip",
    )


def scene_rules(
    city: City, camera: Camera, view: View, card: ModelCard, dwell: Mapping[str, float], decided: Decided
) -> SceneRules:
    """What a view is judged by. dwell: seconds by type, over those of the city. decided: what operators said before."""
    left_things = {zone.left_things for zone in view.zones}
    types = {
        key: replace(t, rule=replace(t.rule, dwell_s=dwell.get(key, t.rule.dwell_s)))
        for key, t in city.types_for(camera, view).items()
        if (key in card.keys or key in left_things) and not decided.mutes(camera.id, key)
    }
    return SceneRules(
        zones=city.zones_for(camera, view),
        locator=city.locator_for(camera, view),
        types=types,
        start=card.start,
        keep=card.keep,
        proven=card.proven,
        model=card.sha256,
        config=_hash([city.config_hash(camera), dict(sorted(dwell.items()))]),
        rule_hashes={key: _hash(asdict(t.rule)) for key, t in types.items()},
        rejected=decided.rejected,
    )


def _hash(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _recordings(request: Request) -> list[Recording]:
    starts = Starts(request.start, request.start_pattern, request.city.zone_info if request.city else UTC)
    if request.city is None:
        paths = _expand(request.sources, request.results)
        if request.camera_id:
            return [starts.first(one_camera(request.camera_id, paths, starts=starts))]
        found = group_by_camera(paths, starts)
        if request.start is not None and len(found) > 1:
            raise SourceProblem(
                f"--start gives the start of one recording, but these are {len(found)}:"
                f" {', '.join(r.camera_id for r in found[:5])}; use --start-pattern, or --camera ID if they are one"
            )
        return [_own(starts.first(r), request.results) for r in found]
    return [starts.first(r) for r in _by_city(request, request.city, starts)]


def _own(recording: Recording, results: Path) -> Recording:
    """The recording under a guessed id that no other recording has in these results: nothing of it is taken over."""
    name, number = recording.camera_id, 2
    while not belongs(results / STATE / f"{recording.camera_id}.zip", recording):
        recording, number = replace(recording, camera_id=f"{name}-{number}"), number + 1
    return recording


def how_grouped(request: Request, plans: Sequence[CameraPlan]) -> list[str]:
    """What was guessed of which files are one camera, and how to say otherwise; nothing where nothing was guessed."""
    if request.city is not None or request.camera_id is not None:
        return []
    notes = []
    several = [p for p in plans if len(p.recording.segments) > 1]
    for plan in several[:5]:
        count = len(plan.recording.segments)
        notes.append(
            f"{count} files are read as one recording of camera {plan.camera_id} (a city file can say otherwise)"
        )
    alone = [p for p in plans if len(p.recording.segments) == 1 and not p.live]
    if len(alone) > 1:
        names = ", ".join(p.camera_id for p in alone[:4]) + (", ..." if len(alone) > 4 else "")
        notes.append(f"{len(alone)} files are read as {len(alone)} cameras ({names}); if they are one: --camera ID")
    if request.start_pattern is None and any(
        stamped(s.url) and s.start is None for p in several for s in p.recording.segments
    ):
        notes.append("the names look like times: --start-pattern reads them, so that gaps between files are known")
    return notes


def _by_city(request: Request, city: City, starts: Starts) -> list[Recording]:
    """The city's cameras with the files that are theirs: those named for ``--camera``, else by the city file's URLs."""
    if request.camera_id is not None:
        camera = _named(city, request.camera_id)
        paths = _expand(request.sources or [city.source(camera)], request.results)
        return [one_camera(camera.id, paths, camera.views[0].id, _starts(starts, camera, city))]
    if not request.sources:
        return [_of_camera(c, city, starts, request.results) for c in city.cameras]
    owners = {_same_file(p): c.id for c in city.cameras for p in _found(city.source(c), request.results)}
    by_camera: dict[str, list[str]] = {}
    for path in _expand(request.sources, request.results):
        owner = owners.get(_same_file(path)) or _owner_by_name(path, city)
        by_camera.setdefault(owner, []).append(path)
    return [
        one_camera(id, paths, city.camera(id).views[0].id, _starts(starts, city.camera(id), city))
        for id, paths in by_camera.items()
    ]


def _of_camera(camera: Camera, city: City, starts: Starts, results: Path) -> Recording:
    """What the city file's URL names; where that is nothing, a recording that the reader will name as missing."""
    source = city.source(camera)
    paths = _found(source, results)
    if not paths:
        return Recording(camera.id, camera.views[0].id, (Segment(source),))
    return one_camera(camera.id, paths, camera.views[0].id, _starts(starts, camera, city))


def _owner_by_name(path: str, city: City) -> str:
    """The camera whose id stands in the file's name or in its folders' names."""
    named = [c.id for c in city.cameras if any(_names(part, c.id) for part in Path(path).parts[-4:])]
    if len(named) == 1:
        return named[0]
    known = ", ".join(c.id for c in city.cameras[:10])
    what = "the names of several cameras" if named else "no camera's id or URL"
    raise SourceProblem(f"{path}: {what} match this file; say --camera ID (cameras in the city file: {known})")


def _named(city: City, camera_id: str) -> Camera:
    try:
        return city.camera(camera_id)
    except KeyError as error:
        raise SourceProblem(f"--camera {camera_id}: {error.args[0]}") from None


def _names(part: str, camera_id: str) -> bool:
    stem = Path(part).stem
    return stem == camera_id or any(stem.startswith(camera_id + mark) for mark in "_-. ")


def _expand(sources: Sequence[str], results: Path) -> list[str]:
    """What the sources name, without the clips of earlier evidence where the results lie among the recordings."""
    paths = expand(sources)
    inside = Path(os.path.realpath(results))
    named = {_same_file(s) for s in sources}
    kept = [p for p in paths if _same_file(p) in named or not Path(_same_file(p)).is_relative_to(inside)]
    if not kept:
        raise SourceProblem(f"{', '.join(sources)}: holds nothing but results of an earlier run in {results}")
    return kept


def _found(source: str, results: Path) -> list[str]:
    try:
        return _expand([source], results)
    except SourceProblem:
        return []  # a camera whose recordings are not on this disk


def _same_file(path: str) -> str:
    return path if is_url(path) else os.path.realpath(path)


def _starts(starts: Starts, camera: Camera, city: City) -> Starts:
    pattern = starts.pattern or camera.start_pattern
    return Starts(starts.start, pattern, city.zone_info)

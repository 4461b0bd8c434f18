"""From the city file to what a worker needs of each camera: where its pictures come from, and how they are judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.card import ModelCard
from service.city import City
from service.city_camera import Camera, Patrol
from service.decided import Decided
from service.planning import scene_rules
from streams.crops import InputShape, Tiles
from streams.discover import Starts
from streams.source import is_url
from vision.scene_rules import SceneRules


@dataclass(frozen=True, slots=True)
class LivePlan:
    """One camera. source: a URL, or the folder or glob that its recordings come into. evidence_url: of the main stream.
    Both may hold a password. starts: how the names of its recordings say when they begin. views: by id, the first is
    where the camera begins. camera: as people wrote it. pictures: of views, by which they are known. patrol: None for
    one that is watched all the time.

    Two plans with the same ``stream`` differ at most in how pictures are judged: that changes without a reconnect.
    """

    camera_id: str
    source: str
    evidence_url: str | None
    every: str
    shape: InputShape
    tiles: Tiles | None
    views: Mapping[str, SceneRules]
    camera: Camera
    pictures: Mapping[str, Path]
    patrol: Patrol | None = None
    starts: Starts | None = None

    @property
    def judging(self) -> tuple[object, ...]:
        """What decides how pictures are judged, as values that can be compared."""
        return tuple(
            (view, r.config, r.model, tuple(sorted(r.rule_hashes.items())), r.rejected)
            for view, r in self.views.items()
        )

    @property
    def stream(self) -> tuple[object, ...]:
        views = tuple(self.views)
        return self.source, self.evidence_url, self.every, self.tiles, views, self.patrol, self.starts

    @property
    def live(self) -> bool:
        """Whether it is connected to; else its recordings are delivered."""
        return is_url(self.source)


def live_plans(
    city: City,
    pool: str | None,
    card: ModelCard,
    dwell: Mapping[str, float],
    decided: Decided,
) -> dict[str, LivePlan]:
    """The cameras of a pool, or of the whole city; by id."""
    cameras = [c for c in city.cameras if pool is None or c.pool == pool]
    return {camera.id: _plan(city, camera, card, dwell, decided) for camera in cameras}


def _plan(city: City, camera: Camera, card: ModelCard, dwell: Mapping[str, float], decided: Decided) -> LivePlan:
    tiles, live = camera.views[0].tiles, is_url(camera.urls.detect)
    main = camera.urls.evidence if live and camera.urls.evidence not in (None, camera.urls.detect) else None
    return LivePlan(
        camera_id=camera.id,
        source=city.source(camera),
        evidence_url=main if main is not None and is_url(main) else None,
        every=city.every_for(camera),
        shape=InputShape(card.sizes, card.resize == "stretch"),
        tiles=Tiles(tiles.columns, tiles.rows, tiles.overlap) if tiles else None,
        views={view.id: scene_rules(city, camera, view, card, dwell, decided) for view in camera.views},
        camera=camera,
        pictures={view.id: city.beside(view.picture) for view in camera.views if view.picture is not None},
        patrol=city.patrol_for(camera) if live else None,
        starts=Starts(None, camera.start_pattern, city.zone_info) if camera.start_pattern and not live else None,
    )

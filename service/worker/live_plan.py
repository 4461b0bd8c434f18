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
from streams.source import is_url
from vision.scene_rules import SceneRules


@dataclass(frozen=True, slots=True)
class LivePlan:
    """One camera. url, evidence_url: may hold a password. views: by id, the first is where the camera begins.
    camera: as people wrote it. pictures: of views, by which they are known. patrol: None for one that is watched all
    the time.

    Two plans with the same ``stream`` differ at most in how pictures are judged: that changes without a reconnect.
    """

    camera_id: str
    url: str
    evidence_url: str | None
    every: str
    shape: InputShape
    tiles: Tiles | None
    views: Mapping[str, SceneRules]
    camera: Camera
    pictures: Mapping[str, Path]
    patrol: Patrol | None = None

    @property
    def judging(self) -> tuple[object, ...]:
        """What decides how pictures are judged, as values that can be compared."""
        return tuple(
            (view, r.config, r.model, tuple(sorted(r.rule_hashes.items())), r.rejected)
            for view, r in self.views.items()
        )

    @property
    def stream(self) -> tuple[object, ...]:
        return self.url, self.evidence_url, self.every, self.tiles, tuple(self.views), self.patrol


def live_plans(
    city: City,
    pool: str | None,
    card: ModelCard,
    dwell: Mapping[str, float],
    decided: Decided,
) -> dict[str, LivePlan]:
    """The cameras of a pool, or of the whole city, that have a URL; by id."""
    found = {}
    for camera in city.cameras:
        if (pool is None or camera.pool == pool) and is_url(camera.urls.detect):
            found[camera.id] = _plan(city, camera, card, dwell, decided)
    return found


def not_live(city: City, pool: str | None) -> list[str]:
    """The pool's cameras whose source is a recording, which a worker does not read."""
    return [c.id for c in city.cameras if (pool is None or c.pool == pool) and not is_url(c.urls.detect)]


def _plan(city: City, camera: Camera, card: ModelCard, dwell: Mapping[str, float], decided: Decided) -> LivePlan:
    tiles = camera.views[0].tiles
    return LivePlan(
        camera_id=camera.id,
        url=camera.urls.detect,
        evidence_url=camera.urls.evidence if camera.urls.evidence != camera.urls.detect else None,
        every=city.every_for(camera),
        shape=InputShape(card.sizes, card.resize == "stretch"),
        tiles=Tiles(tiles.columns, tiles.rows, tiles.overlap) if tiles else None,
        views={view.id: scene_rules(city, camera, view, card, dwell, decided) for view in camera.views},
        camera=camera,
        pictures={view.id: city.beside(view.picture) for view in camera.views if view.picture is not None},
        patrol=city.patrol_for(camera),
    )

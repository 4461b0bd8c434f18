"""A street in words: things that stand, come and go, told to a scene as detections, without pictures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from labels.catalogue import load_catalogue
from streams.frame import Clock, Frame, ViewKey
from vision.place import Locator
from vision.records import Detections, Event
from vision.scene import Scene
from vision.scene_rules import SceneRules
from vision.zones import Zones

KEYS = ("motor_vehicle_parking", "road_vending", "person", "exposed_garbage", "overflowing_bin")
VIEW = ViewKey("kiosk", "home")
SIZE = (1920, 1080)


class NoPicture:
    def decode(self):
        raise AssertionError("no picture is looked at here")


@dataclass(frozen=True)
class Seen:
    """One detection, box in pixels of a 1920 x 1080 picture."""

    xyxy: tuple[float, float, float, float]
    key: str = "motor_vehicle_parking"
    score: float = 0.8


def scene(dwell_s: float = 30.0, absence_s: float = 20.0, zones: Zones | None = None, share: float = 0.6) -> Scene:
    types = load_catalogue().types
    chosen = {
        key: replace(types[key], rule=replace(types[key].rule, dwell_s=dwell_s, absence_s=absence_s, share=share))
        for key in KEYS
        if key in types
    }
    return Scene(
        VIEW,
        SceneRules(
            zones=zones or Zones(()),
            locator=Locator(None, None, None, None),
            types=chosen,
            start=dict.fromkeys(KEYS, 0.4),
            keep=dict.fromkeys(KEYS, 0.15),
            proven=dict.fromkeys(KEYS, True),
            model="m",
            config="c",
            rule_hashes=dict.fromkeys(KEYS, "r"),
        ),
    )


def frame(at_s: float, start: datetime | None = None) -> Frame:
    captured = None if start is None else start + timedelta(seconds=at_s)
    return Frame(VIEW, at_s, captured, Clock.OPTION if captured else None, 0.0, SIZE, (), (), NoPicture())


def detections(seen: Iterable[Seen]) -> Detections:
    seen = sorted(seen, key=lambda s: -s.score)
    return Detections(
        np.array([np.array(s.xyxy) / (SIZE * 2) for s in seen], np.float32).reshape(-1, 4),
        np.array([s.score for s in seen], np.float32),
        np.array([KEYS.index(s.key) for s in seen], np.int64),
        KEYS,
    )


def watch(
    scene: Scene, moments: Iterable[tuple[float, Sequence[Seen]]], start: datetime | None = None, jitter_px: float = 2.0
) -> list[Event]:
    """What the scene says of ``(time, what is seen)``, boxes jittered as a detector's are."""
    noise = np.random.default_rng(7)
    events: list[Event] = []
    for at_s, seen in moments:
        shaken = [replace(s, xyxy=tuple(np.array(s.xyxy) + noise.normal(0, jitter_px, 4))) for s in seen]
        events += scene.observe(frame(at_s, start), detections(shaken))
    return events


def opened(events: list[Event]) -> list[Event]:
    return [e for e in events if e.kind == "opened"]


def cleared(events: list[Event]) -> list[Event]:
    return [e for e in events if e.kind == "cleared"]


def seconds(start: float, end: float, step: float) -> list[float]:
    return np.arange(start, end, step).round(3).tolist()

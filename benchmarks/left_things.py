"""What is put down and stays, put on real frames: ``streetorder benchmark left-things SHARED``.

The shipped detector, the rules and the second cue look at clips of real streets through night, rain and changing light,
a picture every four seconds. A person would count one case for a thing, and none for light.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from av.video.frame import VideoFrame

from benchmarks.composed_views import (
    ClipView,
    Cutout,
    Light,
    bag,
    building_shadow,
    cartons,
    clouds,
    coded,
    dusk,
    headlights,
    heap,
    night,
    rain,
    white_balance,
)
from labels.catalogue import load_catalogue
from models.boxes import RANKED_FROM
from models.detector import Detector
from streams.batcher import fixed_sizes
from streams.crops import Cropper, InputShape
from streams.frame import Frame, Picture, ViewKey
from vision.boxes import iou
from vision.picture import to_picture
from vision.place import Locator
from vision.records import Event, Violation
from vision.scene import Scene
from vision.scene_rules import SceneRules
from vision.zones import Zone, Zones

STEP_S, PUT_S, TAKEN_S, END_S = 4.0, 120.0, 320.0, 440.0
DWELL_S, ABSENCE_S = 90.0, 60.0
HERE_IOU = 0.3
GROUND = np.array([(0.0, 0.3), (1.0, 0.3), (1.0, 1.0), (0.0, 1.0)])
PLACES: dict[str, Sequence[tuple[float, float, float]]] = {
    "ckuhn_traffic.mp4": ((0.72, 0.42, 0.09), (0.62, 0.45, 0.09), (0.85, 0.55, 0.14)),
    "opencv_vtest.avi": ((0.35, 0.62, 0.10), (0.75, 0.95, 0.13), (0.25, 0.85, 0.12)),
    "roadtrack_sample.mp4": ((0.36, 0.75, 0.09), (0.70, 0.90, 0.14), (0.28, 0.90, 0.12)),
    "intel_car-detection.mp4": ((0.82, 0.80, 0.14), (0.20, 0.75, 0.12), (0.75, 0.85, 0.15)),
    "bgs_video.avi": ((0.40, 0.70, 0.14), (0.70, 0.60, 0.12), (0.85, 0.90, 0.15)),
    "bgs_video03.avi": ((0.40, 0.70, 0.16), (0.70, 0.50, 0.14), (0.16, 0.70, 0.16)),
}
"""Middle, lower edge and height of a thing in each clip, on free ground."""
VIEW = ViewKey("clip", "home")


@dataclass(frozen=True)
class Left:
    """A scenario: the light, and what is put down as which type in a zone of which kind; None for nothing."""

    name: str
    light: Light
    thing: str | None = None
    key: str = "piled_materials"
    kind: str = "sidewalk"


def _by_day(picture: Picture, at_s: float) -> Picture:  # noqa: ARG001
    return picture


def _lamps(picture: Picture, at_s: float) -> Picture:
    return headlights(night(picture, at_s), at_s)


def _night_falls(picture: Picture, at_s: float) -> Picture:
    return night(picture, at_s) if at_s > 200 else picture


def _rain_begins(picture: Picture, at_s: float) -> Picture:
    return rain(picture, at_s) if at_s > 150 else picture


def _sun_comes_out(picture: Picture, at_s: float) -> Picture:
    return building_shadow(picture, at_s, 0.0003, 4.0) if at_s > 150 else picture


LEFT = (
    Left("bag left in a zone", _by_day, "bag"),
    Left("bag left in the rain", _rain_begins, "bag"),
    Left("goods put before a door", _by_day, "cartons", "shop_overflow", "door_line"),
    Left("goods before a door, clouds pass", clouds, "cartons", "shop_overflow", "door_line"),
    Left("heap dumped at night", night, "heap", "construction_waste"),
    Left("clouds", clouds),
    Left("white balance", white_balance),
    Left("dusk", dusk),
    Left("night falls at once", _night_falls),
    Left("headlights at night", _lamps),
    Left("rain", _rain_begins),
    Left("shadow of a building creeps", building_shadow),
    Left("shadow of a building appears", _sun_comes_out),
)


class _Shown:
    def __init__(self, picture: Picture):
        self._picture = picture

    def decode(self) -> Picture:
        return self._picture


def things(shared: Path) -> dict[str, Cutout]:
    """From the evaluation pictures. Raises ``OSError``."""
    garbage = shared / "data/garbage_overflow_cn/train"
    picture = next(iter(sorted((garbage / "images").glob("*000174*"))))
    found = heap(picture, garbage / "labels" / f"{picture.stem}.txt")
    return {"bag": bag(shared / "data/trashbag_masks_kr/train", 24), "cartons": cartons(1), "heap": found}


def run(left: Left, clip: Path, place: int, cutouts: dict[str, Cutout], detector: Detector) -> dict[str, Any]:
    """One scenario before one camera: cases of the thing, when it was noticed, and what else was raised."""
    view, scene = ClipView(clip), Scene(VIEW, _rules(left, detector))
    cropper = Cropper(InputShape(detector.card.sizes, detector.card.resize == "stretch"))
    thing = cutouts.get(left.thing or "")
    at = PLACES[clip.name][place]
    box = None if thing is None else thing.box(*at, view.picture(0))
    events: list[Event] = []
    cost_s = []
    for at_s in np.arange(0, END_S, STEP_S).tolist():
        picture = view.picture(at_s)
        if thing is not None and box is not None and PUT_S <= at_s < TAKEN_S:
            picture = thing.put(picture, box)
        picture = coded(left.light(picture, at_s))
        crops, regions = cropper.crops(VideoFrame.from_ndarray(picture, format="rgb24"), Fraction(1))
        boxes = [found for stack in fixed_sizes(crops) for found in detector.detect(stack, RANKED_FROM)]
        size = picture.shape[1], picture.shape[0]
        frame = Frame(VIEW, at_s, None, None, 0.0, size, crops, regions, _Shown(picture))
        detections = to_picture(boxes, frame, detector.card.keys)
        begun = time.perf_counter()
        events += scene.observe(frame, detections)
        cost_s.append(time.perf_counter() - begun)
    newest: dict[str, Violation] = {event.id: event.violation for event in events}
    here = [v for v in newest.values() if box is not None and _same(v.xyxy, box)]
    false = [v for v in newest.values() if v.cue == "change" and v not in here]
    return {
        "scenario": left.name,
        "clip": clip.name,
        "expected": int(thing is not None),
        "cases": len(here),
        "cue": here[0].cue if here else None,
        "cleared": sum(v.cleared_s is not None for v in here),
        "onset_after_s": round(here[0].onset_s - PUT_S, 1) if here else None,
        "false": len(false),
        "median_ms": round(1000 * float(np.median(cost_s)), 2),
    }


def _rules(left: Left, detector: Detector) -> SceneRules:
    card = detector.card
    types = {
        key: replace(t, rule=replace(t.rule, dwell_s=DWELL_S, absence_s=ABSENCE_S))
        for key, t in load_catalogue().types.items()
    }
    zone = Zone("watched", left.kind, GROUND, left_things=left.key)
    hashes = dict.fromkeys(types, "")
    return SceneRules(Zones((zone,)), Locator(), types, card.start, card.keep, card.proven, card.sha256, "", hashes)


def _same(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return bool(iou(np.array([a]), np.array([b]))[0, 0] >= HERE_IOU)

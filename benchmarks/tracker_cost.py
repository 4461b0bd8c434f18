"""What one picture costs beside its detection: tracker and rules by the number of things; the view; a watched zone."""

import time
import timeit
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from benchmarks.drawn_street import street
from benchmarks.street_scenarios import rules
from benchmarks.street_world import CAR, KEYS, SIZE, VIEW, NoStill
from streams.frame import Frame, Picture, Region
from vision.boxes import Boxes, iou
from vision.picture import describe
from vision.picture_quality import PictureQuality
from vision.records import Detections
from vision.scene import Scene
from vision.static_change import StaticChange

RATE = 10.0
PICTURE = 768, 448
"""Width and height of what the shipped model gets."""
REGION = Region(1 / PICTURE[0], 1 / PICTURE[1], 0.0, 0.0)
PASSING = 0.4
"""Part of the things that drive through; the others stand."""


def cost_us(objects: int, pictures: int = 1500, seed: int = 0, pixels: bool = False) -> list[float]:
    """Microseconds of each picture but the first third, in which the street fills.

    pixels: with the pictures, as from a camera and not from recorded detections. Then it is described what each thing
    looks like, every place is looked at, and the view is judged.
    """
    random = np.random.default_rng(seed)
    passing = round(PASSING * objects)
    standing = _places(objects - passing, random)
    left, wheels = random.uniform(-0.2, 1.0, passing), np.linspace(0.6, 0.95, max(1, passing))[:passing]
    speed = random.uniform(0.008, 0.025, passing) * random.choice([-1, 1], passing)
    scores = random.uniform(0.5, 0.9, objects).astype(np.float32)
    scene, drawn = Scene(VIEW, rules(None)), _Drawn(objects, random) if pixels else None
    taken = []
    for number in range(pictures):
        left = (left + speed + 0.2) % 1.2 - 0.2
        moving = np.stack([left, wheels - 0.15, left + 0.2, wheels], axis=1)
        boxes = np.concatenate([standing, moving]) + random.normal(0, 1.5, (objects, 4)) / (SIZE * 2)
        order = np.argsort(-scores)
        cls = np.full(objects, KEYS.index(CAR))
        boxes = boxes.clip(0, 1)
        crops = () if drawn is None else (drawn.picture(boxes),)
        found = Detections(boxes[order].astype(np.float32), scores[order], cls, KEYS)
        frame = Frame(VIEW, number / RATE, None, None, 0.0, SIZE, crops, (REGION,) * len(crops), NoStill())
        begun = time.perf_counter()
        if crops:
            found = replace(found, descriptor=describe(crops[0], REGION, found.xyxy))
        for _ in scene.observe(frame, found):
            pass
        taken.append((time.perf_counter() - begun) * 1e6)
    return taken[pictures // 3 :]


class _Drawn:
    """Things of many textures before a street of another one."""

    def __init__(self, objects: int, random: np.random.Generator):
        self._street = cv2.resize(random.integers(40, 220, (56, 96, 3), np.uint8), PICTURE)
        self._things = random.integers(0, 255, (objects, 12, 12, 3), np.uint8)

    def picture(self, boxes: Boxes) -> Picture:
        canvas = self._street.copy()
        corners = np.round(boxes * [*PICTURE, *PICTURE]).astype(int).tolist()
        for (x1, y1, x2, y2), thing in zip(corners, self._things, strict=True):
            if x2 > x1 and y2 > y1:
                canvas[y1:y2, x1:x2] = cv2.resize(thing, (x2 - x1, y2 - y1))
        return np.asarray(canvas, np.uint8)


def pictures_cost_us(every_s: float = 4.0, count: int = 150) -> dict[str, dict[str, float]]:
    """Microseconds, median and mean, of what looks at the pixels of each picture of the model's size.

    view: whether it can be judged (``PictureQuality``). zone: one with ``left_things`` over the lower two thirds of the
    picture, most of whose looks only take a sample (``StaticChange``).
    """
    pictures = list(street(PICTURE, 5, 4.0, seed=1))
    view, zone = PictureQuality(), StaticChange(np.array([[0.0, 0.33], [1.0, 0.33], [1.0, 1.0], [0.0, 1.0]]))
    nobody = np.zeros((0, 4))
    taken: dict[str, list[float]] = {"view": [], "zone": []}
    for number in range(count):
        at_s, picture, begun = number * every_s, pictures[number % len(pictures)], time.perf_counter()
        view.look(at_s, picture, REGION, nobody)
        between = time.perf_counter()
        zone.look(at_s, picture, REGION, nobody)
        taken["view"].append((between - begun) * 1e6)
        taken["zone"].append((time.perf_counter() - between) * 1e6)
    settled = {name: values[count // 3 :] for name, values in taken.items()}
    return {
        name: {"median": round(float(np.median(us)), 1), "mean": round(float(np.mean(us)), 1)}
        for name, us in settled.items()
    }


def yardstick_us(rounds: int = 5, times: int = 1000) -> float:
    """What one IoU of 20 by 20 boxes costs here and now: how quick a machine is with small arrays varies fivefold."""
    boxes = _places(20, np.random.default_rng(0))
    return round(min(timeit.repeat(lambda: iou(boxes, boxes), number=times, repeat=rounds)) / times * 1e6, 1)


def costs(counts: Sequence[int] = (5, 10, 20, 40, 80), rounds: int = 3, pixels: bool = False) -> dict[int, float]:
    """The median of each number of things, the best of some rounds: others use the machine too."""
    pictures = 600 if pixels else 1500
    return {
        n: round(min(float(np.median(cost_us(n, pictures, seed, pixels))) for seed in range(rounds)), 1) for n in counts
    }


def _places(count: int, random: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Parked in rows, side by side."""
    columns = 12
    x = (np.arange(count) % columns) * 0.08 + 0.01 + random.uniform(0, 0.005, count)
    y = (np.arange(count) // columns) * 0.12 + 0.05
    return np.stack([x, y, x + 0.075, y + 0.1], axis=1)

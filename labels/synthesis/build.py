"""Writes composed scenes as a labelled set: pictures, YOLO labels under our keys, a card that says what they are of."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from labels.catalogue import load_catalogue
from labels.datasets.records import Box, LabelsError, Picture
from labels.datasets.yolo import write_yolo
from labels.source_classes import SourceClassesError, load_source_classes
from labels.synthesis.scene import Scene

Compose = Callable[[int, int, np.random.Generator], tuple[Scene, str]]
"""Index of the picture, its width in pixels, a generator: the scene and the name of its background."""

UNKNOWN = "unknown"
"""The class behind our keys: regions of which nothing is known, which neither teach nor count."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to write.

    compose: makes one scene. widths: in pixels, one is taken by chance for each. quality: of the webp file, 1 to 100.
    camera_quality: range of the JPEG quality that stands for the camera's own compression, None for none.
    """

    kind: str
    part: str
    count: int
    compose: Compose
    widths: Sequence[int]
    quality: int = 85
    camera_quality: tuple[int, int] | None = (55, 95)


def classes() -> tuple[str, ...]:
    """The classes of what is written: the types, then the auxiliary classes, then ``UNKNOWN``."""
    catalogue = load_catalogue()
    return (*catalogue.types, *catalogue.auxiliary, UNKNOWN)


def synthesise(recipe: Recipe, out: Path, seed: int, said: Callable[[int], None] = lambda _: None) -> list[Picture]:
    """Writes ``images/``, ``labels/``, ``classes.txt``, ``origins.jsonl`` and ``card.json`` under ``out``.

    The same recipe and seed give the same label files, byte by byte; the pictures too, with the same version of OpenCV.
    said: called with the number of pictures done. Raises ``LabelsError`` where ``out`` holds a set already, and
    ``OSError``.
    """
    if (out / "images").exists() or (out / "labels").exists():
        raise LabelsError(f"{out}: it holds pictures already; name a new folder")
    (out / "images").mkdir(parents=True)
    names = classes()
    pictures: list[Picture] = []
    origins: list[str] = []
    sets: Counter[str] = Counter()
    for index in range(recipe.count):
        rng = np.random.default_rng([seed, index])  # each picture its own: leaving one out changes no other
        width = int(recipe.widths[int(rng.integers(len(recipe.widths)))])
        scene, background = recipe.compose(index, width, rng)
        path = out / "images" / f"{index:06d}.webp"
        _write(path, scene, recipe, rng)
        boxes = (*scene.boxes, *(Box(UNKNOWN, xyxy) for xyxy in scene.ignore))
        pictures.append(Picture(path, scene.size, boxes))
        things = [{"key": thing.key, "origin": thing.origin} for thing in scene.placed]
        origin = {"picture": path.name, "background": background, "pasted": things}
        origins.append(json.dumps(origin, ensure_ascii=False) + "\n")
        sets.update(_sets(scene, background))
        said(index + 1)
    write_yolo(out, pictures, names)
    (out / "classes.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    (out / "origins.jsonl").write_text("".join(origins), encoding="utf-8")
    counts = Counter(box.cls for picture in pictures for box in picture.boxes)
    card = {
        "kind": recipe.kind,
        "part": recipe.part,
        "seed": seed,
        "pictures": recipe.count,
        "boxes": dict(sorted(counts.items())),
        "made_of": {name: {"pictures": count, "licence": _licence(name)} for name, count in sorted(sets.items())},
    }
    (out / "card.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return pictures


def _sets(scene: Scene, background: str) -> set[str]:
    """What a scene is made of: sets, clips and generators."""
    return {piece.split("/")[0] for piece in (background, *(o for t in scene.placed for o in t.origin.split("+")))}


def _licence(name: str) -> str:
    """The licence of a set, as its publisher states it."""
    try:
        return load_source_classes(name).licence or "none stated: for evaluation only"
    except SourceClassesError:
        return "no set of pictures: drawn, or a clip with its own licence"


def _write(path: Path, scene: Scene, recipe: Recipe, rng: np.random.Generator) -> None:
    bgr: Any = cv2.cvtColor(scene.picture, cv2.COLOR_RGB2BGR)
    if recipe.camera_quality:
        _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*recipe.camera_quality))])
        bgr = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    ok, webp = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, recipe.quality])
    if not ok:
        raise OSError(f"{path}: the picture could not be encoded")
    path.write_bytes(webp.tobytes())

"""What a teacher sees in pictures whose set does not label a class: sure boxes teach, unsure ones are left open."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.datasets.records import Box, Picture, Xyxy
from models.detector import Detector

Seen = list[tuple[str, float, Xyxy]]
"""Key, score and place of each box that a teacher found in a picture."""


@dataclass(frozen=True, slots=True)
class Trust:
    """sure: from this score on a box teaches as if a person had drawn it. unsure: below it there is nothing; between
    the two the place stays open, neither the class nor background."""

    sure: float = 0.5
    unsure: float = 0.12


def look(detector: Detector, pictures: Iterable[Path], memory: Path | None = None) -> dict[Path, Seen]:
    """What the teacher sees in each picture. memory: a file that keeps it, by picture and teacher, for next time."""
    known: dict[str, Seen] = {}
    if memory is not None and memory.is_file():
        known = json.loads(memory.read_text(encoding="utf-8"))
    seen: dict[Path, Seen] = {}
    for path in pictures:
        name = f"{path.parts[-4] if len(path.parts) > 3 else ''}/{path.name}"
        key = hashlib.sha256(f"{detector.card.sha256} {name} {path.stat().st_size}".encode()).hexdigest()[:24]
        if key not in known:
            known[key] = _boxes(detector, _rgb(path))
        seen[path] = [(cls, score, (box[0], box[1], box[2], box[3])) for cls, score, box in known[key]]
    if memory is not None:
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps(known), encoding="utf-8")
    return seen


def completed(
    picture: Picture, seen: Seen, keys: Sequence[str], trust: Trust
) -> tuple[Picture, list[tuple[Xyxy, str]]]:
    """The picture with the teacher's sure boxes of the keys that its set does not label, now labelled, and the places
    of the unsure ones."""
    taught = [key for key in keys if key not in picture.labelled]
    own = np.array([box.xyxy for box in picture.boxes], np.float32).reshape(-1, 4)
    sure, unsure = list(picture.boxes), []
    for key, score, xyxy in seen:
        if key not in taught or score < trust.unsure:
            continue
        same = [
            box for box, drawn in zip(picture.boxes, own, strict=True) if box.cls == key and _iou(drawn, xyxy) > 0.5
        ]
        if same:
            continue
        if score >= trust.sure:
            sure.append(Box(key, xyxy))
        else:
            unsure.append((xyxy, key))
    return replace(picture, boxes=tuple(sure), labelled=picture.labelled | set(taught)), unsure


def _iou(a: NDArray[np.float32], b: Xyxy) -> float:
    shared = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    total = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return float(shared / total) if total > 0 else 0.0


def _boxes(detector: Detector, picture: NDArray[np.uint8]) -> Seen:
    height, width = picture.shape[:2]
    size = min(detector.card.sizes, key=lambda s: -min(s[0] / width, s[1] / height))
    scale = min(size[0] / width, size[1] / height)
    fitted = cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_LINEAR)
    crop = np.full((1, size[1], size[0], 3), 114, np.uint8)
    crop[0, : fitted.shape[0], : fitted.shape[1]] = fitted
    found = []
    for x1, y1, x2, y2, score, cls in detector.detect(crop)[0].tolist():
        xs, ys = [min(1.0, x / scale / width) for x in (x1, x2)], [min(1.0, y / scale / height) for y in (y1, y2)]
        found.append((detector.card.keys[int(cls)], round(score, 4), (xs[0], ys[0], xs[1], ys[1])))
    return found


def _rgb(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path))
    if picture is None:
        raise ValueError(f"{path}: it cannot be read as a picture")
    return np.ascontiguousarray(picture[:, :, ::-1])

"""COCO's JSON of boxes and outlines, as CVAT and Label Studio write it too.

The format: https://cocodataset.org/#format-data. A box that stands for a crowd becomes an ignored region. An outline is
kept where it is one polygon; of several polygons, and of run lengths, the box.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from labels.datasets.records import Box, LabelsError, Picture, PictureSet, Xyxy
from labels.datasets.yolo import SLACK, picture_size

UNKNOWN = "unknown"
"""The category that ignored regions are written in."""


def read_coco(file: Path, name: str = "") -> PictureSet:
    """The pictures that a COCO file lists, each with its boxes.

    They are looked for beside the file, in ``images`` beside it or beside its folder, and there in the folder of the
    subset (``images/train`` for ``instances_train.json``), under the name that the file states, or its last part
    where that is an address or the path on another machine. A listed picture without boxes shows nothing.
    Raises ``LabelsError``.
    """
    record = _load(file)
    categories = {c["id"]: str(c["name"]) for c in _entries(file, record, "categories", "id", "name")}
    if len(set(categories.values())) < len(categories):
        raise LabelsError(f"{file}: categories: two have the same name")
    boxes: dict[Any, list[dict[str, Any]]] = {}
    for one in _entries(file, record, "annotations", "image_id", "category_id", "bbox"):
        boxes.setdefault(one["image_id"], []).append(one)
    pictures: dict[Path, Picture] = {}
    for image in _entries(file, record, "images", "id", "file_name", "width", "height"):
        path = _find(file, str(image["file_name"]))
        stated, size = (image["width"], image["height"]), picture_size(path)
        if not all(isinstance(v, int) and v > 0 for v in stated):
            raise LabelsError(f"{file}: {image['file_name']}: its width and height are {stated}: pixels are needed")
        if size != stated and size == stated[::-1]:
            raise LabelsError(
                f"{file}: {image['file_name']} lay on its side when it was labelled ({stated[0]}x{stated[1]}, shown as"
                f" {size[0]}x{size[1]}): turn the picture itself and label it again"
            )
        found, ignored = [], []
        for one in boxes.pop(image["id"], []):
            box, crowd = _box(f"{file}: annotation {one.get('id', '?')}", one, stated, categories)
            if crowd:
                ignored.append(box.xyxy)
            else:
                found.append(box)
        if path in pictures:  # the same file labelled twice, as in two tasks of Label Studio
            found, ignored = [*pictures[path].boxes, *found], [*pictures[path].ignore, *ignored]
        pictures[path] = Picture(path, size, tuple(found), ignore=tuple(ignored))
    if boxes:
        raise LabelsError(f"{file}: annotations of image_id {next(iter(boxes))!r}: no such image is listed")
    shown = {box.cls for picture in pictures.values() for box in picture.boxes}
    classes = tuple(c for _, c in sorted(categories.items()) if c != UNKNOWN or c in shown)
    return PictureSet(name or file.stem, classes, tuple(pictures.values()))


def write_coco(file: Path, pictures: Sequence[Picture], classes: Sequence[str], licence: str | None = None) -> None:
    """Writes a COCO file; each picture is named by the last part of its path. Ids count from 1; boxes are pixels.

    Raises ``LabelsError`` for a box of a class that is not among ``classes``.
    """
    names = [*classes, UNKNOWN] if any(picture.ignore for picture in pictures) else [*classes]
    annotations: list[dict[str, Any]] = []
    for number, picture in enumerate(pictures, 1):
        crowds = [Box(UNKNOWN, xyxy) for xyxy in picture.ignore]
        for box in (*picture.boxes, *crowds):
            if box.cls not in names:
                raise LabelsError(
                    f"{picture.path}: a box of {box.cls!r}: the classes to write are {', '.join(classes)}"
                )
            annotations.append(
                {"id": len(annotations) + 1, "image_id": number, "category_id": names.index(box.cls) + 1}
                | {"iscrowd": int(any(box is crowd for crowd in crowds))}
                | _pixels(box, picture.size)
            )
    record = {
        "licenses": [] if licence is None else [{"id": 1, "name": licence, "url": ""}],
        "images": [
            {"id": number, "file_name": p.path.name, "width": p.size[0], "height": p.size[1]}
            for number, p in enumerate(pictures, 1)
        ],
        "categories": [{"id": number, "name": name, "supercategory": ""} for number, name in enumerate(names, 1)],
        "annotations": annotations,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")


def _load(file: Path) -> dict[str, Any]:
    try:
        record = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise LabelsError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise LabelsError(f"{file}: it is no JSON ({error})") from None
    if not isinstance(record, dict):
        raise LabelsError(f"{file}: it is no COCO file: images, annotations and categories are needed")
    return record


def _entries(file: Path, record: dict[str, Any], name: str, *needed: str) -> Iterable[dict[str, Any]]:
    entries = record.get(name)
    if not isinstance(entries, list):
        raise LabelsError(f"{file}: it has no list '{name}': a COCO file has images, annotations and categories")
    for place, entry in enumerate(entries):
        if missing := [key for key in needed if not isinstance(entry, dict) or key not in entry]:
            raise LabelsError(f"{file}: {name}[{place}]: it lacks {', '.join(missing)}")
    return entries


def _find(file: Path, stated: str) -> Path:
    stated = stated.replace("\\", "/")
    names = [stated.removeprefix("images/"), PurePosixPath(stated.split("?")[0]).name]
    subset = re.sub(r"^[a-z_]+?_(?=[^_]+$)", "", file.stem)
    root = file.parent.parent if file.parent.name == "annotations" else file.parent
    places = [root / "images" / subset, root / "images", root]
    for path in (place / name for name in names if not name.startswith(("/", "..")) for place in places):
        if path.is_file():
            return path
    raise LabelsError(
        f"{file}: the picture {stated!r} is not there: looked for {names[-1]} in {root / 'images'} and {root};"
        " export the set together with its pictures"
    )


def _box(where: str, one: dict[str, Any], size: tuple[int, int], categories: dict[Any, str]) -> tuple[Box, bool]:
    if one["category_id"] not in categories:
        raise LabelsError(f"{where}: category_id {one['category_id']!r}: no such category is listed")
    cls = categories[one["category_id"]]
    try:
        x, y, w, h = (float(v) for v in one["bbox"])
    except (TypeError, ValueError):
        raise LabelsError(f"{where}: bbox {one['bbox']!r}: x, y, width and height in pixels are needed") from None
    if w < 0 or h < 0:
        raise LabelsError(f"{where}: bbox {one['bbox']!r}: its width and height cannot be below 0")
    xyxy = _relative(where, [x, y, x + w, y + h], size)
    box = Box(cls, (xyxy[0], xyxy[1], xyxy[2], xyxy[3]), _outline(where, one, size))
    return box, bool(one.get("iscrowd") or one.get("ignore"))


def _outline(where: str, one: dict[str, Any], size: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    polygons = one.get("segmentation")
    if (
        not isinstance(polygons, list)
        or len(polygons) != 1
        or not isinstance(polygons[0], list)
        or len(polygons[0]) < 6
    ):
        return ()
    values = _relative(where, polygons[0], size)
    return tuple(zip(values[::2], values[1::2], strict=False))


def _relative(where: str, values: Sequence[float], size: tuple[int, int]) -> list[float]:
    """Pixels ``x, y, x, y, …`` as parts of the picture, cut off where they reach out of it by rounding."""
    relative = [v / size[i % 2] for i, v in enumerate(values)]
    if not all(-SLACK <= v <= 1 + SLACK for v in relative):
        raise LabelsError(f"{where}: it reaches out of its picture of {size[0]}x{size[1]} pixels")
    return [min(max(v, 0.0), 1.0) for v in relative]


def _pixels(box: Box, size: tuple[int, int]) -> dict[str, Any]:
    (x1, y1, x2, y2), (width, height) = box.xyxy, size
    outline = [round(v * size[i], 2) for point in box.outline for i, v in enumerate(point)]
    return {
        "bbox": [round(v, 2) for v in (x1 * width, y1 * height, (x2 - x1) * width, (y2 - y1) * height)],
        "area": round(_area(box) * width * height, 2),
        "segmentation": [outline] if outline else [],
    }


def _area(box: Box) -> float:
    """Of the outline, by the shoelace formula, else of the box; relative."""
    if not box.outline:
        return _extent(box.xyxy)
    turned = zip(box.outline, (*box.outline[1:], box.outline[0]), strict=True)
    return abs(sum(x * v - u * y for (x, y), (u, v) in turned)) / 2


def _extent(xyxy: Xyxy) -> float:
    return (xyxy[2] - xyxy[0]) * (xyxy[3] - xyxy[1])

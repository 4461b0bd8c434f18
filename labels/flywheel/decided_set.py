"""A set of decided pictures on disk, in the forms that labelling tools and training read.

``images/`` and ``labels/`` (YOLO), ``classes.txt``, ``annotations.json`` (COCO), ``source.yaml`` (classes and licence),
``known.json`` (what was decided, by picture) and ``weights.csv``.
"""

import csv
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from labels.datasets.coco import write_coco
from labels.datasets.records import Box, LabelsError, Picture, PictureSet
from labels.datasets.yolo import read_yolo, write_yolo
from labels.flywheel.decided import DecidedPicture, undecided
from labels.source_classes import load_source_classes

KNOWN, WEIGHTS, SOURCE, COCO = "known.json", "weights.csv", "source.yaml", "annotations.json"


def write_decided(
    directory: Path, decided: Sequence[DecidedPicture], classes: Sequence[str], licence: str | None
) -> None:
    """Write the set into a new or empty directory.

    licence: under which the pictures may teach, None: they only evaluate. Raises ``LabelsError``, ``OSError``.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise LabelsError(f"{directory}: it is not empty; name a new folder")
    taken = [one.picture() for one in decided]  # before anything is written: one of them may be unreadable
    (directory / "images").mkdir(parents=True)
    pictures = []
    for one, picture in zip(decided, taken, strict=True):
        copy = directory / "images" / one.name
        shutil.copyfile(one.path, copy)
        pictures.append(replace(picture, path=copy))
    write_yolo(directory, pictures, classes)
    (directory / "classes.txt").write_text("".join(f"{name}\n" for name in classes), encoding="utf-8")
    write_coco(directory / COCO, pictures, classes, licence)
    _dump(directory / KNOWN, {one.name: {"scene": one.scene, "known": one.known} for one in decided})
    with (directory / WEIGHTS).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("picture", "weight"))
        rows.writerows((one.name, one.weight) for one in decided)
    with (directory / SOURCE).open("w", encoding="utf-8") as file:
        YAML().dump(
            {
                "name": directory.name,
                "licence": licence,
                "origin": "operators' decisions; nothing is known outside the boxes of known.json",
                "classes": {name: name for name in classes},
                "labelled": [],
            },
            file,
        )


def read_decided(directory: Path) -> PictureSet:
    """The set as it was written: what nobody decided about is unknown, mistaken boxes are look-alikes.

    Raises ``LabelsError``.
    """
    source = load_source_classes(str(directory / SOURCE))
    plain = read_yolo(directory, list(source.key_of), source.name)
    try:
        known: dict[str, Any] = json.loads((directory / KNOWN).read_text(encoding="utf-8"))
        with (directory / WEIGHTS).open(encoding="utf-8", newline="") as file:
            weights = {row["picture"]: float(row["weight"]) for row in csv.DictReader(file)}
        pictures = tuple(_picture(picture, known[picture.path.name], weights) for picture in plain.pictures)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LabelsError(f"{directory}: {KNOWN} and {WEIGHTS} do not belong to its pictures ({error!r})") from None
    return PictureSet(source.name, plain.classes, pictures, source.licence)


def _picture(picture: Picture, said: dict[str, Any], weights: dict[str, float]) -> Picture:
    known = {key: [(x1, y1, x2, y2) for x1, y1, x2, y2 in places] for key, places in said["known"].items()}
    weight = weights[picture.path.name]
    alike = [
        Box(key, place, weight=weight)
        for key, places in known.items()
        for place in places
        if not any(box.cls == key and _near(box.xyxy, place) for box in picture.boxes)
    ]
    return replace(
        picture,
        scene=said["scene"],
        unknown=undecided(known),
        look_alikes=tuple(alike),
        labelled=frozenset(known),
        weight=weight,
    )


def _near(a: Sequence[float], b: Sequence[float]) -> bool:
    return max(abs(x - y) for x, y in zip(a, b, strict=True)) < 1e-4  # the YOLO form has six digits


def _dump(file: Path, record: Any) -> None:
    file.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")

"""A set written into a folder of its own, with its pictures, its licence and what it knows."""

import shutil
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from ruamel.yaml import YAML

from labels.datasets.coco import UNKNOWN, write_coco
from labels.datasets.records import Box, LabelsError, Picture, PictureSet
from labels.datasets.yolo import write_yolo
from labels.source_classes import IGNORE, LOOK_ALIKE

ALIKE = "like_"
"""Before the key that a look-alike looks like: the class it is written as."""


class Form(StrEnum):
    """How labels are written."""

    YOLO = "yolo"
    COCO = "coco"


def write_set(directory: Path, pictures: PictureSet, form: Form, origin: str = "") -> None:
    """Writes ``images/``, the labels (``labels/`` and ``classes.txt``, or ``annotations/instances.json``) and
    ``source.yaml`` into a new or empty folder.

    ``source.yaml`` says what the classes are, which of them are labelled completely, and the licence: with it the set
    is read again as it was (``--source DIR/source.yaml``). Ignored regions and look-alikes are written as classes.
    Raises ``LabelsError`` where the folder holds something, or two pictures have one name; ``OSError``.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise LabelsError(f"{directory}: it is not empty; name a new folder")
    names: dict[str, Path] = {}
    for picture in pictures.pictures:
        if (other := names.setdefault(picture.path.stem, picture.path)) != picture.path:
            raise LabelsError(f"{picture.path} and {other}: two pictures of one name; rename one of them")
    labelled = {picture.labelled for picture in pictures.pictures}
    if len(labelled) > 1:
        raise LabelsError(f"{pictures.name}: its pictures know different classes; write the sets it is made of apart")
    told = tuple(_told(picture, form) for picture in pictures.pictures)
    extra = dict.fromkeys(box.cls for picture in told for box in picture.boxes if box.cls not in pictures.classes)
    classes = (*pictures.classes, *sorted(extra))
    (directory / "images").mkdir(parents=True)
    for picture in told:
        shutil.copyfile(picture.path, directory / "images" / picture.path.name)
    if form is Form.YOLO:
        write_yolo(directory, told, classes)
        (directory / "classes.txt").write_text("".join(f"{name}\n" for name in classes), encoding="utf-8")
    else:
        write_coco(directory / "annotations" / "instances.json", told, classes, pictures.licence)
    record = {
        "name": pictures.name,
        "licence": pictures.licence,
        "origin": origin,
        "classes": {cls: _target(cls) for cls in classes},
        "labelled": sorted(next(iter(labelled), ())),
    }
    with (directory / "source.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(record, file)


def _told(picture: Picture, form: Form) -> Picture:
    """With its look-alikes as boxes, and where the form has no other way to say it, its ignored regions too."""
    boxes = [*picture.boxes, *(replace(box, cls=ALIKE + box.cls) for box in picture.look_alikes)]
    if form is Form.YOLO:
        boxes += [Box(UNKNOWN, xyxy) for xyxy in picture.ignore]
    return replace(picture, boxes=tuple(boxes), look_alikes=(), ignore=() if form is Form.YOLO else picture.ignore)


def _target(cls: str) -> str | dict[str, str]:
    if cls == UNKNOWN:
        return IGNORE
    return {LOOK_ALIKE: cls.removeprefix(ALIKE)} if cls.startswith(ALIKE) else cls

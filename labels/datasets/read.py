"""A labelled set, in whichever form it was exported."""

from collections.abc import Sequence
from pathlib import Path

from labels.datasets.class_names import class_names
from labels.datasets.coco import read_coco
from labels.datasets.records import LabelsError, PictureSet
from labels.datasets.yolo import is_yolo, read_yolo


def read_set(directory: Path, classes: Sequence[str] | None = None, name: str = "") -> PictureSet:
    """Reads YOLO or COCO, as CVAT and Label Studio export them, in the set's own classes.

    directory: the unpacked export, or its COCO file. classes: the names in the order of their indices, for a YOLO set
    that does not say them itself; where it does (``classes.txt``, ``obj.names``, ``data.yaml``, ``notes.json``), what
    it says holds. Raises ``LabelsError``.
    """
    if directory.is_file() and directory.suffix.lower() == ".json":
        return read_coco(directory, name)
    if not directory.is_dir():
        raise LabelsError(f"{directory}: there is no such directory")
    if is_yolo(directory):
        names = class_names(directory) or classes
        if names is None:
            raise LabelsError(
                f"{directory}: nothing names its classes: add classes.txt, a name a line in the order of the indices"
            )
        return read_yolo(directory, names, name)
    files = sorted({*directory.glob("annotations/*.json"), *directory.glob("result.json")})
    if len(files) == 1:
        return read_coco(files[0], name or directory.name)
    if files:
        raise LabelsError(f"{directory}: it has {len(files)} COCO files; name one: {', '.join(map(str, files))}")
    raise LabelsError(
        f"{directory}: it holds no labels: images/ and labels/ (YOLO), obj_train_data/ (CVAT's YOLO),"
        " annotations/*.json or result.json (COCO) are understood"
    )

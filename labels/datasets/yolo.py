"""YOLO text labels: a line for each box: ``class cx cy w h``, relative; or ``class x1 y1 x2 y2 x3 y3 …``, an outline.

``images/`` and ``labels/`` lie side by side, as Label Studio and CVAT's "Ultralytics YOLO" export them; or each label
file lies beside its picture, as in the folders ``obj_train_data`` of CVAT's "YOLO 1.1"."""

from collections.abc import Sequence
from pathlib import Path

import cv2

from labels.datasets.records import Box, LabelsError, Picture, PictureSet

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
SLACK = 0.02
"""How far a label may reach out of its picture: tools round, and some draw over the edge. It is cut off."""


def read_yolo(directory: Path, classes: Sequence[str], name: str = "") -> PictureSet:
    """The pictures under ``directory/images`` with the labels under ``directory/labels``, or each beside the other.

    classes: the names of the set's classes in the order of their indices. A picture whose label file is empty shows
    nothing; one without a label file was not labelled and is left out. Raises ``LabelsError``.
    """
    pictures = []
    for path, label in _pairs(directory):
        if label.is_file():
            pictures.append(Picture(path, picture_size(path), tuple(read_labels(label, classes))))
    return PictureSet(name or directory.name, tuple(classes), tuple(pictures))


def label_of(picture: Path) -> Path:
    """Where the labels of a picture in ``images/`` are."""
    return picture.parent.with_name("labels") / f"{picture.stem}.txt"


def link_pictures(pictures: Sequence[Picture], directory: Path) -> None:
    """The same pictures with their label files as a set of links under ``directory``; those that are there stay.

    Raises ``LabelsError`` where two pictures have one name.
    """
    for picture in pictures:
        for kind, file in (("images", picture.path), ("labels", label_of(picture.path))):
            link = directory / kind / file.name
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(file.resolve())
            elif link.resolve() != file.resolve():
                raise LabelsError(f"{file}: {directory} has another picture of this name, {link.resolve()}")


def is_yolo(directory: Path) -> bool:
    """Whether it looks like a set in this form."""
    return (directory / "labels").is_dir() or bool(_beside(directory))


def _pairs(directory: Path) -> list[tuple[Path, Path]]:
    """Each picture with where its label file would be."""
    if beside := _beside(directory):
        return [(path, path.with_suffix(".txt")) for folder in beside for path in _pictures(folder)]
    images, labels = directory / "images", directory / "labels"
    for folder in (images, labels):
        if not folder.is_dir():
            raise LabelsError(f"{directory}: it has no folder '{folder.name}': a YOLO set has images/ and labels/")
    return [(path, (labels / path.relative_to(images)).with_suffix(".txt")) for path in _pictures(images)]


def _beside(directory: Path) -> list[Path]:
    return sorted(folder for folder in directory.glob("obj_*_data") if folder.is_dir())


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)


def read_labels(file: Path, classes: Sequence[str]) -> list[Box]:
    """The boxes of one label file. Raises ``LabelsError`` naming file and line."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise LabelsError(f"{file}: it is no text") from None
    return [_box(f"{file}:{number}", line, classes) for number, line in enumerate(lines, 1) if line.strip()]


def write_yolo(directory: Path, pictures: Sequence[Picture], classes: Sequence[str]) -> None:
    """Writes ``directory/labels`` for the pictures, and links or copies nothing: see ``labels.datasets.export``.

    Raises ``LabelsError`` for a box of a class that is not among ``classes``.
    """
    (directory / "labels").mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        text = "".join(_line(box, classes, picture.path) for box in picture.boxes)
        (directory / "labels" / f"{picture.path.stem}.txt").write_text(text, encoding="utf-8")


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, as the picture is shown. Raises ``LabelsError`` where it cannot be read."""
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise LabelsError(f"{path}: it cannot be read as a picture")
    height, width = picture.shape[:2]
    return width, height


def _box(where: str, line: str, classes: Sequence[str]) -> Box:
    try:
        number, *values = (float(word) for word in line.split())
    except ValueError:
        raise LabelsError(f"{where}: {line.strip()!r}: a label is numbers: class cx cy w h") from None
    if number != int(number) or not 0 <= number < len(classes):
        raise LabelsError(f"{where}: class {number:g}: allowed are 0 to {len(classes) - 1} ({', '.join(classes)})")
    if len(values) == 4:
        cx, cy, w, h = values
        xs, ys = [cx - w / 2, cx + w / 2], [cy - h / 2, cy + h / 2]
    elif len(values) >= 6 and len(values) % 2 == 0:
        xs, ys = values[::2], values[1::2]
    else:
        raise LabelsError(f"{where}: {len(values)} numbers after the class: 4 (cx cy w h) or pairs of an outline")
    if not all(-SLACK <= v <= 1 + SLACK for v in (*xs, *ys)):
        raise LabelsError(f"{where}: {line.strip()!r} reaches out of the picture: values are relative, 0 to 1")
    xs, ys = [min(max(x, 0.0), 1.0) for x in xs], [min(max(y, 0.0), 1.0) for y in ys]
    outline = tuple(zip(xs, ys, strict=True)) if len(values) > 4 else ()
    return Box(classes[int(number)], (min(xs), min(ys), max(xs), max(ys)), outline)


def _line(box: Box, classes: Sequence[str], path: Path) -> str:
    if box.cls not in classes:
        raise LabelsError(f"{path}: a box of {box.cls!r}: the classes to write are {', '.join(classes)}")
    if box.outline:
        values = [v for point in box.outline for v in point]
    else:
        x1, y1, x2, y2 = box.xyxy
        values = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
    return " ".join([str(classes.index(box.cls)), *(f"{v:.6f}" for v in values)]) + "\n"

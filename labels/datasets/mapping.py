"""A picture set in its own classes, told in ours."""

from dataclasses import replace

from labels.datasets.records import Box, LabelsError, Picture, PictureSet
from labels.source_classes import SourceClasses


def to_ours(pictures: PictureSet, source: SourceClasses) -> PictureSet:
    """Boxes of our keys; what the source ignores becomes ignored regions; look-alikes are kept apart, by our key.

    Raises ``LabelsError`` for a class that the source does not know.
    """
    unknown = [cls for cls in pictures.classes if cls not in source.key_of]
    if unknown:
        raise LabelsError(f"{pictures.name}: {source.name!r} does not know its classes {', '.join(unknown)}")
    keys = tuple(dict.fromkeys(key for key in source.key_of.values() if key))
    mapped = tuple(_picture(picture, source) for picture in pictures.pictures)
    return PictureSet(pictures.name, keys, mapped, source.licence, pictures.notes)


def _picture(picture: Picture, source: SourceClasses) -> Picture:
    boxes: list[Box] = []
    for box in picture.boxes:
        if (key := source.key_of[box.cls]) is not None:
            boxes.append(replace(box, cls=key))
    alike = (replace(b, cls=source.look_alike_of[b.cls]) for b in picture.boxes if b.cls in source.look_alike_of)
    ignored = (box.xyxy for box in picture.boxes if box.cls in source.ignored)
    return replace(
        picture,
        boxes=tuple(boxes),
        look_alikes=(*picture.look_alikes, *alike),
        ignore=(*picture.ignore, *ignored),
        labelled=source.labelled,
    )

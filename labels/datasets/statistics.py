"""What a set holds, in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labels.datasets.records import PictureSet


@dataclass(frozen=True, slots=True)
class ClassStatistics:
    """One class. pictures: that show it. width: the 5th, 50th and 95th percentile of the width of its boxes, as part of
    the picture's width; None without boxes."""

    boxes: int
    pictures: int
    width: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """empty: pictures without a box. ignored: regions that neither teach nor count. look_alikes: by the key that they
    look like. sizes: how many pictures have which width and height, most frequent first."""

    name: str
    licence: str | None
    pictures: int
    empty: int
    ignored: int
    classes: dict[str, ClassStatistics]
    look_alikes: dict[str, int]
    sizes: dict[tuple[int, int], int]


def statistics(pictures: PictureSet) -> Statistics:
    """Counts everything in a set, mapped or not."""
    widths: dict[str, list[float]] = {cls: [] for cls in pictures.classes}
    shown: dict[str, int] = dict.fromkeys(pictures.classes, 0)
    alike: dict[str, int] = {}
    sizes: dict[tuple[int, int], int] = {}
    for picture in pictures.pictures:
        for box in picture.boxes:
            widths.setdefault(box.cls, []).append(box.xyxy[2] - box.xyxy[0])
        for cls in {box.cls for box in picture.boxes}:
            shown[cls] = shown.get(cls, 0) + 1
        for box in picture.look_alikes:
            alike[box.cls] = alike.get(box.cls, 0) + 1
        sizes[picture.size] = sizes.get(picture.size, 0) + 1
    return Statistics(
        name=pictures.name,
        licence=pictures.licence,
        pictures=len(pictures.pictures),
        empty=sum(not picture.boxes for picture in pictures.pictures),
        ignored=sum(len(picture.ignore) for picture in pictures.pictures),
        classes={cls: ClassStatistics(len(of), shown[cls], _percentiles(of)) for cls, of in widths.items()},
        look_alikes=alike,
        sizes=dict(sorted(sizes.items(), key=lambda item: -item[1])),
    )


def _percentiles(widths: Sequence[float]) -> tuple[float, float, float] | None:
    if not widths:
        return None
    low, middle, high = np.percentile(widths, (5, 50, 95))
    return float(low), float(middle), float(high)

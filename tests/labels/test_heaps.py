"""Bags that touch are one heap."""

from pathlib import Path

from labels.datasets.heaps import join_touching
from labels.datasets.records import Box, Picture, Xyxy

KEY = "exposed_garbage"


def heap_of(*boxes: Xyxy, other: tuple[Box, ...] = ()) -> list[Xyxy]:
    picture = Picture(Path("x"), (100, 100), (*other, *(Box(KEY, b) for b in boxes)))
    return sorted(b.xyxy for b in join_touching(picture, KEY).boxes if b.cls == KEY)


def test_bags_that_touch_are_one_heap_also_through_a_third() -> None:
    left, right, bridge = (0.1, 0.5, 0.2, 0.6), (0.3, 0.5, 0.4, 0.6), (0.2, 0.5, 0.3, 0.55)
    assert heap_of(left, right) == [left, right]
    assert heap_of(left, right, bridge) == [(0.1, 0.5, 0.4, 0.6)]


def test_things_of_another_class_are_not_joined() -> None:
    bin_ = Box("bin", (0.1, 0.1, 0.3, 0.3))
    assert heap_of((0.2, 0.2, 0.4, 0.4), other=(bin_,)) == [(0.2, 0.2, 0.4, 0.4)]


def test_a_picture_without_bags_stays_as_it_is() -> None:
    assert heap_of() == []

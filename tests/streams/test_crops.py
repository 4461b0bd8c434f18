"""The model's input, and the way back from its pixels to the picture."""

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.crops import PADDING, Cropper, InputShape, Tiles
from streams.frame import Picture, Region

BOX = (0.25, 0.25, 0.5, 0.75)


def picture(size: tuple[int, int]) -> av.VideoFrame:
    """Grey, with a red box."""
    width, height = size
    canvas = np.full((height, width, 3), 60, np.uint8)
    x1, y1, x2, y2 = (round(v * s) for v, s in zip(BOX, (width, height, width, height), strict=True))
    canvas[y1:y2, x1:x2] = (255, 0, 0)
    return av.VideoFrame.from_ndarray(canvas, format="rgb24")


def red_box(crop: Picture, r: Region) -> tuple[float, ...]:
    rows, columns = np.nonzero((crop[..., 0] > 150) & (crop[..., 1] < 40))
    xs, ys = (columns.min(), columns.max() + 1), (rows.min(), rows.max() + 1)
    return (
        xs[0] * r.scale_x + r.offset_x,
        ys[0] * r.scale_y + r.offset_y,
        xs[1] * r.scale_x + r.offset_x,
        ys[1] * r.scale_y + r.offset_y,
    )


@settings(max_examples=40)
@given(
    st.tuples(st.integers(64, 400), st.integers(64, 400)),
    st.sampled_from([(160, 160), (160, 96), (96, 160)]),
    st.booleans(),
    st.sampled_from([Fraction(1), Fraction(4, 3), Fraction(3, 4)]),
)
def test_a_box_in_the_crop_is_the_box_in_the_picture(
    size: tuple[int, int], target: tuple[int, int], stretch: bool, aspect: Fraction
) -> None:
    (crop,), (region,) = Cropper(InputShape((target,), stretch)).crops(picture(size), aspect)
    assert crop.shape == (target[1], target[0], 3)
    assert crop.dtype == np.uint8
    assert red_box(crop, region) == pytest.approx(BOX, abs=2 * max(region.scale_x, region.scale_y) + 2 / min(size))


def test_what_lies_beside_a_letterboxed_picture_is_padding() -> None:
    (crop,), (region,) = Cropper(InputShape(((160, 160),))).crops(picture((320, 160)), Fraction(1))
    assert (crop[:40] == PADDING).all()
    assert (crop[120:] == PADDING).all()
    assert not (crop[40:120] == PADDING).all(axis=2).any()
    assert region == Region(1 / 160, 1 / 80, 0.0, -0.5)


def test_the_size_that_keeps_most_detail_is_chosen() -> None:
    shape = InputShape(((640, 640), (640, 384), (384, 640)))
    assert shape.best((1920, 1080)) == (640, 384)
    assert shape.best((1080, 1920)) == (384, 640)
    assert shape.best((1000, 1000)) == (640, 640)
    assert InputShape(((640, 640), (640, 384)), stretch=True).best((1920, 1080)) == (640, 640)


@pytest.mark.parametrize("tiles", [Tiles(2, 1), Tiles(3, 2, 0.0), Tiles(2, 2, 0.5)])
def test_tiles_cover_the_picture_and_know_where_they_lie(tiles: Tiles) -> None:
    crops, regions = Cropper(InputShape(((160, 96),)), tiles).crops(picture((640, 384)), Fraction(1))
    assert len(crops) == 1 + tiles.columns * tiles.rows
    covered = np.zeros((100, 100), bool)
    for crop, r in zip(crops[1:], regions[1:], strict=True):
        assert crop.shape == (96, 160, 3)
        x1, y1 = r.offset_x, r.offset_y
        x2, y2 = x1 + 160 * r.scale_x, y1 + 96 * r.scale_y
        covered[int(y1 * 100) : round(y2 * 100 + 0.5), int(x1 * 100) : round(x2 * 100 + 0.5)] = True
        if x1 <= BOX[0] and y1 <= BOX[1] and x2 >= BOX[2] and y2 >= BOX[3]:
            assert red_box(crop, r) == pytest.approx(BOX, abs=0.02)
    assert covered.all()


def test_tiles_of_a_picture_in_another_shape_are_padded_rather_than_distorted() -> None:
    crops, regions = Cropper(InputShape(((160, 96),)), Tiles(2, 1)).crops(picture((192, 320)), Fraction(1))
    assert {c.shape for c in crops} == {(96, 160, 3)}
    for crop, r in zip(crops, regions, strict=True):
        assert r.scale_x / r.scale_y == pytest.approx(320 / 192, rel=0.03)
        assert red_box(crop, r) == pytest.approx(BOX, abs=0.05)

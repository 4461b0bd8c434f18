"""A thing that the border of a tile cuts is one box; what no border cuts is as it was."""

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streams.crops import Cropper, InputShape, Tiles
from streams.frame import Frame, Region, ViewKey
from vision.boxes import covered, iou
from vision.parts import BORDER_PX
from vision.picture import to_picture

KEYS = ("motor_vehicle_parking", "person")
INPUT = (384, 224)
SMALLEST_PX = 10
"""Of a thing in a crop: what a detector finds at all."""


def frame_of(columns: int, rows: int, overlap: float | None = None) -> Frame:
    """A picture in the shape of the grid, so that tiles share as much as was asked for. No overlap: without tiles."""
    width, height = 480 * columns, 270 * rows
    street = av.VideoFrame.from_ndarray(np.full((height, width, 3), 90, np.uint8), format="rgb24")
    tiles = None if overlap is None else Tiles(columns, rows, overlap)
    crops, regions = Cropper(InputShape((INPUT,)), tiles).crops(street, Fraction(1))
    return Frame(ViewKey("c", "home"), 0.0, None, None, 0.0, (width, height), crops, regions, None)


GRIDS = [(2, 1, 0.2), (2, 2, 0.2), (3, 2, 0.0), (2, 2, 0.5), (4, 1, 0.1)]
FRAMES = {grid: frame_of(*grid) for grid in GRIDS}
HALVES = FRAMES[2, 1, 0.2]
WHOLE = frame_of(1, 1)


def in_crop(thing: tuple[float, ...], region: Region) -> np.ndarray:
    scale = np.array([region.scale_x, region.scale_y] * 2)
    return (np.array(thing[:4]) - [region.offset_x, region.offset_y] * 2) / scale


def seen(things: list[tuple[float, ...]], frame: Frame, blind: tuple[int, ...] = ()) -> list[np.ndarray]:
    """What a detector without fault says of each crop: every thing, cut to it, unless the crop is ``blind``."""
    boxes = []
    for number, region in enumerate(frame.regions):
        rows = [(*in_crop(t, region).clip(0, [*INPUT, *INPUT]), *t[4:]) for t in things]
        rows = [r for r in rows if r[2] - r[0] >= 1 and r[3] - r[1] >= 1 and number not in blind]
        boxes.append(np.array(rows, np.float32).reshape(-1, 6))
    return boxes


def found(things: list[tuple[float, ...]], frame: Frame, blind: tuple[int, ...] = ()) -> np.ndarray:
    return to_picture(seen(things, frame, blind), frame, KEYS).xyxy


def thing(smallest: float, largest: float) -> st.SearchStrategy[tuple[float, ...]]:
    """A box anywhere in the picture with sides of these parts of it, of score 0.8."""
    side, place = st.floats(smallest, largest), st.floats(0, 1)
    return st.builds(
        lambda w, h, x, y: (x * (1 - w), y * (1 - h), x * (1 - w) + w, y * (1 - h) + h, 0.8, 0),
        side,
        side,
        place,
        place,
    )


def as_without_tiles(rows: np.ndarray) -> np.ndarray:
    """The rule for boxes that no border cuts, spelt out: best first, no second box of a better one of its class."""
    kept: list[np.ndarray] = []
    for row in rows[np.argsort(-rows[:, 4], kind="stable")]:
        for better in kept:
            a, b = row[None, :4], better[None, :4]
            overlap, inside = iou(a, b).item(), max(covered(a, b).item(), covered(b, a).item())
            if row[5] == better[5] and (overlap > 0.6 or (inside > 0.9 and overlap > 0.5)):
                break
        else:
            kept.append(row)
    return np.array(kept).reshape(-1, 6)


@given(st.sampled_from(GRIDS), thing(0.06, 0.9))
def test_a_thing_seen_by_the_whole_picture_and_in_parts_by_tiles_is_one_box(grid, thing):
    boxes = found([thing], FRAMES[grid])
    assert boxes == pytest.approx(np.array([thing[:4]]), abs=1e-4)


@given(st.sampled_from(GRIDS), thing(0.06, 0.9))
def test_a_thing_that_only_tiles_see_in_parts_is_put_together(grid, thing):
    for region in FRAMES[grid].regions:
        assume(all(abs(gap) > BORDER_PX + 1 for gap in in_crop(thing, region) - [0, 0, *INPUT]))
        assume(all(abs(gap) > BORDER_PX + 1 for gap in in_crop(thing, region) - [*INPUT, 0, 0]))
    boxes = found([thing], FRAMES[grid], blind=(0,))
    assert boxes == pytest.approx(np.array([thing[:4]]), abs=1e-4)


@given(
    st.sampled_from(GRIDS),
    thing(0.12, 0.6),
    st.lists(st.floats(-0.05, 0.05), min_size=40, max_size=40),
)
def test_parts_that_are_not_drawn_exactly_are_still_no_second_box(grid, thing, off):
    """Each side that ends by itself is off by up to a twentieth of the thing, in every crop by another one.

    A part of less than a fifth of the thing is none: so far off, it may lie beside the thing. What only one tile sees,
    as a part, is nothing yet.
    """
    frame, boxes = FRAMES[grid], []
    for number, region in enumerate(frame.regions):
        sides = np.array([thing[2] - thing[0], thing[3] - thing[1]] * 2)
        shifted = np.array(thing[:4]) + sides * [off[(4 * number + i) % len(off)] for i in range(4)]
        box = in_crop(tuple(shifted), region).clip(0, [*INPUT, *INPUT])
        whole = in_crop(tuple(shifted), region)
        least = np.maximum(SMALLEST_PX, (whole[2:] - whole[:2]) / 5)
        large = (box[2:] - box[:2] >= least).all()
        boxes.append(np.array([(*box, 0.8, 0)] if large else [], np.float32).reshape(-1, 6))
    found = len(to_picture(boxes, frame, KEYS))
    assert found == 1 if len(boxes[0]) else found <= 1


@given(st.sampled_from([g for g in GRIDS if g[1] == 1]), thing(0.1, 0.4), st.floats(0, 0.3), st.booleans())
def test_two_vehicles_one_behind_the_other_stay_two_though_a_border_cuts_both(grid, near, gap, whole_sees):
    height = near[3] - near[1]
    far = (near[0], near[1] - gap - height, near[2], near[1] - gap, *near[4:])
    assume(far[1] >= 0)
    assert len(found([near, far], FRAMES[grid], blind=() if whole_sees else (0,))) == 2


def test_vehicles_parked_nose_to_tail_at_a_border_stay_two():
    frame = FRAMES[2, 2, 0.2]
    left_tile_ends = INPUT[0] * frame.regions[1].scale_x
    gap = (BORDER_PX + 1) * frame.regions[1].scale_x
    ahead = (left_tile_ends - 0.1, 0.1, left_tile_ends - gap, 0.2, 0.8, 0)
    behind = (left_tile_ends + gap, 0.1, left_tile_ends + 0.1, 0.2, 0.7, 0)
    assert len(found([ahead, behind], frame)) == 2


@given(st.sampled_from(GRIDS), st.data())
def test_boxes_that_end_by_themselves_are_treated_as_without_tiles(grid, data):
    frame, boxes, mapped = FRAMES[grid], [], []
    inside = st.tuples(*[st.floats(BORDER_PX + 1, side - BORDER_PX - 1, width=32) for side in INPUT * 2])
    row = st.tuples(inside, st.floats(0.0625, 1, width=32), st.sampled_from([0, 1]))
    for region in frame.regions:
        drawn = data.draw(st.lists(row, max_size=6))
        rows = np.array([(*box, score, cls) for box, score, cls in drawn], np.float32).reshape(-1, 6)
        rows = rows[(rows[:, 2] - rows[:, 0] > 1) & (rows[:, 3] - rows[:, 1] > 1)]
        boxes.append(rows)
        there = rows.astype(np.float64)
        there[:, [0, 2]] = (there[:, [0, 2]] * region.scale_x + region.offset_x).clip(0, 1)
        there[:, [1, 3]] = (there[:, [1, 3]] * region.scale_y + region.offset_y).clip(0, 1)
        mapped.append(there[(there[:, 2] - there[:, 0] > 1e-5) & (there[:, 3] - there[:, 1] > 1e-5)])
    expected = as_without_tiles(np.concatenate(mapped))
    got = to_picture(boxes, frame, KEYS)
    assert (got.xyxy == expected[:, :4].astype(np.float32)).all()
    assert (got.score == expected[:, 4].astype(np.float32)).all()


PIXEL = st.floats(-20, 404, width=32)


@given(st.lists(st.tuples(PIXEL, PIXEL, PIXEL, PIXEL, st.floats(0.0625, 1, width=32), st.sampled_from([0, 1]))))
def test_without_tiles_no_box_is_a_part_wherever_it_ends(rows):
    boxes = np.array(rows, np.float32).reshape(-1, 6)
    (region,) = WHOLE.regions
    mapped = boxes.astype(np.float64)
    mapped[:, [0, 2]] = (mapped[:, [0, 2]] * region.scale_x + region.offset_x).clip(0, 1)
    mapped[:, [1, 3]] = (mapped[:, [1, 3]] * region.scale_y + region.offset_y).clip(0, 1)
    mapped = mapped[(mapped[:, 2] - mapped[:, 0] > 1e-5) & (mapped[:, 3] - mapped[:, 1] > 1e-5)]
    expected = as_without_tiles(mapped)
    got = to_picture([boxes], WHOLE, KEYS)
    assert (got.xyxy == expected[:, :4].astype(np.float32)).all()
    assert (got.score == expected[:, 4].astype(np.float32)).all()


def rows(*boxes: tuple[float, ...]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 6)


def cut_by_the_left_tile(thing: tuple[float, ...], score: float, cls: int = 0) -> list[np.ndarray]:
    """What the left of two tiles sees of a thing, while nobody else sees anything."""
    box = in_crop(thing, HALVES.regions[1]).clip(0, [*INPUT, *INPUT])
    return [rows(), rows((*box, score, cls)), rows()]


def by_the_whole_picture(thing: tuple[float, ...], score: float, cls: int = 0) -> np.ndarray:
    return rows((*in_crop(thing, HALVES.regions[0]), score, cls))


TRUCK, ITS_CAB = (0.3, 0.2, 0.9, 0.6), (0.45, 0.4, 0.9, 0.58)


def test_a_part_that_shows_the_same_raises_the_score_of_the_whole():
    _, *tiles = cut_by_the_left_tile(TRUCK, 0.7)
    found = to_picture([by_the_whole_picture(TRUCK, 0.2), *tiles], HALVES, KEYS)
    assert found.xyxy == pytest.approx(np.array([TRUCK]), abs=1e-5)
    assert found.score == pytest.approx([0.7])


def test_a_cab_cut_off_a_truck_is_the_truck_and_says_nothing_of_its_score():
    _, *tiles = cut_by_the_left_tile(ITS_CAB, 0.7)
    found = to_picture([by_the_whole_picture(TRUCK, 0.6), *tiles], HALVES, KEYS)
    assert found.xyxy == pytest.approx(np.array([TRUCK]), abs=1e-5)
    assert found.score == pytest.approx([0.6])


def test_a_part_that_nobody_else_bears_out_is_not_believed():
    assert len(to_picture(cut_by_the_left_tile(TRUCK, 0.7), HALVES, KEYS)) == 0


def test_two_boxes_of_one_tile_do_not_bear_each_other_out():
    whole, left, right = cut_by_the_left_tile(TRUCK, 0.7)
    again = left * [1.02, 1, 1, 1, 0.9, 1]
    assert len(to_picture([whole, np.concatenate([left, again.astype(np.float32)]), right], HALVES, KEYS)) == 0


def test_a_vehicle_cut_by_a_border_is_no_part_of_the_person_before_it():
    _, *tiles = cut_by_the_left_tile(TRUCK, 0.7)
    person = (0.4, 0.2, 0.7, 0.62)
    everything = np.concatenate([by_the_whole_picture(person, 0.6, 1), by_the_whole_picture(TRUCK, 0.3)])
    found = to_picture([everything, *tiles], HALVES, KEYS)
    assert found.cls.tolist() == [0, 1]
    assert found.score == pytest.approx([0.7, 0.6])

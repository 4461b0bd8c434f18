"""From crops' boxes to the picture's: mapped, merged, one for each thing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.frame import Frame, Region, ViewKey
from vision.picture import above, to_picture

KEYS = ("motor_vehicle_parking", "person")
WHOLE = Region(1 / 640, 1 / 384, 0.0, 0.0)


def frame(*regions: Region) -> Frame:
    noise = np.random.default_rng(0).integers(0, 255, (384, 640, 3), np.uint8)
    return Frame(ViewKey("c", "home"), 0.0, None, None, 0.0, (1920, 1080), (noise,) * len(regions), regions, None)


def rows(*boxes):
    return np.array(boxes, np.float32).reshape(-1, 6)


def test_boxes_become_relative_to_the_picture_whatever_the_letterbox():
    letterboxed = Region(1 / 640, 1 / 360, 0.0, -12 / 360)
    (box,) = to_picture([rows((64, 12 + 36, 128, 12 + 72, 0.9, 0))], frame(letterboxed), KEYS).xyxy
    assert np.allclose(box, (0.1, 0.1, 0.2, 0.2), atol=1e-6)


def test_a_thing_seen_in_the_whole_and_in_a_tile_is_one():
    tile = Region(1 / 1280, 1 / 768, 0.25, 0.25)
    whole = rows((192, 115.2, 256, 153.6, 0.6, 0))
    again = rows(((0.3 - 0.25) * 1280, (0.3 - 0.25) * 768, (0.4 - 0.25) * 1280, (0.4 - 0.25) * 768, 0.8, 0))
    found = to_picture([whole, again], frame(WHOLE, tile), KEYS)
    assert len(found) == 1
    assert np.isclose(found.score[0], 0.8)


def test_a_box_nested_in_another_of_its_class_is_the_same_thing():
    found = to_picture([rows((100, 100, 300, 200, 0.7, 0), (105, 102, 240, 198, 0.5, 0))], frame(WHOLE), KEYS)
    assert len(found) == 1


def test_a_person_before_a_vehicle_stays():
    found = to_picture([rows((100, 100, 300, 200, 0.7, 0), (150, 90, 190, 200, 0.5, 1))], frame(WHOLE), KEYS)
    assert len(found) == 2


def test_neighbours_in_perspective_stay_two():
    found = to_picture([rows((100, 100, 300, 200, 0.7, 0), (200, 90, 400, 190, 0.6, 0))], frame(WHOLE), KEYS)
    assert len(found) == 2


def test_nothing_seen_is_an_empty_list():
    found = to_picture([rows()], frame(WHOLE), KEYS)
    assert len(found) == 0
    assert above(found, dict.fromkeys(KEYS, 0.1)).shape == (0,)


PIXEL = st.floats(-50, 700, width=32)
ROW = st.tuples(PIXEL, PIXEL, PIXEL, PIXEL, st.floats(0.0625, 1, width=32), st.sampled_from([0, 1]))


@given(st.lists(ROW))
def test_whatever_the_detector_says_boxes_lie_in_the_picture_best_first(boxes):
    found = to_picture([rows(*boxes)], frame(WHOLE), KEYS)
    assert (found.xyxy >= 0).all()
    assert (found.xyxy <= 1).all()
    assert (found.xyxy[:, :2] < found.xyxy[:, 2:]).all()
    assert (np.diff(found.score) <= 0).all()
    assert np.isfinite(found.descriptor).all() if len(found) else True

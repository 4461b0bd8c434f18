"""The quick ways of comparing boxes say the same as the plain one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vision.boxes import Boxes, areas, covered, iou, paired_cover, paired_iou
from vision.duplicates import distinct

SIDES = st.tuples(*[st.floats(0, 0.8)] * 2, *[st.floats(0, 0.2)] * 2)
BOXES = st.lists(SIDES, min_size=1, max_size=6).map(
    lambda rows: np.array([[x, y, x + w, y + h] for x, y, w, h in rows])
)


@given(BOXES, BOXES)
def test_all_pairs_one_pair_and_row_by_row_agree(a: Boxes, b: Boxes) -> None:
    every, cover = iou(a, b), covered(a, b)
    for i, left in enumerate(a):
        for j, right in enumerate(b):
            width = max(0.0, min(left[2], right[2]) - max(left[0], right[0]))
            height = max(0.0, min(left[3], right[3]) - max(left[1], right[1]))
            union = np.prod(left[2:] - left[:2]) + np.prod(right[2:] - right[:2]) - width * height
            expected = width * height / max(union, 1e-12)
            assert np.isclose(every[i, j], expected)
            assert np.isclose(paired_iou(left[None], right[None])[0], expected)
            assert np.isclose(paired_cover(left[None], right[None])[0], cover[i, j])
    assert ((cover >= 0) & (cover <= 1 + 1e-9)).all()


def test_an_inverted_box_has_no_area() -> None:
    assert areas(np.array([[0.5, 0.5, 0.4, 0.9], [0.1, 0.1, 0.3, 0.2]])).tolist() == [0.0, np.float64(0.3 - 0.1) * 0.1]


def test_of_several_boxes_of_one_thing_the_best_stays() -> None:
    car, again, whole = [0.1, 0.1, 0.3, 0.3], [0.105, 0.1, 0.3, 0.3], [0.1, 0.1, 0.31, 0.31]
    boxes = np.array([car, again, [0.6, 0.6, 0.8, 0.8], whole])
    assert distinct(boxes, np.zeros(4, int)) == [0, 2]
    assert distinct(boxes, np.array([0, 1, 0, 2])) == [0, 1, 2, 3]


def test_what_duplicates_only_a_dropped_box_stays() -> None:
    row = np.array([[x, 0.1, x + 0.2, 0.3] for x in (0.1, 0.14, 0.18)])
    assert distinct(row, np.zeros(3, int)) == [0, 2]

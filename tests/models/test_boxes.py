"""Of several boxes of one thing the best stays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.boxes import SCORE_FLOOR, Rows, iou_matrix, suppress, tidy

side = st.integers(0, 20)


@st.composite
def crowds(draw: st.DrawFn) -> Rows:
    """Up to 30 boxes of two classes that overlap a lot, best first."""
    count = draw(st.integers(0, 30))
    corner = draw(arrays(np.float32, (count, 2), elements=side.map(float)))
    size = draw(arrays(np.float32, (count, 2), elements=side.map(float)))
    cls = draw(arrays(np.float32, (count, 1), elements=st.sampled_from([0.0, 1.0])))
    score = np.linspace(0.9, 0.1, count, dtype=np.float32)[:, None]
    return np.concatenate([corner, corner + size, score, cls], axis=1)


@given(crowds())
def test_no_two_boxes_of_one_class_that_stay_overlap_too_much(rows: Rows) -> None:
    stay = suppress(rows, 0.5)
    overlap = iou_matrix(stay[:, :4]) * (stay[:, None, 5] == stay[None, :, 5])
    assert (np.triu(overlap, 1) <= 0.5).all()


@given(crowds())
def test_every_box_that_goes_has_a_better_one_of_its_class_that_stays(rows: Rows) -> None:
    stay = suppress(rows, 0.5)
    gone = [row for row in rows if not (stay == row).all(1).any()]
    for row in gone:
        better = stay[(stay[:, 4] > row[4]) & (stay[:, 5] == row[5])]
        assert (iou_matrix(np.concatenate([row[None], better])[:, :4])[0, 1:] > 0.5).any()


def test_a_rider_and_the_motorcycle_under_her_both_stay() -> None:
    rows = np.array([[10, 10, 40, 90, 0.9, 0], [10, 12, 40, 92, 0.8, 1]], np.float32)
    assert len(suppress(rows)) == 2
    assert len(suppress(rows, across_classes=True)) == 1


def test_touching_cars_in_a_row_all_stay() -> None:
    rows = np.array([[x, 10, x + 30, 30, 0.9 - x / 1000, 0] for x in (0, 20, 40, 60)], np.float32)
    assert len(suppress(rows)) == 4


def test_empty_boxes_overlap_nothing() -> None:
    assert not iou_matrix(np.array([[5, 5, 5, 9], [5, 5, 5, 9]], np.float32)).any()


def test_tidy_cuts_to_the_crop_and_leaves_out_padding_and_noise() -> None:
    rows = np.array([[-5, 2, 50, 99, 0.5, 0], [0] * 6, [1, 1, 9, 9, 0.049, 0], [1, 1, 9, 9, 0.9, 1]], np.float32)
    tidied = tidy(rows, 40, 30)
    assert tidied.tolist() == [
        [1, 1, 9, 9, np.float32(0.9), 1],
        [0, 2, 40, 30, 0.5, 0],
    ]
    assert (tidied[:, 4] >= SCORE_FLOOR).all()
    assert tidy(rows, 40, 30, 0.049)[:, 4].tolist() == pytest.approx([0.9, 0.5, 0.049])

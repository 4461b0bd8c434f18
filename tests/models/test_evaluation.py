"""The figures of a detector: the same as the reference program's, and in plain cases what anybody would count."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.datasets.records import Box, LabelsError, Picture
from models.evaluation.average_precision import ap50_interval, average_precision
from models.evaluation.by_size import by_size
from models.evaluation.confusion import confusion
from models.evaluation.empties import empty_pictures, false_boxes
from models.evaluation.examined import Examined, as_found, examine
from models.evaluation.figures import labelled_keys, measure
from models.evaluation.matching import IOUS, covered, iou, match
from models.evaluation.operating_point import choose, operating_point
from models.evaluation.ranking import rank
from models.evaluation.reliability import reliability

BIN, FULL, HEAP, CAR = "bin", "overflowing_bin", "exposed_garbage", "motor_vehicle_parking"
KEYS = (BIN, FULL, HEAP, CAR)
SIDE = 1000
"""Pictures are squares of so many pixels, so that a test can speak in pixels."""

Pixels = tuple[float, float, float, float]
LEFT: Pixels = (100, 100, 200, 200)
RIGHT: Pixels = (500, 100, 600, 200)
FAR: Pixels = (800, 800, 900, 900)
NOWHERE = np.zeros((0, 4))


def relative(box: Pixels) -> Pixels:
    x1, y1, x2, y2 = (v / SIDE for v in box)
    return x1, y1, x2, y2


def street(
    truth: Sequence[tuple[str, Pixels]] = (),
    found: Sequence[tuple[str, Pixels, float]] = (),
    *,
    ignore: Sequence[Pixels] = (),
    alike: Sequence[tuple[str, Pixels]] = (),
    labelled: Sequence[str] = (BIN, FULL, HEAP),
    scene: str = "",
    name: str = "street",
) -> Examined:
    """A picture with its labels, and what a model found in it."""
    picture = Picture(
        Path(f"{name}.webp"),
        (SIDE, SIDE),
        tuple(Box(key, relative(box)) for key, box in truth),
        scene,
        tuple(relative(box) for box in ignore),
        tuple(Box(key, relative(box)) for key, box in alike),
        frozenset(labelled),
    )
    rows = np.array([[*box, score, KEYS.index(key)] for key, box, score in found]).reshape(-1, 6)
    return Examined(picture, (SIDE, SIDE), as_found(rows, KEYS))


# --- average precision -----------------------------------------------------------------------------------------------


def test_average_precision_is_what_the_reference_program_computes() -> None:
    """``coco_case.json`` holds eight pictures with crowds, double boxes and misses, and pycocotools' ten figures."""
    case = json.loads(Path(__file__).with_name("coco_case.json").read_text(encoding="utf-8"))
    pictures = [
        street(
            [(BIN, tuple(box)) for box in p["truth"]],
            [(BIN, tuple(row[:4]), row[4]) for row in p["found"]],
            ignore=[tuple(box) for box in p["crowd"]],
            name=str(i),
        )
        for i, p in enumerate(case["pictures"])
    ]
    assert average_precision(rank(pictures, BIN)) == pytest.approx(case["ap_at_iou"], abs=1e-9)


AP_CASES = [
    # everything found, nothing else
    ([(BIN, LEFT, 0.9), (BIN, RIGHT, 0.8)], 1.0),
    # a false box below the right ones costs nothing
    ([(BIN, LEFT, 0.9), (BIN, RIGHT, 0.8), (BIN, FAR, 0.7)], 1.0),
    # one of two found: recalls 0 to 0.50 are reached, 51 of 101
    ([(BIN, LEFT, 0.9)], 51 / 101),
    # a false box first halves the precision, then two of three are right, and that is the best from the first recall on
    ([(BIN, FAR, 0.9), (BIN, LEFT, 0.8), (BIN, RIGHT, 0.7)], 2 / 3),
    # the second box on one bin is false: recalls to 0.50 at 1, the others at 2 of 3
    ([(BIN, LEFT, 0.9), (BIN, LEFT, 0.8), (BIN, RIGHT, 0.7)], (51 + 50 * 2 / 3) / 101),
    # boxes of another class do not count
    ([(FULL, LEFT, 0.9)], 0.0),
    ([], 0.0),
]


@pytest.mark.parametrize(("found", "expected"), AP_CASES)
def test_average_precision_of_two_bins(found: list[tuple[str, Pixels, float]], expected: float) -> None:
    ap = average_precision(rank([street([(BIN, LEFT), (BIN, RIGHT)], found)], BIN))
    assert ap == pytest.approx([expected] * len(IOUS))


def test_a_loose_box_counts_at_half_overlap_and_not_at_nine_tenths() -> None:
    loose = (100, 100, 200, 160)  # 60 of 100 rows: IoU 0.6
    ap = average_precision(rank([street([(BIN, LEFT)], [(BIN, loose, 0.9)])], BIN))
    assert ap.tolist() == pytest.approx([1, 1, 1, 0, 0, 0, 0, 0, 0, 0])


def test_what_lies_where_nothing_is_known_is_neither_right_nor_wrong() -> None:
    ranking = rank([street([(BIN, LEFT)], [(BIN, RIGHT, 0.9), (BIN, LEFT, 0.8)], ignore=[(450, 50, 700, 300)])], BIN)
    assert average_precision(ranking)[0] == pytest.approx(1.0)
    assert operating_point(ranking, 0.5).precision == 1.0


def test_a_box_on_a_look_alike_is_wrong() -> None:
    ranking = rank([street([(BIN, LEFT)], [(BIN, RIGHT, 0.9), (BIN, LEFT, 0.8)], alike=[(BIN, RIGHT)])], BIN)
    assert operating_point(ranking, 0.5).precision == 0.5


def test_a_label_without_weight_only_marks_what_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), np.zeros((SIDE, SIDE, 3), np.uint8))
    boxes = (Box(BIN, relative(LEFT)), Box(BIN, relative(RIGHT), weight=0.0))
    picture = Picture(path, (SIDE, SIDE), boxes, labelled=frozenset({BIN}))
    rows = np.array([[*LEFT, 0.9, 0], [*RIGHT, 0.8, 0]])
    (seen,) = examine([picture], lambda _: rows, KEYS)
    figures = measure(rank([seen], BIN), 0.5)
    assert (figures.boxes, figures.precision, figures.recall) == (1, 1.0, 1.0)


def test_a_class_whose_labels_are_partial_has_a_recall_and_no_precision() -> None:
    seen = [street([(CAR, LEFT)], [(CAR, LEFT, 0.9), (CAR, RIGHT, 0.8)], labelled=[BIN])]
    figures = measure(rank(seen, CAR), 0.5)
    assert (figures.recall, figures.precision, figures.ap50, figures.ci95) == (1.0, None, None, None)


def test_a_class_that_the_model_does_not_know_is_not_found() -> None:
    figures = measure(rank([street([(HEAP, LEFT)])], HEAP), None).to_dict()
    assert figures == {
        "ap50": 0.0, "ap": 0.0, "ci95": [0.0, 0.0], "boxes": 1, "precision": None, "recall": 0.0, "threshold": None,
    }  # fmt: skip


def test_the_classes_of_a_set_are_those_that_it_shows() -> None:
    assert labelled_keys([street([(HEAP, LEFT)]), street([(BIN, LEFT), (HEAP, FAR)])]) == [HEAP, BIN]


# --- matching --------------------------------------------------------------------------------------------------------


def test_the_better_box_gets_the_thing_and_the_next_one_gets_what_is_left() -> None:
    truth = np.array([LEFT, (150, 100, 250, 200)], float)
    found = np.array([(120, 100, 220, 200), LEFT], float)
    assert match(found, truth, NOWHERE, IOUS[:1]).truth[0].tolist() == [0, -1]  # greedy, as COCO: no better pairing


sides = st.integers(1, 40)
box = st.tuples(st.integers(0, 60), st.integers(0, 60), sides, sides).map(lambda b: (*b[:2], b[0] + b[2], b[1] + b[3]))
boxes = st.lists(box, max_size=8).map(lambda found: np.array(found, float).reshape(-1, 4))


@given(boxes, boxes, boxes)
def test_nothing_is_found_twice_and_a_stricter_overlap_never_finds_more(
    found: np.ndarray, truth: np.ndarray, ignore: np.ndarray
) -> None:
    matched = match(found, truth, ignore)
    overlap = iou(found, truth)
    for level, row in zip(IOUS, matched.truth, strict=True):
        given_away = row[row >= 0]
        assert len(set(given_away.tolist())) == len(given_away)
        assert all(overlap[i, t] >= level for i, t in enumerate(row.tolist()) if t >= 0)
    assert not (matched.ignored & (matched.truth >= 0)).any()
    if len(found) and len(ignore):
        assert covered(found, ignore).max() <= 1.0 + 1e-12


# --- how sure the figures are ----------------------------------------------------------------------------------------


def half_found(pictures: int, scenes: int) -> list[Examined]:
    return [
        street([(BIN, LEFT)], [(BIN, LEFT, 0.9)] if i % 2 else [], scene=f"place {i % scenes}", name=str(i))
        for i in range(pictures)
    ]


def test_the_interval_holds_the_figure_and_is_the_same_every_time() -> None:
    ranking = rank(half_found(40, 40), BIN)
    low, high = ap50_interval(ranking)
    assert low < average_precision(ranking)[0] < high
    assert ap50_interval(ranking) == (low, high)


def test_more_streets_narrow_the_interval_and_more_pictures_of_the_same_streets_do_not() -> None:
    def width(pictures: int, scenes: int) -> float:
        low, high = ap50_interval(rank(half_found(pictures, scenes), BIN))
        return high - low

    assert width(160, 160) < 0.7 * width(40, 40)
    assert width(160, 40) > 0.9 * width(40, 40)


def test_a_round_that_draws_no_bin_is_left_out() -> None:
    seen = [street([(BIN, LEFT)], [(BIN, LEFT, 0.9)], name="with"), street(name="without")]
    assert ap50_interval(rank(seen, BIN)) == (1.0, 1.0)


# --- thresholds ------------------------------------------------------------------------------------------------------


def scored(*scores: tuple[float, bool], missed: int = 0) -> list[Examined]:
    """A picture for each found box, which is right or wrong, and for each missed bin."""
    seen = [
        street([(BIN, LEFT)] if right else [], [(BIN, LEFT, score)], name=str(i))
        for i, (score, right) in enumerate(scores)
    ]
    return seen + [street([(BIN, LEFT)], name=f"missed {i}") for i in range(missed)]


def test_precision_and_recall_are_of_the_boxes_that_reach_the_threshold() -> None:
    ranking = rank(scored((0.9, True), (0.8, False), (0.5, True), (0.3, True), missed=1), BIN)
    point = operating_point(ranking, 0.5)
    assert (point.precision, point.recall) == (pytest.approx(2 / 3), 0.5)
    assert operating_point(ranking, 0.95).precision is None


def test_the_lowest_threshold_with_the_precision_is_chosen_and_keep_lies_below_it() -> None:
    wrong = [(0.205, False)] * 10
    ranking = rank(scored(*[(0.805, True)] * 9, (0.705, False), *[(0.405, True)] * 5, *wrong), BIN)
    chosen = choose(ranking, precision=0.9)
    assert chosen.reached
    assert chosen.start.threshold == 0.21  # from here on 14 of 15 are right
    assert chosen.keep.threshold == 0.21  # 14 of 25 are too few
    assert choose(ranking, precision=0.9, keep_precision=0.5).keep.threshold == 0.05


def test_a_precision_that_no_score_has_is_said() -> None:
    chosen = choose(rank(scored((0.9, False), (0.6, True)), BIN), precision=0.9)
    assert not chosen.reached
    assert chosen.start.precision == 0.5


def test_a_start_that_finds_next_to_nothing_is_not_chosen_for_its_precision() -> None:
    right, wrong = [(0.605, True)] * 8, [(0.605, False)] * 2
    chosen = choose(rank(scored((0.905, True), *right, *wrong), BIN), precision=0.9)  # 1 of 1, or 9 of 11
    assert (chosen.start.threshold, chosen.reached) == (0.05, False)
    assert choose(rank(scored((0.905, True), missed=9), BIN), precision=0.9).start.recall == pytest.approx(0.1)


def test_a_model_that_finds_nothing_gets_thresholds_that_open_nothing() -> None:
    chosen = choose(rank([street([(BIN, LEFT)])], BIN))
    assert (chosen.reached, chosen.start.recall) == (False, 0.0)


def test_thresholds_are_not_chosen_where_wrong_boxes_cannot_be_told() -> None:
    with pytest.raises(ValueError, match="every instance is labelled"):
        choose(rank([street([(CAR, LEFT)], labelled=[BIN])], CAR))


def test_scores_that_mean_what_they_say_have_no_calibration_error() -> None:
    honest = rank(scored(*[(0.75, True)] * 3, (0.75, False)), BIN)
    assert reliability(honest).ece == pytest.approx(0.0)
    boastful = reliability(rank(scored(*[(0.95, True)] * 1, (0.95, False)), BIN))
    assert boastful.ece == pytest.approx(0.45)
    assert [(b.low, b.boxes, b.precision) for b in boastful.bins] == [(0.9, 2, 0.5)]
    assert reliability(rank([street()], BIN)).ece is None


# --- what is taken for what ------------------------------------------------------------------------------------------

USED = dict.fromkeys(KEYS, 0.5)

CONFUSIONS = [
    # a bin found as a bin
    (street([(BIN, LEFT)], [(BIN, LEFT, 0.9)]), {BIN: {BIN: 1}}),
    # an overflowing bin taken for a bin
    (street([(FULL, LEFT)], [(BIN, LEFT, 0.9)]), {FULL: {BIN: 1}}),
    # found as what it is, and as something else too
    (street([(FULL, LEFT)], [(FULL, LEFT, 0.9), (BIN, LEFT, 0.6)]), {FULL: {BIN: 1, FULL: 1}}),
    # below the threshold is not found
    (street([(BIN, LEFT)], [(BIN, LEFT, 0.4)]), {BIN: {"missed": 1}}),
    # bare background, a look-alike, a second box
    (street((), [(HEAP, FAR, 0.9)]), {"background": {HEAP: 1}}),
    (street((), [(HEAP, FAR, 0.9)], alike=[(HEAP, FAR)]), {"look-alike of exposed_garbage": {HEAP: 1}}),
    (
        street([(BIN, LEFT)], [(BIN, LEFT, 0.9), (BIN, (100, 100, 200, 190), 0.8)]),
        {BIN: {BIN: 1}, "already found": {BIN: 1}},
    ),
    # a car beside the bin: the set does not label cars, so nobody knows
    (street((), [(CAR, FAR, 0.9)]), {}),
    (street((), [(HEAP, FAR, 0.9)], ignore=[FAR]), {}),
]


@pytest.mark.parametrize(("seen", "counts"), CONFUSIONS)
def test_what_is_taken_for_what(seen: Examined, counts: dict[str, dict[str, int]]) -> None:
    assert confusion([seen], USED).counts == counts


# --- sizes and empty streets -----------------------------------------------------------------------------------------


def test_sizes_are_those_of_a_full_hd_picture() -> None:
    """A picture 1000 pixels high: 40 of them are 43 where the camera has 1080."""
    small: Pixels = (10, 10, 50, 30)
    seen = [street([(BIN, small), (BIN, LEFT)], [(BIN, small, 0.9), (BIN, FAR, 0.8)])]
    rows = {r.size: r for r in by_size(seen, BIN, 0.5)}
    assert (rows["32-64"].boxes, rows["32-64"].recall, rows["32-64"].precision) == (1, 1.0, 1.0)
    assert (rows["64-128"].boxes, rows["64-128"].recall, rows["64-128"].precision) == (1, 0.0, 0.0)
    assert (rows["below 32"].boxes, rows["below 32"].recall, rows["below 32"].precision) == (0, None, None)


def test_false_boxes_are_told_per_thousand_empty_pictures() -> None:
    quiet, wrong = street().found, street((), [(HEAP, FAR, 0.9), (HEAP, LEFT, 0.3)]).found
    figures = false_boxes([quiet] * 9 + [wrong], {HEAP: 0.5, BIN: 0.5})
    assert (figures[HEAP].boxes, figures[HEAP].per_thousand) == (1, pytest.approx(100.0))
    assert figures[HEAP].ci95[0] == 0.0 < 100.0 < figures[HEAP].ci95[1]
    assert (figures[BIN].boxes, figures[BIN].ci95) == (0, (0.0, 0.0))


def test_a_folder_without_pictures_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="it holds no picture"):
        empty_pictures(tmp_path)
    with pytest.raises(LabelsError, match="no such directory"):
        empty_pictures(tmp_path / "gone")

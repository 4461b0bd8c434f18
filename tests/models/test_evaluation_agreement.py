"""Two models on the same pictures: what is found again, and which disagreements a person gets to see."""

import numpy as np

from models.evaluation.agreement import Side, compare, sample
from models.evaluation.close_up import CAPTION, COLUMNS, SIDE, close_up, sheets

CAR = "motor_vehicle_parking"
STREET = np.full((200, 400, 3), 90, np.uint8)
PLACES = [(20.0 + 90 * i, 50.0, 80.0 + 90 * i, 110.0) for i in range(4)]


def model(*boxes: tuple[int, float]) -> Side:
    """A model that finds cars at some of the places, each with a score."""
    rows = np.array([[*PLACES[place], score, 0] for place, score in boxes]).reshape(-1, 6)
    return Side(lambda _: rows, (CAR,), {CAR: 0.4}, {CAR: 0.2})


def test_a_sure_box_of_the_reference_counts_as_found_from_the_models_keep_score_on() -> None:
    reference = model((0, 0.9), (1, 0.6), (2, 0.5), (3, 0.49))
    found, pictures, _ = compare([("a", STREET), ("b", STREET)], reference, model((0, 0.8), (1, 0.2), (2, 0.19)), [CAR])
    assert (pictures, found[CAR].boxes, found[CAR].found, found[CAR].recall) == (2, 6, 4, 4 / 6)


def test_both_kinds_of_disagreement_are_kept() -> None:
    _, _, disagreements = compare([("a", STREET)], model((0, 0.9), (1, 0.9)), model((0, 0.9), (2, 0.4)), [CAR])
    assert [(d.kind, d.xyxy) for d in disagreements] == [("reference only", PLACES[1]), ("model only", PLACES[2])]


def test_what_one_is_sure_of_and_the_other_half_sees_is_no_disagreement() -> None:
    _, _, disagreements = compare([("a", STREET)], model((0, 0.2)), model((0, 0.9)), [CAR])
    assert disagreements == []


def test_a_model_that_does_not_know_the_class_finds_none() -> None:
    nothing = Side(lambda _: np.zeros((0, 6)), ("bin",), {"bin": 0.4}, {"bin": 0.2})
    found, _, _ = compare([("a", STREET)], model((0, 0.9)), nothing, [CAR])
    assert (found[CAR].boxes, found[CAR].found) == (1, 0)


def test_people_judge_as_many_of_one_kind_as_of_the_other_while_there_are_any() -> None:
    pictures = [(str(i), STREET) for i in range(10)]
    _, _, many = compare(pictures, model((0, 0.9), (1, 0.9)), model((2, 0.9)), [CAR])
    kinds = [d.kind for d in sample(many, 12)]
    assert (kinds.count("reference only"), kinds.count("model only")) == (6, 6)
    kinds = [d.kind for d in sample(many, 26)]
    assert (kinds.count("reference only"), kinds.count("model only")) == (16, 10)
    assert len(sample(many, 100)) == 30
    assert [d.name for d in sample(many, 12)] == [d.name for d in sample(many, 12)]


def test_a_close_up_shows_the_box_in_its_middle_even_at_the_edge_of_the_picture() -> None:
    street = STREET.copy()
    street[0:40, 0:40] = (0, 255, 0)
    shown = close_up(street, (0.0, 0.0, 40.0, 40.0))
    assert shown.shape == (SIDE, SIDE, 3)
    assert shown[SIDE // 2, SIDE // 2].tolist() == [0, 255, 0]
    assert shown[2, 2].max() < 60  # beyond the picture


def test_sheets_hold_twenty_five_close_ups_each() -> None:
    shown = close_up(STREET, PLACES[0])
    pages = sheets([(shown, "1 reference only", CAR)] * 27)
    assert [page.shape for page in pages] == [
        (5 * (SIDE + CAPTION), COLUMNS * SIDE, 3),
        (SIDE + CAPTION, COLUMNS * SIDE, 3),
    ]

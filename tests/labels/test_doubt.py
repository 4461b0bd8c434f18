"""What a person should label next: what the model is unsure of, each thing once."""

import numpy as np
import pytest

from labels.datasets.records import Xyxy
from labels.flywheel.doubt import Doubt, Proposal, Proposals, Sighting, flickers, unsure

START, KEEP = {"car": 0.4, "bin": 0.4}, {"car": 0.2, "bin": 0.2}
HERE, THERE = (0.1, 0.1, 0.3, 0.3), (0.6, 0.6, 0.8, 0.8)


def sighting(score: float = 0.9, xyxy: Xyxy = HERE, key: str = "car", look: int = 0) -> Sighting:
    return Sighting(key, score, xyxy, np.eye(8, dtype=np.float32)[look])


@pytest.mark.parametrize(("score", "amount"), [(0.4, 1.0), (0.3, 0.5), (0.5, 0.5), (0.2, None), (0.61, None)])
def test_a_box_is_doubtful_around_the_score_at_which_it_begins_to_count(score: float, amount: float | None) -> None:
    found = unsure([sighting(score)], START, KEEP)
    assert [d.amount for d in found] == ([] if amount is None else [pytest.approx(amount)])


def test_a_car_that_is_missed_in_one_picture_and_back_in_the_next_flickers() -> None:
    (doubt,) = flickers([sighting()], [], [sighting()], START, KEEP)
    assert (doubt.reason, doubt.sighting.xyxy) == ("flicker", HERE)


@pytest.mark.parametrize(
    ("now", "after"),
    [
        ([sighting(0.25)], [sighting()]),
        ([], []),
        ([], [sighting(xyxy=THERE)]),
        ([], [sighting(key="bin")]),
        ([], [sighting(0.3)]),
    ],
    ids=["weak but there", "gone", "drove on", "something else came", "not sure afterwards"],
)
def test_what_is_still_seen_or_has_gone_does_not_flicker(now: list[Sighting], after: list[Sighting]) -> None:
    assert flickers([sighting()], now, after, START, KEEP) == []


def propose(proposals: Proposals[str], name: str, scene: str, amount: float, seen: Sighting) -> None:
    doubt = Doubt("unsure", amount, seen)
    if proposals.wants(scene, doubt):
        proposals.add(Proposal(scene, doubt, name))


def test_a_car_that_stands_all_day_is_proposed_once_at_its_most_doubtful() -> None:
    proposals: Proposals[str] = Proposals(10)
    for i, amount in enumerate([0.3, 0.9, 0.5]):
        propose(proposals, f"{i}", "gate", amount, sighting(look=i))
    assert [p.payload for p in proposals.best()] == ["1"]


def test_the_same_thing_under_two_cameras_is_proposed_once_and_another_one_beside_it() -> None:
    proposals: Proposals[str] = Proposals(10)
    propose(proposals, "a", "gate", 0.9, sighting(look=1))
    propose(proposals, "b", "bridge", 0.8, sighting(xyxy=THERE, look=1))
    propose(proposals, "c", "bridge", 0.7, sighting(xyxy=THERE, look=2))
    assert [p.payload for p in proposals.best()] == ["a", "c"]


def test_cars_leave_room_for_the_only_doubtful_bin() -> None:
    proposals: Proposals[str] = Proposals(3)
    for i in range(5):
        propose(proposals, f"car {i}", f"camera {i}", 0.9 - i / 100, sighting(look=i))
    propose(proposals, "bin", "camera 0", 0.1, sighting(key="bin", look=7))
    assert [p.payload for p in proposals.best()] == ["car 0", "bin", "car 1"]


def test_no_more_are_kept_than_were_asked_for_and_the_most_doubtful_stay() -> None:
    proposals: Proposals[str] = Proposals(2)
    for i, amount in enumerate([0.1, 0.5, 0.3, 0.7]):
        propose(proposals, f"{i}", f"camera {i}", amount, sighting(look=i))
    assert [p.payload for p in proposals.best()] == ["3", "1"]

"""The benchmark of stopped vehicles: it says nothing of a picture that it could only know later."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.recorded_stops import Sequence, read_sequences
from benchmarks.stopped_vehicles import Score, cross_validated, reported, score

BOX = np.array([100.0, 300, 160, 350])


def recording(places: dict[int, np.ndarray], truth: dict[int, np.ndarray], last: int = 300) -> Sequence:
    """One vehicle seen at these places from 1 to ``last``, each from the frame that it is given for."""
    rows = []
    for frame in range(1, last + 1):
        begun = [n for n in places if n <= frame]
        if begun:
            rows.append([frame, *places[max(begun)], 0.9])
    true = {n: truth[max(b for b in truth if b <= n)] for n in range(min(truth), last + 1)} if truth else {}
    return Sequence("made", "K1", np.array(rows), {0: true} if true else {})


def test_a_stop_is_found_after_its_dwell_and_counts_once():
    sequence = recording({100: BOX}, {100: BOX})
    rows = reported(sequence, dwell_s=5.0)
    found = score(sequence, rows)
    assert (found.tp, found.missed, found.fp) == (1, 0, 0)
    assert 50 <= found.latencies[0] <= 70


def test_what_is_reported_where_nothing_is_true_is_false_and_a_true_stop_elsewhere_missed():
    sequence = recording({1: BOX}, {1: BOX + 200})
    found = score(sequence, reported(sequence, dwell_s=5.0))
    assert (found.tp, found.missed, found.fp) == (0, 1, 1)


@pytest.mark.shared
def test_what_is_reported_of_a_picture_depends_on_no_later_one(shared: Path):
    every = read_sequences(shared / "data/stopped_vehicle_events.tar.xz")
    assert len(every) == 213
    for sequence in (s for s in every if s.name in ("04-23_12_K295_2652", "04-19_09_K287_1345")):
        whole = reported(sequence, dwell_s=5.0)
        assert len(whole)
        for last in (200, 450):
            some = Sequence(sequence.name, sequence.camera, sequence.detections[sequence.detections[:, 0] <= last])
            np.testing.assert_array_equal(reported(some, dwell_s=5.0), whole[whole[:, 0] <= last])


@pytest.mark.shared
def test_crawling_and_parked_vehicles_of_two_cameras_are_found(shared: Path):
    every = {s.name: s for s in read_sequences(shared / "data/stopped_vehicle_events.tar.xz")}
    for name in ("04-23_12_K295_2652", "05-20_15_K204_118", "04-12_09_K204_2000"):
        found = score(every[name], reported(every[name], dwell_s=5.0))
        assert (found.missed, found.fp) == (0, 0), name


def test_a_camera_is_scored_with_the_dwell_that_is_best_on_the_others():
    good, poor = Score(tp=9, missed=1, latencies=[10.0]), Score(tp=5, missed=5, latencies=[10.0])
    late = Score(tp=10, latencies=[90.0])
    by_dwell = {3.0: {"a": poor, "b": poor}, 4.0: {"a": good, "b": good}, 5.0: {"a": late, "b": late}}
    assert cross_validated(by_dwell).to_dict()["tp"] == 18
    assert cross_validated({3.0: {"a": poor, "b": good}, 4.0: {"a": good, "b": poor}}).to_dict()["tp"] == 10

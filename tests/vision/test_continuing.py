"""After a restart a scene agrees with the journal."""

from collections.abc import Sequence

import pytest

from tests.vision.street import Seen, scene, watch
from vision.continuing import agree
from vision.records import Event
from vision.scene import Scene

CAR = Seen((400, 500, 640, 660))
VAN = Seen((1200, 500, 1440, 660))


def by_id(events: Sequence[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.id, []).append(event)
    return found


def parked(until_s: int, *things: Seen) -> tuple[Scene, dict[str, list[Event]]]:
    there = scene(dwell_s=30, absence_s=20)
    return there, by_id(watch(there, ((t, things) for t in range(0, until_s, 2))))


def test_what_only_the_journal_knows_stands_there_again_and_is_not_opened_twice() -> None:
    _, events = parked(60, CAR)
    (id,) = events
    again = scene(dwell_s=30, absence_s=20)
    assert agree(again, events) == 1
    later = watch(again, ((t, [CAR]) for t in range(70, 200, 2)))
    assert {e.kind for e in later} == {"extended"}
    assert {e.id for e in later} == {id}


def test_what_left_while_nobody_looked_is_cleared() -> None:
    _, events = parked(60, CAR)
    again = scene(dwell_s=30, absence_s=20)
    agree(again, events)
    (cleared,) = watch(again, ((t, [VAN]) for t in range(70, 96, 2)))
    assert (cleared.kind, cleared.id) == ("cleared", next(iter(events)))
    assert cleared.violation.cleared_s == pytest.approx(70)


def test_a_candidate_that_was_confirmed_after_the_snapshot_is_that_violation() -> None:
    before, none = parked(20, CAR)
    assert not none
    _, events = parked(60, CAR)
    assert agree(before, events) == 1
    assert len(before.tracker.tracks) == 1
    assert not [e for e in watch(before, ((t, [CAR]) for t in range(62, 120, 2))) if e.kind == "opened"]


def test_what_the_journal_knows_to_be_over_is_no_anchor() -> None:
    there, events = parked(60, CAR)
    gone = watch(there, ((t, []) for t in range(60, 100, 2)))
    assert [e.kind for e in gone][-1] == "cleared"
    old, _ = parked(60, CAR)
    (history,) = events.values()
    assert agree(old, by_id([*history, *gone])) == 0
    assert old.tracker.tracks == []


def test_what_the_journal_has_archived_is_over() -> None:
    there, _ = parked(60, CAR)
    assert agree(there, {}) == 0
    assert there.tracker.tracks == []


def test_other_views_and_types_nobody_looks_for_are_left_alone() -> None:
    _, events = parked(60, CAR)
    again = scene()
    del again.rules.types["motor_vehicle_parking"]
    assert agree(again, events) == 0

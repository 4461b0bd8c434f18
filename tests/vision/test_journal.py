"""What was confirmed is written once, whatever crashes, fills up or is told again."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.journal import Journal, JournalProblem, read_events
from vision.records import SCHEMA_VERSION, Event, EventKind, Place, Violation

CAR = Violation(
    id="car", camera_id="湖滨南路 12", view_id="home", key="motor_vehicle_parking",
    onset=datetime(2026, 5, 1, tzinfo=UTC), confirmed_at=None, cleared_at=None,
    onset_s=2.0, confirmed_s=302.0, cleared_s=None, xyxy=(0.1, 0.4, 0.3, 0.7), size=(1920, 1080),
    place=Place(24.48, 118.08, 7.5), score=0.81, sightings=150, proven=True,
)  # fmt: skip


def told(kind: EventKind, id: str = "car", camera_id: str = CAR.camera_id, sightings: int = 150) -> Event:
    return Event(SCHEMA_VERSION, kind, 0, replace(CAR, id=id, camera_id=camera_id, sightings=sightings), "m", "r", "c")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def test_an_event_comes_back_as_it_was(path: Path) -> None:
    event, new = Journal(path).append(told("opened"))
    assert new
    assert list(read_events(path)) == [event]


def test_the_events_of_one_violation_are_counted_from_zero(path: Path) -> None:
    journal = Journal(path)
    for event in (
        told("opened"),
        told("opened", "van"),
        told("extended", sightings=200),
        told("cleared", sightings=220),
    ):
        journal.append(event)
    assert [(e.id, e.kind, e.seq) for e in read_events(path)] == [
        ("car", "opened", 0),
        ("van", "opened", 0),
        ("car", "extended", 1),
        ("car", "cleared", 2),
    ]


def test_what_is_told_again_after_a_restart_is_not_written_again_and_keeps_its_number(path: Path) -> None:
    first = Journal(path)
    for event in (told("opened"), told("extended", sightings=200), told("cleared", sightings=220)):
        first.append(event)
    before = path.read_bytes()
    again = Journal(path)
    assert again.append(told("extended", sightings=200))[1] is False
    cleared, new = again.append(told("cleared", sightings=220))
    assert (cleared.seq, new) == (2, False)
    assert path.read_bytes() == before


def test_a_longer_stay_is_written(path: Path) -> None:
    journal = Journal(path)
    journal.append(told("opened"))
    assert journal.append(told("extended", sightings=151))[1]
    assert not journal.append(told("extended", sightings=151))[1]


@settings(max_examples=40)
@given(lost=st.integers(1, 300))
def test_a_line_that_a_crash_tore_is_cut_off_and_written_anew(
    tmp_path_factory: pytest.TempPathFactory, lost: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "journal.jsonl"
    journal = Journal(path)
    journal.append(told("opened"))
    whole = path.read_bytes()
    journal.append(told("cleared"))
    full = path.read_bytes()
    path.write_bytes(full[:-lost])
    again = Journal(path)
    assert path.read_bytes() == whole
    again.append(told("cleared"))
    assert path.read_bytes() == full


def test_a_full_disk_leaves_the_journal_as_it_was_and_names_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path)
    journal.append(told("opened"))
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left on device") as raised:
            journal.append(told("cleared"))
    assert raised.value.filename == str(path)
    assert path.read_bytes() == before
    assert journal.append(told("cleared")) == (told("cleared").with_seq(1), True)


def test_a_camera_scored_anew_leaves_the_journal_and_stays_readable_beside_it(path: Path) -> None:
    journal = Journal(path)
    for event in (told("opened"), told("opened", "van", "yard"), told("cleared")):
        journal.append(event)
    assert journal.of_camera(CAR.camera_id) == ["car"]
    journal.forget(CAR.camera_id)
    assert [e.id for e in read_events(path)] == ["van"]
    assert [e.kind for e in read_events(path.with_name("superseded.jsonl"))] == ["opened", "cleared"]
    assert [v.id for v in Journal(path).violations()] == ["van"]
    assert journal.append(told("opened")) == (told("opened"), True)


def test_violations_are_what_their_last_event_knows(path: Path) -> None:
    journal = Journal(path)
    journal.append(told("opened"))
    last, _ = journal.append(told("cleared", sightings=220))
    assert journal.violations() == [last.violation]


@pytest.mark.parametrize("line", [b"{}", b"[1]", b"null", b"\xff\xfe", b'{"schema_version": 99}', b"opened"])
def test_a_line_that_is_no_event_is_named(path: Path, line: bytes) -> None:
    Journal(path).append(told("opened"))
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(JournalProblem, match=r"journal\.jsonl:2: not an event of this program"):
        Journal(path)


def before(month: int) -> Callable[[Violation], bool]:
    return lambda v: v.cleared_at is not None and v.cleared_at < datetime(2026, month, 1, tzinfo=UTC)


def test_what_is_long_over_moves_to_the_journal_of_its_month_and_nothing_is_lost(path: Path) -> None:
    journal = Journal(path)
    march, april = datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 4, 6, tzinfo=UTC)
    for id, cleared in (("old", march), ("older", march), ("newer", april), ("open", None)):
        journal.append(told("opened", id))
        if cleared is not None:
            event = told("cleared", id)
            journal.append(replace(event, violation=replace(event.violation, cleared_at=cleared)))
    assert journal.archive(before(3)) == 0
    assert journal.archive(before(4)) == 2
    assert set(journal.events) == set(Journal(path).events) == {"newer", "open"}
    archived = list(read_events(path.with_name("journal-2026-03.jsonl")))
    assert [(e.id, e.kind) for e in archived] == [
        ("old", "opened"), ("old", "cleared"), ("older", "opened"), ("older", "cleared"),
    ]  # fmt: skip
    assert journal.archive(before(5)) == 1
    assert set(journal.events) == {"open"}
    assert [v.id for v in Journal(path).archived()] == ["old", "older", "newer"]

"""The journal: events appended and synced before anybody else learns of them."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from vision.durable import append_durably, naming, write_durably
from vision.records import Event, Violation


class JournalProblem(Exception):
    """A line of the journal cannot be read; the message names file and line."""


class Journal:
    """An append-only file of events, one JSON object a line.

    A scene that goes on from a snapshot tells again what it told before: an opening or clearing that the journal
    holds, or an extension that is no longer than the last one, is not appended again. A last line that a crash tore is
    cut off when the journal is opened.
    """

    def __init__(self, path: Path):
        self.path = path
        self.events: dict[str, list[Event]] = {}
        if path.exists():
            _cut_torn_line(path)
            for event in read_events(path):
                self.events.setdefault(event.id, []).append(event)

    def append(self, event: Event) -> tuple[Event, bool]:
        """Number, write and sync. Returns the event as the journal holds it and whether it was new.

        Raises ``OSError`` naming the file when the disk is full; the journal then is as it was.
        """
        before = self.events.get(event.id, [])
        known = next((known for known in before if _tells_the_same(known, event)), None)
        if known is not None:
            return known, False
        numbered = event.with_seq(len(before))
        with naming(self.path):
            append_durably(self.path, _line(numbered))
        self.events.setdefault(event.id, []).append(numbered)
        return numbered, True

    def of_camera(self, camera_id: str) -> list[str]:
        """The ids of a camera's violations."""
        return [id for id, events in self.events.items() if events[0].violation.camera_id == camera_id]

    def forget(self, camera_id: str) -> None:
        """Set a camera's events aside because it is scored anew.

        They move to ``superseded.jsonl`` beside the journal before they leave it. Raises ``OSError``.
        """
        ids = set(self.of_camera(camera_id))
        if not ids:
            return
        old = {id: events for id, events in self.events.items() if id in ids}
        kept = {id: events for id, events in self.events.items() if id not in ids}
        with naming(self.path):
            append_durably(self.path.with_name("superseded.jsonl"), _lines(old))
            write_durably(self.path, _lines(kept))
        self.events = kept

    def archive(self, over: Callable[[Violation], bool]) -> int:
        """Move what is cleared and ``over`` to ``journal-YYYY-MM.jsonl`` beside the journal, by the month it ended in.

        A journal that is appended to for years would fill memory with what nobody asks for any more. The archive is
        written first, so that a crash may leave events in both, never in none. Returns how many violations went.
        ``over``: nobody will find it again, for what is archived would then be told a second time.
        """
        old: dict[str, dict[str, list[Event]]] = {}
        for id, events in self.events.items():
            last = events[-1].violation
            if events[-1].kind == "cleared" and over(last):
                ended = last.cleared_at or last.confirmed_at
                old.setdefault("undated" if ended is None else f"{ended:%Y-%m}", {})[id] = events
        if not old:
            return 0
        gone = {id for month in old.values() for id in month}
        kept = {id: events for id, events in self.events.items() if id not in gone}
        with naming(self.path):
            for month, ended_then in sorted(old.items()):
                append_durably(self.path.with_name(f"{self.path.stem}-{month}.jsonl"), _lines(ended_then))
            write_durably(self.path, _lines(kept))
        self.events = kept
        return len(gone)

    def archived(self) -> Iterator[Violation]:
        """What was moved away, each as its last event knows it, in the order of months. Raises ``JournalProblem``."""
        for path in sorted(self.path.parent.glob(f"{self.path.stem}-*.jsonl")):
            yield from {event.id: event.violation for event in read_events(path)}.values()

    def violations(self) -> list[Violation]:
        """Each violation as its last event knows it, in the order of their onset."""
        found = [events[-1].violation for events in self.events.values()]
        return sorted(found, key=lambda v: (v.camera_id, v.onset_s, v.id))


def read_events(path: Path) -> Iterator[Event]:
    """All events of a journal. Raises ``JournalProblem``."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield Event.from_dict(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise JournalProblem(f"{path}:{number}: not an event of this program: {error}") from None


def _line(event: Event) -> bytes:
    return json.dumps(event.to_dict(), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _lines(events: dict[str, list[Event]]) -> bytes:
    return b"".join(_line(event) for history in events.values() for event in history)


def _tells_the_same(known: Event, event: Event) -> bool:
    if event.kind == "extended":
        return known.violation.sightings >= event.violation.sightings
    return known.kind == event.kind


def _cut_torn_line(path: Path) -> None:
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)

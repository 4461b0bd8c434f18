"""Events and evidence for the service that keeps the cases, wherever that is: the journal is the spool."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import structlog

from service.results import EVIDENCE, STATE
from service.worker.case_service import CaseService
from vision.durable import write_durably
from vision.journal import Journal
from vision.manifest import evidence_folder
from vision.records import Event

OVER_KEPT = 1000
FILES: Mapping[str, str] = {
    "onset.jpg": "onset",
    "trigger.jpg": "trigger",
    "clip.mp4": "clip",
    "clip.mkv": "clip",
    "clip.avi": "clip",
    "manifest.json": "manifest",
    "cleared.jpg": "cleared",
}
"""What of a sealed folder is pushed, and as what; the manifest comes last of the first record, it names the others."""

_log = structlog.get_logger("worker")


class Pusher:
    """refused: how many events and files the service did not want.

    What was pushed is noted in ``state/pushed``; what is pushed twice after a crash changes nothing there.
    """

    def __init__(self, service: CaseService, results: Path, journal: Journal):
        self.refused = 0
        self._service = service
        self._evidence = results / EVIDENCE
        self._noted = results / STATE / "pushed"
        self._journal = journal
        self._done = self._read()
        self._over: set[str] = set()
        self._stopping = False

    def stop(self) -> None:
        """``once`` returns after what it is pushing."""
        self._stopping = True

    def close(self) -> None:
        self._service.close()

    @property
    def waiting(self) -> int:
        """Events that are not pushed."""
        return sum(_name(e) not in self._done for events in list(self._journal.events.values()) for e in list(events))

    def pushed(self, id: str) -> bool:
        """Whether the service has all of a violation that is over."""
        return id in self._over

    def once(self) -> int:
        """Push what is not pushed; how many events and files were. Raises ``Away``."""
        count = 0
        for id, events in list(self._journal.events.items()):
            if id in self._over:
                continue
            for event in list(events):
                if event.kind == "cleared":  # after its picture, so that the case closes with it
                    count += self._push_files(id)
                if self._stopping:
                    return count
                if _name(event) not in self._done:
                    self._event(event)
                    count += 1
            count += self._push_files(id)
            if not self._stopping and self._is_over(id, events):
                self._over.add(id)
        if len(self._over) > OVER_KEPT:  # what was archived is asked for no more
            self._over &= self._journal.events.keys()
            self._done = {name for name in self._done if name.partition(" ")[0] in self._journal.events}
        return count

    def _push_files(self, id: str) -> int:
        count = 0
        for file in self._files(id):
            if self._stopping:
                break
            self._file(id, file)
            count += 1
        return count

    def _files(self, id: str) -> Iterator[Path]:
        """Of sealed evidence, what is not pushed."""
        folder = evidence_folder(self._evidence, id)
        if not (folder / "manifest.json").exists():
            return
        for name in FILES:
            if f"{id} {name}" not in self._done and (folder / name).exists():
                yield folder / name

    def _is_over(self, id: str, events: Sequence[Event]) -> bool:
        """A cleared picture comes before the event that it belongs to, so nothing can follow."""
        sealed = f"{id} manifest.json" in self._done
        return events[-1].kind == "cleared" and _name(events[-1]) in self._done and sealed

    def _event(self, event: Event) -> None:
        answer = self._service.ask("POST", "/events", json=event.to_dict())
        if not answer.is_success:
            self.refused += 1
            _log.error("an event is not wanted", id=event.id, kind=event.kind, answer=answer.text[:500])
        self._note(_name(event))

    def _file(self, id: str, path: Path) -> None:
        with path.open("rb") as file:
            about = {"data": {"kind": FILES[path.name]}, "files": {"file": (path.name, file)}}
            answer = self._service.ask("POST", f"/violations/{id}/evidence", **about)
        if not answer.is_success:
            self.refused += 1
            _log.error("a file is not wanted", id=id, file=path.name, answer=answer.text[:500])
        self._note(f"{id} {path.name}")

    def _note(self, what: str) -> None:
        self._done.add(what)
        with self._noted.open("a", encoding="utf-8") as out:
            out.write(what + "\n")

    def _read(self) -> set[str]:
        """What earlier processes pushed, of what the journal still holds."""
        if not self._noted.exists():
            return set()
        lines = self._noted.read_text(encoding="utf-8").splitlines()
        done = {line for line in lines if line.partition(" ")[0] in self._journal.events}
        write_durably(self._noted, "".join(f"{line}\n" for line in sorted(done)).encode())
        return done


def _name(event: Event) -> str:
    return f"{event.id} {event.kind} {event.seq}"

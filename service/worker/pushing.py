"""Events and evidence for the service that keeps the cases, wherever that is: the journal is the spool."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import structlog

from service.results import EVIDENCE, STATE
from service.worker.case_service import CaseService, Unwanted, says
from vision.durable import write_durably
from vision.journal import Journal
from vision.manifest import evidence_folder
from vision.records import Event

OVER_KEPT = 1000
AGAIN_S = 3600.0
"""After so long what was refused is tried again: mostly the service is older than the worker, and is upgraded."""
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
    """What was pushed is noted in ``state/pushed-...``, for each service by itself; what is pushed twice after a crash
    changes nothing there. again: push what is noted, too, because that service lost it.

    What the service does not want holds up nothing but its own violation. It is noted nowhere, so the next process
    tries it again as well, and it stays in the journal: nothing is lost because a service was too old to know it.
    """

    def __init__(
        self,
        service: CaseService,
        results: Path,
        journal: Journal,
        clock: Callable[[], float] = time.monotonic,
        again: bool = False,
    ):
        self._service = service
        self._evidence = results / EVIDENCE
        self._noted = results / STATE / f"pushed-{service.mark}"
        self._journal = journal
        self._clock = clock
        self._done = set() if again else self._read()
        self._refused: dict[str, float] = {}
        self._over: set[str] = set()
        self._stopping = False

    def stop(self) -> None:
        """``once`` returns after what it is pushing."""
        self._stopping = True

    def close(self) -> None:
        self._service.close()

    @property
    def waiting(self) -> int:
        """Events that are not pushed, but for what is refused and what follows a refused opening."""
        left = 0
        for events in list(self._journal.events.values()):
            names = [_name(event) for event in list(events)]
            if names[0] not in self._refused:
                left += sum(name not in self._done and name not in self._refused for name in names)
        return left

    @property
    def refused(self) -> int:
        """Events and files that the service does not want."""
        return len(self._refused)

    def pushed(self, id: str) -> bool:
        """Whether the service has all of a violation that is over."""
        return id in self._over

    def once(self) -> int:
        """Push what is not pushed; how many events and files were. Raises ``Away``."""
        count = 0
        for id, events in list(self._journal.events.items()):
            if self._stopping:
                break
            if id not in self._over:
                count += self._violation(id, list(events))
        if len(self._over) > OVER_KEPT:  # what was archived is asked for no more
            self._over &= self._journal.events.keys()
            self._done = {name for name in self._done if name.partition(" ")[0] in self._journal.events}
        return count

    def _violation(self, id: str, events: Sequence[Event]) -> int:
        count = 0
        for event in events:
            if event.kind == "cleared":  # after its picture, so that the case closes with it
                count += self._push_files(id)
            if self._stopping:
                return count
            count += self._push(_name(event), partial(self._event, event))
            if _name(events[0]) in self._refused:  # the service knows nothing that the rest could belong to
                return count
        count += self._push_files(id)
        if not self._stopping and self._is_over(id, events):
            self._over.add(id)
        return count

    def _push_files(self, id: str) -> int:
        count = 0
        for file in self._files(id):
            if self._stopping:
                break
            count += self._push(f"{id} {file.name}", partial(self._file, id, file))
        return count

    def _push(self, name: str, send: Callable[[], None]) -> bool:
        """Whether it was pushed now."""
        if name in self._done or self._clock() < self._refused.get(name, float("-inf")):
            return False
        try:
            send()
        except Unwanted as answer:
            if name not in self._refused:
                _log.error("the service does not want this", what=name, answer=str(answer))
            self._refused[name] = self._clock() + AGAIN_S
            return False
        self._note(name)
        self._refused.pop(name, None)
        return True

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
        names = {*map(_name, events), *(f"{id} {file}" for file in FILES)}
        if names & self._refused.keys():
            return False
        sealed = f"{id} manifest.json" in self._done
        return events[-1].kind == "cleared" and _name(events[-1]) in self._done and sealed

    def _event(self, event: Event) -> None:
        self._service.ask("POST", "/events", partial(says, violation_id=event.id), json=event.to_dict())

    def _file(self, id: str, path: Path) -> None:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            about = {"data": {"kind": FILES[path.name]}, "files": {"file": (path.name, file)}}
            self._service.ask("POST", f"/violations/{id}/evidence", partial(says, sha256=sha256), **about)

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

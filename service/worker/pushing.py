"""From a worker to the service that keeps the cases, wherever that is: the journal is the spool while it is away."""

import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import httpx
import structlog

from service.results import EVIDENCE, STATE
from service.worker.still_there import StillThere
from streams.frame import StillLost
from vision.durable import write_durably
from vision.journal import Journal
from vision.manifest import evidence_folder
from vision.records import Event, iso
from vision.stills import jpeg

PUSH_KEY_VARIABLE = "STREETORDER_PUSH_KEY"
TIMEOUT_S, LONGEST_S, IDLE_S, ASK_EVERY_S = 30.0, 60.0, 1.0, 5.0
NOT_WANTED, PROBLEM = frozenset({404, 409, 413, 415, 422}), "application/problem+json"
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


class Away(Exception):
    """The service cannot take it now."""


class Pusher:
    """trouble: why nothing can be pushed at present, else empty. refused: how many events the service did not want.

    What was pushed is noted in ``state/pushed``; what is pushed twice after a crash changes nothing there. still_there:
    answers what the service asks about; nobody does where left out.
    """

    def __init__(
        self,
        url: str,
        key: str,
        results: Path,
        journal: Journal,
        still_there: StillThere | None = None,
        chance: random.Random | None = None,
    ):
        self.trouble = ""
        self.refused = 0
        self._url = url.rstrip("/")
        self._client = httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_S, trust_env=False)
        self._evidence = results / EVIDENCE
        self._noted = results / STATE / "pushed"
        self._journal = journal
        self._still_there = still_there
        self._asked_at = float("-inf")
        self._chance = chance or random.Random()
        self._done = self._read()
        self._over: set[str] = set()
        self._failures = 0
        self._wake, self._stopping = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="push", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """The journal holds something new."""
        self._wake.set()

    def close(self) -> None:
        """After what is being pushed; the rest is pushed by the next process."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._client.close()

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

    def answer(self) -> None:
        """Ask what the service wants to know, and say what was seen of it. What does not get there is asked again.
        Raises ``Away``.
        """
        if self._still_there is None:
            return
        for sight in self._still_there.answers():
            try:
                picture = jpeg(sight.picture)
            except StillLost as lost:
                _log.warning("a picture of what is still there is lost", id=sight.violation_id, why=str(lost))
                continue
            about = {"data": {"seen_at": iso(sight.seen_at)}, "files": {"file": ("still.jpg", picture)}}
            answer = self._ask("POST", f"/api/v1/violations/{sight.violation_id}/still-there", **about)
            if answer.is_success:
                _log.info("still there", id=sight.violation_id)
        if time.monotonic() - self._asked_at >= ASK_EVERY_S:
            self._asked_at = time.monotonic()
            answer = self._ask("GET", "/api/v1/questions")
            asked = answer.json() if answer.is_success else []
            since = {q["violation_id"]: datetime.fromisoformat(q["since"]) for q in asked}
            self._still_there.ask({id: at for id, at in since.items() if id in self._journal.events})

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
        answer = self._ask("POST", "/api/v1/events", json=event.to_dict())
        if not answer.is_success:
            self.refused += 1
            _log.error("an event is not wanted", id=event.id, kind=event.kind, answer=answer.text[:500])
        self._note(_name(event))

    def _file(self, id: str, path: Path) -> None:
        with path.open("rb") as file:
            about = {"data": {"kind": FILES[path.name]}, "files": {"file": (path.name, file)}}
            answer = self._ask("POST", f"/api/v1/violations/{id}/evidence", **about)
        if not answer.is_success:
            self.refused += 1
            _log.error("a file is not wanted", id=id, file=path.name, answer=answer.text[:500])
        self._note(f"{id} {path.name}")

    def _ask(self, method: str, path: str, **what: object) -> httpx.Response:
        """Raises ``Away`` where it may work later; a wrong key is mended by people, and nothing is lost until then."""
        try:
            answer = self._client.request(method, self._url + path, **what)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise Away(f"{type(error).__name__}: {error}") from None
        if not answer.is_success and not _unwanted(answer):
            raise Away(f"{answer.status_code} {answer.reason_phrase}")
        return answer

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

    def _run(self) -> None:
        while not self._stopping:
            try:
                busy = self.once()
                self.answer()
                self.trouble, self._failures = "", 0
            except Exception as problem:  # Away, a full disk, an answer that is none: it is tried again, for months
                self._failures += 1
                if not self.trouble:
                    away = isinstance(problem, Away)
                    _log.warning("events wait in the journal", why=str(problem), exc_info=not away)
                self.trouble = str(problem) or type(problem).__name__
                wait_s = min(LONGEST_S, 2.0 ** min(self._failures, 10)) * self._chance.uniform(0.5, 1.0)
                self._wake.wait(wait_s) if self._stopping else self._pause(wait_s)
                continue
            if not busy:
                self._wake.wait(IDLE_S)
                self._wake.clear()

    def _pause(self, seconds: float) -> None:
        """Not woken by new events: the service is away."""
        deadline = threading.Event()
        while seconds > 0 and not self._stopping:
            deadline.wait(min(0.5, seconds))
            seconds -= 0.5


def _unwanted(answer: httpx.Response) -> bool:
    """Whether the service itself does not want it, for good; a proxy's word, or a wrong address, is no such answer."""
    return answer.status_code in NOT_WANTED and answer.headers.get("Content-Type", "").startswith(PROBLEM)


def _name(event: Event) -> str:
    return f"{event.id} {event.kind} {event.seq}"

"""Evidence of live cameras: pictures and pre-roll are on the disk before a violation counts, the post-roll follows.

Order of every confirmation: staged evidence, then the journal, then anybody else. A process that is killed at any
moment leaves either nothing, or enough to go on: ``recover`` seals what was staged as far as it came, and appends what
the journal lacks.
"""

import json
import logging
import math
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from labels.violation import ViolationType
from streams.frame import Still, StillLost
from streams.recorder import PacketSpan, Recorder
from vision.durable import naming
from vision.journal import Journal
from vision.manifest import evidence_folder
from vision.records import Event, Violation
from vision.seal import Chain
from vision.staged import CUT_SHORT, NO_MORE, Staged
from vision.stills import jpeg

GROW_S = 2.0
"""How much longer a clip is each time it is written again: so much of it a killed process loses."""
LATEST_S = 30.0
"""A camera that is gone is not waited for longer than this after the post-roll should have ended."""
RETRY_S = 5.0
"""Where the disk is full the next try comes so much later; until then nothing is confirmed, and nothing is lost."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Growing:
    """A confirmed violation whose post-roll is being recorded. staged: None until it is on the disk."""

    event: Event
    recorder: Recorder
    start_s: float
    end_s: float
    has_s: float = float("-inf")
    staged: Staged | None = None
    finished: bool = False

    def span(self) -> PacketSpan | None:
        """What is recorded of it by now."""
        return self.recorder.clip(self.start_s, self.end_s, self.event.violation.confirmed_s)


class LiveEvidence:
    """Called by the thread that runs the scenes; a thread of its own does the work, in the order of the calls.

    told: learns of an event when it is in the journal. took: is told how long each piece of work took, seconds.
    trouble: why nothing can be written at present, else empty. failures: how many pieces of work failed for another
    reason than the disk; each is in the log.
    """

    def __init__(
        self,
        folder: Path,
        chain: Chain,
        journal: Journal,
        types: Mapping[str, ViolationType],
        told: Callable[[Event], None] = lambda _: None,
        took: Callable[[float], None] = lambda _: None,
    ):
        self.folder = folder
        self.chain = chain
        self.journal = journal
        self.types = types
        self.told = told
        self.took = took
        self.trouble = ""
        self.failures = 0
        self._growing: dict[str, list[Growing]] = {}
        self._jobs: queue.SimpleQueue[tuple[str, Callable[[], None]] | None] = queue.SimpleQueue()
        self._unjournaled: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="evidence", daemon=True)

    def recover(self) -> list[str]:
        """Bring to an end what an earlier process left, and begin. Returns what was done, for people."""
        done = []
        for staged in Staged.left_in(self.folder):
            staged.measure()
            self._append(Event.from_dict(staged.record["event"]))
            staged.seal(self.chain, None, CUT_SHORT)
            done.append(f"{staged.final}: sealed as far as an earlier process came")
        for id, events in list(self.journal.events.items()):
            record = evidence_folder(self.folder, id) / "cleared.json"
            if events[-1].kind != "cleared" and record.exists():
                self._append(Event.from_dict(json.loads(record.read_bytes())["record"]["event"]))
        self._thread.start()
        return done

    # --- called by the scenes' thread ---------------------------------------------------------------------------------

    def opened(
        self, event: Event, onset: Still | None, trigger: Still, grounds: dict[str, Any], recorder: Recorder
    ) -> None:
        """A violation is confirmed: it counts as soon as this is on the disk."""
        v = event.violation
        rule = self.types[v.key].evidence
        growing = Growing(event, recorder, v.confirmed_s - rule.pre_s, v.confirmed_s + rule.post_s)
        self._growing.setdefault(v.camera_id, []).append(growing)
        recorder.keep_from_s = min(recorder.keep_from_s, growing.start_s)
        span, stills = growing.span(), {"onset.jpg": onset, "trigger.jpg": trigger}
        self._say(v.camera_id, lambda: self._begin(growing, grounds, stills, span))

    def extended(self, event: Event) -> None:
        self._say(event.violation.camera_id, lambda: self._append(event))

    def cleared(self, event: Event, picture: Still | None) -> None:
        """Gone: the picture of the empty place is sealed, then the journal says so."""
        camera_id = event.violation.camera_id
        for growing in self._growing.get(camera_id, []):
            if growing.event.id == event.id:
                self._finish(growing)
        self._say(camera_id, lambda: self._clear(event, picture))

    def advance(self, camera_id: str, now_s: float) -> None:
        """Let the clips of a camera grow up to what is recorded; seal those that are whole. now_s: elapsed seconds."""
        for growing in self._growing.get(camera_id, []):
            newest_s = growing.recorder.newest_s
            if newest_s >= growing.end_s or now_s > growing.end_s + LATEST_S:
                self._finish(growing)
            elif newest_s >= growing.has_s + GROW_S and not self.trouble:
                growing.has_s = newest_s
                self._jobs.put((camera_id, partial(self._grow, growing, growing.span())))
        now = self._growing.pop(camera_id, [])
        left = [g for g in now if not g.finished]
        for recorder in {id(g.recorder): g.recorder for g in now}.values():
            recorder.keep_from_s = min((g.start_s for g in left if g.recorder is recorder), default=math.inf)
        if left:
            self._growing[camera_id] = left

    def is_growing(self, camera_id: str) -> bool:
        """Whether a clip of the camera waits for its post-roll. May be asked by any thread."""
        return camera_id in self._growing

    @property
    def growing(self) -> list[str]:
        """The cameras of which that is so."""
        return list(self._growing)

    def settled(self, camera_id: str) -> bool:
        """Whether the journal holds all that the camera's scenes said: only then may they be saved."""
        with self._lock:
            return self._unjournaled[camera_id] == 0

    def archive(self, over: Callable[[Violation], bool]) -> None:
        """Have the journal give up what is over for good. ``over`` is asked in the thread that writes."""
        self._jobs.put(("all", lambda: self._archive(over)))

    @property
    def waiting(self) -> int:
        """Pieces of work that are not done."""
        return self._jobs.qsize()

    def leave(self, camera_id: str) -> None:
        """The camera is watched no more: its clips end here."""
        for growing in self._growing.pop(camera_id, []):
            self._finish(growing)

    def close(self) -> None:
        """Seal everything with what is recorded, and wait; what the disk does not take is left to ``recover``."""
        for camera_id in list(self._growing):
            self.leave(camera_id)
        self._closing.set()
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()

    # --- in the thread of its own -------------------------------------------------------------------------------------

    def _say(self, camera_id: str, job: Callable[[], None]) -> None:
        """Do what ends in the journal."""
        with self._lock:
            self._unjournaled[camera_id] += 1

        def counted() -> None:
            again = False
            try:
                job()
            except OSError:
                again = True  # it is tried again until it is done
                raise
            finally:
                with self._lock:
                    self._unjournaled[camera_id] -= not again

        self._jobs.put((camera_id, counted))

    def _work(self) -> None:
        while (handed_on := self._jobs.get()) is not None:
            camera_id, job = handed_on
            while not self._done(camera_id, job) and not self._closing.wait(RETRY_S):
                pass

    def _done(self, camera_id: str, job: Callable[[], None]) -> bool:
        """Whether that is dealt with; False: try again."""
        begun_s = time.perf_counter()
        try:
            job()
        except OSError as error:
            _log.error("evidence of %s cannot be written, it is tried again: %s", camera_id, error)
            self.trouble = str(error)
            return False
        except Exception:
            self.failures += 1
            _log.exception("evidence of %s failed", camera_id)
        self.trouble = ""
        self.took(time.perf_counter() - begun_s)
        return True

    def _append(self, event: Event) -> None:
        event, fresh = self.journal.append(event)
        if fresh:
            self.told(event)

    def _archive(self, over: Callable[[Violation], bool]) -> None:
        if moved := self.journal.archive(over):
            _log.info("%d violations that ended long ago went to the archive of the journal", moved)

    def _begin(
        self, growing: Growing, grounds: dict[str, Any], stills: dict[str, Still | None], span: PacketSpan | None
    ) -> None:
        if growing.event.id not in self.journal.events:  # else it is told again after a restart
            growing.staged = Staged.begin(self.folder, growing.event, grounds, stills, span)
            self._append(growing.event)

    def _grow(self, growing: Growing, span: PacketSpan | None) -> None:
        if growing.staged is not None:
            growing.staged.grow(span)

    def _finish(self, growing: Growing) -> None:
        if not growing.finished:
            growing.finished = True
            span, note = growing.span(), "" if growing.recorder.newest_s >= growing.end_s else NO_MORE
            self._jobs.put((growing.event.violation.camera_id, lambda: self._seal(growing, span, note)))

    def _seal(self, growing: Growing, span: PacketSpan | None, note: str) -> None:
        if growing.staged is not None:
            growing.staged.grow(span)
            growing.staged.seal(self.chain, span, note)

    def _clear(self, event: Event, picture: Still | None) -> None:
        final = evidence_folder(self.folder, event.id)
        if (final / "manifest.json").exists() and not (final / "cleared.json").exists():
            event = event.with_seq(len(self.journal.events.get(event.id, [])))
            record: dict[str, Any] = {"event": event.to_dict(), "notes": []}
            pictures = {}
            try:
                if picture is None:
                    raise StillLost("nobody looked when it was cleared")
                pictures["cleared.jpg"] = jpeg(picture)
            except StillLost as lost:
                record["notes"].append(f"no cleared.jpg: {lost}")
            with naming(final):
                self.chain.clear(final, record, pictures)
        self._append(event)

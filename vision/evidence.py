"""Evidence: pictures and clip of a violation, written by a thread of its own and sealed.

A violation's folder is made beside its final place and appears there only whole and sealed.
"""

import queue
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labels.violation import ViolationType
from streams.clip import ClipProblem, needs_preview, write_clip, write_preview
from streams.frame import Still, StillLost
from streams.recorder import PacketSpan, Recorder
from vision.durable import naming
from vision.manifest import evidence_folder
from vision.records import Event, iso
from vision.seal import Chain
from vision.stills import jpeg

STAGING = ".staging-"


class EvidenceFailed(Exception):
    """Evidence could not be written (mostly: the disk is full). Nothing half-written stays."""


@dataclass(slots=True)
class _Pending:
    """A confirmed violation whose post-roll has not been recorded yet."""

    event: Event
    onset: Still | None
    trigger: Still
    grounds: dict[str, Any]
    start_s: float
    end_s: float
    then: list[Callable[[], None]] = field(default_factory=list)


class EvidenceWriter:
    """Follows events and leaves one sealed folder for each violation in ``folder``.

    recorders: by camera id. Methods are called by the thread that runs the scenes; writing happens behind them.
    """

    def __init__(
        self, folder: Path, chain: Chain, types: Mapping[str, ViolationType], recorders: Mapping[str, Recorder]
    ):
        self.folder = folder
        self.chain = chain
        self.types = types
        self.recorders = recorders
        self._pending: dict[str, list[_Pending]] = {}
        self._jobs: queue.SimpleQueue[tuple[str, Callable[[], None]] | None] = queue.SimpleQueue()
        self._unfinished: Counter[str] = Counter()
        self._lock = threading.Condition()
        self._error: BaseException | None = None
        for left in folder.glob(f"{STAGING}*"):
            shutil.rmtree(left)
        self._thread = threading.Thread(target=self._work, name="evidence", daemon=True)
        self._thread.start()

    def opened(self, event: Event, onset: Still | None, trigger: Still, grounds: dict[str, Any]) -> None:
        """Evidence for a new violation: its clip is cut as soon as the post-roll is there."""
        v = event.violation
        rule = self.types[v.key].evidence
        pending = _Pending(event, onset, trigger, grounds, v.confirmed_s - rule.pre_s, v.confirmed_s + rule.post_s)
        self._pending.setdefault(v.camera_id, []).append(pending)

    def cleared(self, event: Event, picture: Still) -> None:
        """A second sealed record with the picture of the empty place."""

        def job() -> None:
            final = evidence_folder(self.folder, event.id)
            if not (final / "manifest.json").exists() or (final / "cleared.json").exists():
                return
            record: dict[str, Any] = {"event": event.to_dict(), "notes": []}
            pictures = {}
            try:
                pictures["cleared.jpg"] = jpeg(picture)
            except StillLost as lost:
                record["notes"].append(f"no cleared.jpg: {lost}")
            with naming(final):
                self.chain.clear(final, record, pictures)

        camera_id = event.violation.camera_id
        waiting = next((p for p in self._pending.get(camera_id, []) if p.event.id == event.id), None)
        if waiting is not None:
            waiting.then.append(job)
        else:
            self._submit(camera_id, job)

    def advance(self, camera_id: str, observed_s: float, ended: bool = False) -> None:
        """Cut the clips whose post-roll is recorded, and let the recorder forget what nobody needs any more."""
        recorder = self.recorders[camera_id]
        waiting = []
        for pending in self._pending.pop(camera_id, []):
            if ended or recorder.newest_s >= pending.end_s:
                span = recorder.clip(pending.start_s, pending.end_s, pending.event.violation.confirmed_s)
                self._submit(camera_id, lambda p=pending, s=span: self._publish(p, s))  # type: ignore[misc]
                for job in pending.then:
                    self._submit(camera_id, job)
            else:
                waiting.append(pending)
        if waiting:
            self._pending[camera_id] = waiting
        longest = max(t.evidence.pre_s for t in self.types.values())
        recorder.release(min([observed_s - longest, *(p.start_s for p in waiting)]))

    def forgo(self, camera_id: str) -> bool:
        """Give up what waits for its post-roll, to be asked for again by another run. Returns whether there was any."""
        return bool(self._pending.pop(camera_id, []))

    def idle(self, camera_id: str) -> bool:
        """Nothing of this camera waits for its post-roll, and everything handed on is written."""
        with self._lock:
            return camera_id not in self._pending and self._unfinished[camera_id] == 0

    def check(self) -> None:
        """Raises ``EvidenceFailed`` if writing failed since."""
        if self._error is not None:
            raise EvidenceFailed(str(self._error)) from self._error

    def flush(self) -> None:
        """Wait until everything handed on is written. Raises ``EvidenceFailed``."""
        with self._lock:
            self._lock.wait_for(lambda: self._unfinished.total() == 0)
        self.check()

    def close(self) -> None:
        self._jobs.put(None)
        self._thread.join()

    def _submit(self, camera_id: str, job: Callable[[], None]) -> None:
        with self._lock:
            self._unfinished[camera_id] += 1
        self._jobs.put((camera_id, job))

    def _work(self) -> None:
        while (handed_on := self._jobs.get()) is not None:
            camera_id, job = handed_on
            try:
                if self._error is None:
                    job()
            except Exception as error:  # the scenes' thread raises it from check()
                self._error = error
            with self._lock:
                self._unfinished[camera_id] -= 1
                self._lock.notify_all()

    def _publish(self, pending: _Pending, span: PacketSpan | None) -> None:
        final = evidence_folder(self.folder, pending.event.id)
        if (final / "manifest.json").exists():
            return  # replayed after a restart
        staging = self.folder / f"{STAGING}{pending.event.id}"
        shutil.rmtree(staging, ignore_errors=True)
        try:
            with naming(final):
                staging.mkdir(parents=True)
                self.chain.publish(staging, final, self._fill(pending, span, staging))
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise

    def _fill(self, pending: _Pending, span: PacketSpan | None, folder: Path) -> dict[str, Any]:
        """Write the files and return the record that is sealed with them."""
        v = pending.event.violation
        notes: list[str] = []
        pictures = {}
        for name, still, at, seconds in (
            ("onset.jpg", pending.onset, v.onset, v.onset_s),
            ("trigger.jpg", pending.trigger, v.confirmed_at, v.confirmed_s),
        ):
            try:
                if still is None:
                    raise StillLost("its packets were not kept")
                (folder / name).write_bytes(jpeg(still))
                pictures[name] = {"captured_at": iso(at), "elapsed_s": seconds}
            except StillLost as lost:
                notes.append(f"no {name}: {lost}")
        record: dict[str, Any] = {"event": pending.event.to_dict(), "grounds": pending.grounds, "pictures": pictures}
        record |= {"clip": self._clip(span, folder, notes), "notes": notes}
        return record

    def _clip(self, span: PacketSpan | None, folder: Path, notes: list[str]) -> dict[str, Any] | None:
        if span is None:
            notes.append("no clip: the recording's packets were not kept")
            return None
        try:
            clip = write_clip(span, folder)
        except ClipProblem as problem:
            notes.append(f"no clip: {problem}")
            return None
        if needs_preview(span, clip):
            try:
                write_preview(span, folder / "preview.mp4")
            except ClipProblem as problem:
                (folder / "preview.mp4").unlink(missing_ok=True)
                notes.append(f"no preview: {problem}")
        codec = span.group.parameters.codec
        return {"file": clip.name, "start_s": span.start_s, "end_s": span.end_s, "codec": codec, "remuxed": True}

"""Scores recordings: runs camera jobs through one detector and leaves violations with evidence."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labels.catalogue import load_catalogue
from models.detector import Detector
from service.camera_job import CameraJob, CameraPlan, content_of, plan_resume
from service.results import EVIDENCE, JOURNAL, STATE, claim
from streams.batcher import Batcher
from streams.frame import ViewKey
from streams.recorder import Recorder
from vision.evidence import EvidenceWriter
from vision.journal import Journal
from vision.keys import SigningKey
from vision.manifest import evidence_folder
from vision.pipeline import Pipeline
from vision.recorded_follower import RecordedFollower
from vision.records import Event
from vision.scene import Scene
from vision.seal import Chain

SAVE_EVERY_S = 15.0
"""How much work a crash may cost, in seconds of our time; more where saving itself takes long."""
SAVING_SHARE = 0.05
"""Part of the time that saving may take. Detection waits for it, and busy streets have many pictures to encode."""


@dataclass(slots=True)
class CameraOutcome:
    """How it goes with one camera. ``began``: by our clock; ``skipped``: an earlier run had scored it already."""

    job: CameraJob
    began: float = 0.0
    skipped: bool = False
    error: BaseException | None = None

    @property
    def camera_id(self) -> str:
        return self.job.plan.camera_id

    def scored_s(self) -> float:
        """Seconds of video judged by this run, outages not counted."""
        seen, after = self.job.observed_s, self.job.resume.after_s
        segments = list(self.job.reader.statistics.segments)
        ends = [end if end > start else seen for _, start, end, _ in segments]  # the one being read has no end yet
        return sum(max(0.0, min(e, seen) - max(s, after)) for (_, s, _, _), e in zip(segments, ends, strict=True))


@dataclass(slots=True)
class Watching:
    """Told what happens while it happens; the command line shows it."""

    event: Callable[[Event], None] = lambda _: None
    progress: Callable[["Scoring"], None] = lambda _: None
    note: Callable[[str], None] = lambda _: None


class Scoring:
    """One run over the plans. ``outcomes`` is complete when ``run`` returns; ``stop`` ends it early and in order."""

    def __init__(
        self,
        plans: Sequence[CameraPlan],
        detector: Detector,
        results: Path,
        key: SigningKey,
        jobs: int,
        watching: Watching | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.plans = deque(plans)
        self.total = len(plans)
        self.detector = detector
        self.results = results
        self.jobs = jobs
        self.watching = watching or Watching()
        self.clock = clock
        self.outcomes: list[CameraOutcome] = []
        self.running: dict[str, CameraOutcome] = {}
        self.stopping = False
        self.wall_s = 0.0
        self._began = self._saving_s = 0.0
        self._bytes = _Bytes(plans)
        for folder in (EVIDENCE, STATE):
            (results / folder).mkdir(parents=True, exist_ok=True)
        self._claim = claim(results)
        self.journal = Journal(results / JOURNAL)
        self.chain = Chain(results / EVIDENCE, key)
        self.recorders: dict[str, Recorder] = {}
        self.scenes: dict[ViewKey, Scene] = {}
        self.batcher = Batcher()
        self.evidence = EvidenceWriter(results / EVIDENCE, self.chain, load_catalogue().types, self.recorders)
        follower = RecordedFollower(self.journal, self.evidence, self.watching.event)
        self.pipeline = Pipeline(detector, self.scenes, follower)

    def run(self) -> list[CameraOutcome]:
        """Score everything. Raises ``EvidenceFailed`` or ``OSError`` when results cannot be written."""
        self._began = self.clock()
        try:
            while self._start_some():
                batch = self.batcher.next()
                if batch is None:
                    break
                self.pipeline.process(batch)
                self.evidence.check()
                for frame in batch.frames:
                    self.running[frame.view.camera_id].job.observed_s = frame.elapsed_s
                for camera_id, error in batch.ended:
                    self._finish(camera_id, error)
                self._save()
                self.watching.progress(self)
            self.evidence.flush()
            return self.outcomes
        finally:
            self.wall_s = self.clock() - self._began
            for outcome in self.running.values():
                outcome.job.abandon()
            self.evidence.close()
            self._claim.close()

    def stop(self) -> None:
        """End early: what was read is still judged, and another run goes on from there. Signal handlers may call it."""
        self.stopping = True
        for outcome in list(self.running.values()):
            outcome.job.stop()

    @property
    def interrupted(self) -> bool:
        """Whether something was left for another run."""
        return bool(self.plans) or any(o.job.interrupted for o in self.outcomes)

    def scored_s(self) -> float:
        """Seconds of video that this run has judged so far."""
        return sum(o.scored_s() for o in [*self.outcomes, *self.running.values()])

    def fraction_done(self) -> float:
        """Part of all bytes that has been read, in [0, 1]."""
        return self._bytes.fraction([*self.outcomes, *self.running.values()])

    def _start_some(self) -> bool:
        while self.plans and len(self.running) < self.jobs and not self.stopping:
            self._start(self.plans.popleft())
        return bool(self.running)

    def _start(self, plan: CameraPlan) -> None:
        content = content_of(plan.recording)
        resume = plan_resume(plan, content)
        if resume.set_aside:
            self._set_aside(plan.camera_id, resume.set_aside)
        view = ViewKey(plan.camera_id, plan.recording.view_id)
        scene = Scene(view, plan.rules)
        job = CameraJob(plan, scene, Recorder(), resume, content)
        outcome = CameraOutcome(job, began=self.clock(), skipped=resume.done)
        if resume.done:
            self.watching.note(f"{plan.camera_id}: scored by an earlier run, nothing has changed")
            self.outcomes.append(outcome)
            return
        if resume.after_s > float("-inf"):
            self.watching.note(f"{plan.camera_id}: goes on at {resume.after_s:.0f} s")
        if resume.begin is None:
            job.save(finished=False)  # what is confirmed before the next time belongs to this model and these files
        self.scenes[view] = scene
        self.recorders[plan.camera_id] = job.recorder
        self.running[plan.camera_id] = outcome
        job.saved_at = self.clock()
        job.start(self.batcher)
        if self.stopping:
            job.stop()

    def _set_aside(self, camera_id: str, reason: str) -> None:
        """The camera's earlier violations make way: their evidence is buried with a tombstone that says why."""
        ids = self.journal.of_camera(camera_id)
        if ids:
            self.watching.note(f"{camera_id}: {reason}: it is scored anew, and its earlier violations are set aside")
        for violation_id in ids:
            final = evidence_folder(self.results / EVIDENCE, violation_id)
            if (final / "manifest.json").exists():
                self.chain.bury(final, f"scored anew: {reason}", "streetorder score")
        self.journal.forget(camera_id)

    def _finish(self, camera_id: str, error: BaseException | None) -> None:
        outcome = self.running.pop(camera_id)
        job = outcome.job
        job.wall_s = self.clock() - outcome.began
        outcome.error = error
        if job.interrupted:
            # A clip that still waits for its post-roll is left to the next run, which sees the thing confirmed again.
            complete = not self.evidence.forgo(camera_id)
        else:
            complete = True
            self.pipeline.finish(job.scene.view)
            self.evidence.advance(camera_id, float("-inf"), ended=True)
        self.evidence.flush()
        if error is None and complete:
            job.save(finished=not job.interrupted)
        del self.scenes[job.scene.view], self.recorders[camera_id]
        self.outcomes.append(outcome)

    def _save(self) -> None:
        """Save the cameras that are due, those saved longest ago first."""
        for camera_id, outcome in sorted(self.running.items(), key=lambda item: item[1].job.saved_at):
            now = self.clock()
            if now - outcome.job.saved_at < SAVE_EVERY_S or self._saving_s > SAVING_SHARE * (now - self._began):
                return
            if self.evidence.idle(camera_id):
                outcome.job.wall_s = now - outcome.began
                outcome.job.save(finished=False)
                outcome.job.saved_at = self.clock()
                self._saving_s += outcome.job.saved_at - now


class _Bytes:
    """How much of the files is read. Sizes are known without opening anything; durations are not."""

    def __init__(self, plans: Sequence[CameraPlan]):
        self.sizes = {
            plan.camera_id: [_size(segment.url) for segment in plan.recording.segments]
            for plan in plans
            if not plan.live
        }
        self.total = max(1, sum(sum(sizes) for sizes in self.sizes.values()))

    def fraction(self, outcomes: Sequence[CameraOutcome]) -> float:
        read = 0
        for outcome in outcomes:
            sizes = self.sizes.get(outcome.camera_id, [])
            reader = outcome.job.reader
            whole = len(sizes) if outcome.skipped else reader.segment_number
            current = sizes[whole] if whole < len(sizes) else 0
            read += sum(sizes[:whole]) + min(current, reader.segment_bytes)
        return min(1.0, read / self.total)


def _size(url: str) -> int:
    try:
        return Path(url).stat().st_size
    except OSError:
        return 0

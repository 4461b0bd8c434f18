"""What a worker says of itself: plain values for metrics, health, ``streetorder top`` and whoever asks by HTTP."""

import shutil
from dataclasses import asdict, dataclass
from typing import Any

from service.worker.watched_camera import WatchedCamera
from service.worker.worker import Worker
from streams.link import LinkState
from streams.source import redact

HANGING_S = 60.0
"""A round of the worker's thread takes less than a second; one that takes longer than this does not come back."""


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """One camera. Times in seconds; ages count from now; None where there is nothing yet.

    clock: where ``captured_at`` comes from. offset_s: the camera's clock minus ours. key_interval_s: measured.
    drops: frames by cause. faults: of the picture, by kind; ``fault``: the present one. troubles: of the connection, by
    kind. due_s: until the next visit of a patrol. decided: what operators said of its violations.
    """

    camera_id: str
    url: str
    state: str
    state_s: float
    trouble: str | None
    why: str
    retry_s: float | None
    frame_age_s: float | None
    frames: int
    fps: float | None
    key_interval_s: float | None
    clock: str
    offset_s: float | None
    clock_jumps: int
    connects: int
    troubles: dict[str, int]
    packets: int
    bytes: int
    drops: dict[str, int]
    undecodable: int
    faults: dict[str, int]
    fault: str | None
    ring_bytes: int
    open_violations: int
    candidates: int
    left_behind: int
    due_s: float | None
    evidence_state: str | None
    decided: dict[str, int]


@dataclass(frozen=True, slots=True)
class PatrolStatus:
    """visits: how many there were. late_s: by how much the newest began later than they were due."""

    cameras: int
    slots: int
    visits: int
    brought_forward: int
    late_p50_s: float
    late_p95_s: float


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """The whole worker.

    cameras: by id. runs_on: what the detector runs on. evidence_trouble: why nothing can be written, else empty.
    push_refused: events and files that the service does not want.
    loop_age_s: since the worker's thread last began a round. free_mb: on the disk of the results. configuration,
    decisions: what is wrong with the city file and with the file of decisions, else empty.
    """

    uptime_s: float
    model: str
    runs_on: str
    cameras: list[CameraStatus]
    waiting_to_decode: int
    waiting_to_detect: int
    waiting_to_write: int
    waiting_to_push: int | None
    push_refused: int
    push_trouble: str
    evidence_trouble: str
    evidence_failures: int
    loop_age_s: float
    free_mb: float
    configuration: str
    decisions: str
    patrol: PatrolStatus | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def healthy(self) -> bool:
        """Whether the worker does its work; cameras that are down are not its fault."""
        return not self.trouble

    @property
    def trouble(self) -> str:
        """Why it does not, else empty."""
        if self.loop_age_s > HANGING_S:
            return f"nothing was judged for {self.loop_age_s:.0f} s: the detector hangs"
        return self.evidence_trouble


def status_of(worker: Worker) -> WorkerStatus:
    """At this moment; may be asked by any thread."""
    return WorkerStatus(
        uptime_s=round(worker.clock() - worker.began_s, 1),
        model=worker.setup.detector.card.sha256[:12],
        runs_on=worker.setup.detector.provider,
        cameras=[
            _camera(c, worker.rounds.timetable.due_in_s(c.camera_id), worker.decisions.of_camera(c.camera_id))
            for c in sorted(worker.cameras.values(), key=lambda c: c.camera_id)
        ],
        waiting_to_decode=worker.decoders.depth,
        waiting_to_detect=worker.batcher.depth,
        waiting_to_write=worker.evidence.waiting,
        waiting_to_push=None if worker.push is None else worker.push.pusher.waiting,
        push_refused=0 if worker.push is None else worker.push.pusher.refused,
        push_trouble="" if worker.push is None else worker.push.trouble,
        evidence_trouble=worker.evidence.trouble,
        evidence_failures=worker.evidence.failures,
        loop_age_s=round(worker.clock() - worker.looked_at_s, 2),
        free_mb=round(shutil.disk_usage(worker.setup.results).free / 1e6),
        configuration=worker.configuration,
        decisions=worker.decisions_problem,
        patrol=_patrol(worker),
    )


def _patrol(worker: Worker) -> PatrolStatus | None:
    under = sum(c.plan.patrol is not None for c in list(worker.cameras.values()))
    table = worker.rounds.timetable
    if not under or not table.error.visits:
        return None
    late = [round(table.error.quantile(share), 2) for share in (0.5, 0.95)]
    return PatrolStatus(under, worker.rounds.slots, table.error.visits, table.brought_forward, *late)


def _camera(camera: WatchedCamera, due_s: float | None, decided: dict[str, int]) -> CameraStatus:
    link, now_s = camera.reader.link, camera.clock()
    last = link.last_trouble
    age_s = camera.age_s()
    tracks = [t for scene in camera.scenes.values() for t in scene.tracker.tracks]
    faults: dict[str, int] = {}
    for scene in camera.scenes.values():
        for name, count in list(scene.faults.items()):
            faults[name] = faults.get(name, 0) + count
    sampler = camera.reader.sampler
    interval = getattr(sampler, "interval", None)
    parameters = camera.reader.parameters
    return CameraStatus(
        camera_id=camera.camera_id,
        url=redact(camera.plan.source),
        state=link.state.value,
        state_s=round(now_s - link.since_s, 1),
        trouble=last.trouble.value if last is not None and last.trouble is not None else None,
        why=last.message if last is not None else "",
        retry_s=round(max(0.0, link.retry_at_s - now_s), 1) if link.state is LinkState.BACKING_OFF else None,
        frame_age_s=round(age_s, 2) if age_s < float("inf") else None,
        frames=sum(scene.frames for scene in camera.scenes.values()),
        fps=round(float(parameters.rate), 2) if parameters is not None else None,
        key_interval_s=round(interval.longest_s, 2) if interval is not None else None,
        clock=camera.time.source.value,
        offset_s=None if camera.time.offset_s is None else round(camera.time.offset_s, 3),
        clock_jumps=camera.time.jumps,
        connects=link.connects,
        troubles={trouble.value: count for trouble, count in list(link.troubles.items())},
        packets=link.packets,
        bytes=link.bytes,
        drops={**camera.queue.drops, **camera.lane.drops},
        undecodable=camera.lane.lost,
        faults=faults,
        fault=next((s.fault.value for s in camera.scenes.values() if s.fault is not None), None),
        ring_bytes=camera.recorder.size_bytes + (camera.main.recorder.size_bytes if camera.main else 0),
        open_violations=sum(t.violation is not None for t in tracks),
        candidates=sum(t.violation is None for t in tracks),
        left_behind=camera.reader.left_behind,
        due_s=due_s,
        evidence_state=None if camera.main is None else camera.main.link.state.value,
        decided=decided,
    )

"""What follows the events of live cameras: staged evidence, then the journal, then whoever listens."""

from collections.abc import Mapping

from service.worker.still_there import StillThere
from service.worker.watched_camera import WatchedCamera
from streams.frame import Frame
from vision.live_evidence import LiveEvidence
from vision.records import Event
from vision.scene import Scene


class LiveFollower:
    """cameras: by id, as the worker has them at the moment. still_there: what somebody asks about."""

    def __init__(self, evidence: LiveEvidence, cameras: Mapping[str, WatchedCamera], still_there: StillThere):
        self.evidence = evidence
        self.cameras = cameras
        self.still_there = still_there

    def follow(self, event: Event, scene: Scene, frame: Frame | None) -> None:
        if event.kind == "opened" and frame is not None:
            recorder = self.cameras[event.violation.camera_id].evidence_recorder
            self.evidence.opened(event, scene.onset(event.id), frame.still, scene.grounds(event.id), recorder)
        elif event.kind == "cleared":
            self.evidence.cleared(event, frame.still if frame is not None else None)
        else:
            self.evidence.extended(event)

    def observed(self, frame: Frame) -> None:
        camera = self.cameras[frame.view.camera_id]
        camera.observed(frame)
        self.still_there.look(frame, camera.scenes[frame.view])

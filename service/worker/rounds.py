"""The patrol of a worker: a few slots that visit many cameras in turn."""

import threading
from collections.abc import Mapping

import structlog

from service.worker.live_camera import LiveCamera
from service.worker.watched_camera import WatchedCamera
from streams.patrol import Timetable
from vision.live_evidence import LiveEvidence

_log = structlog.get_logger("worker")


class Rounds:
    """slots: how many cameras are visited at a time. cameras: by id, as the worker has them at the moment."""

    def __init__(self, slots: int, timetable: Timetable, cameras: Mapping[str, WatchedCamera], evidence: LiveEvidence):
        self.timetable = timetable
        self.slots = slots
        self._cameras = cameras
        self._evidence = evidence
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def add(self, camera: LiveCamera) -> None:
        assert camera.plan.patrol is not None
        self.timetable.add(camera.camera_id, camera.plan.patrol.every_s)
        while len(self._threads) < min(self.slots, len(self._cameras)):
            thread = threading.Thread(target=self._visit, name=f"patrol {len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def remove(self, camera_id: str) -> None:
        self.timetable.remove(camera_id)

    def stop(self) -> None:
        self._stopping.set()
        self.timetable.wake()

    def _visit(self) -> None:
        while (camera_id := self.timetable.take(self._stopping.is_set)) is not None:
            come_back_s = None
            camera = self._cameras.get(camera_id)
            try:
                if isinstance(camera, LiveCamera):
                    come_back_s = camera.visit(lambda id=camera_id: self._evidence.is_growing(id))  # type: ignore[misc]
            except Exception:
                _log.exception("a visit failed", camera=camera_id)  # the slot goes on with the next
            finally:
                self.timetable.done(camera_id, come_back_s)

"""The cameras that a worker watches, as they are asked for and changed from outside: city file, interface, pictures."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from service.city import City
from service.decided import Decided
from service.overlay import draw_overlay
from service.worker.live_plan import LivePlan
from service.worker.overrides import Overrides
from service.worker.watched_camera import WatchedCamera
from service.worker.worker import Worker
from streams.frame import Picture, StillLost


class Cameras:
    """city: what the city file says now. decided: what operators decided by now. plans: makes the worker's plans."""

    def __init__(
        self,
        worker: Worker,
        city: City,
        decided: Decided,
        overrides: Overrides,
        plans: Callable[[City, Decided], Mapping[str, LivePlan]],
    ):
        self.worker = worker
        self.overrides = overrides
        self._city = city
        self._decided = decided
        self._plans = plans
        self._lock = threading.Lock()

    def plans(self) -> Mapping[str, LivePlan]:
        """Of the cameras to watch. Raises ``CityFileError`` where what was changed no longer fits the city file."""
        with self._lock:
            return self._plans(self.overrides.over(self._city), self._decided)

    def use(self, city: City) -> None:
        """Another city file: what was changed through the interface stays over it. Raises ``CityFileError``."""
        with self._lock:
            plans = self._plans(self.overrides.over(city), self._decided)
            self._city = city
        self.worker.do(lambda: self.worker.watch_these(plans))

    def heed(self, decided: Decided) -> None:
        """Something else was decided: what was rejected stays quiet from the next picture on."""
        with self._lock:
            plans = self._plans(self.overrides.over(self._city), decided)
            self._decided = decided
        self.worker.do(lambda: self.worker.watch_these(plans))

    def put(self, camera_id: str, camera: dict[str, Any]) -> None:
        """Raises ``CityFileError`` with all that is wrong with it."""
        self._change(camera_id, camera)

    def remove(self, camera_id: str) -> None:
        """Raises ``KeyError`` for one that is not watched."""
        self._watched(camera_id)
        self._change(camera_id, None)

    def tell_view(self, camera_id: str, view_id: str) -> None:
        """Raises ``KeyError`` naming what there is."""
        finder = self._watched(camera_id).finder
        if view_id not in finder.scenes:
            raise KeyError(f"camera {camera_id!r} has no view {view_id!r}; there are {', '.join(finder.scenes)}")
        self.worker.do(lambda: finder.tell(view_id))

    def overlay(self, camera_id: str) -> Picture:
        """The newest picture and what is seen in it. Raises ``KeyError``, ``StillLost`` where there is none yet."""
        camera = self._watched(camera_id)
        frame = camera.newest
        if frame is None:
            raise StillLost(f"camera {camera_id!r}: no picture yet, the connection is {camera.reader.link.state}")
        view = camera.plan.camera.view(frame.view.view_id)
        title = f"{camera_id} {frame.view.view_id}  {frame.elapsed_s:.0f} s"
        return draw_overlay(title, view, camera.scenes[frame.view], frame.elapsed_s, frame.still.decode())

    def _change(self, camera_id: str, camera: dict[str, Any] | None) -> None:
        with self._lock:
            plans = self._plans(self.overrides.change(self._city, camera_id, camera), self._decided)
        self.worker.do(lambda: self.worker.watch_these(plans))

    def _watched(self, camera_id: str) -> WatchedCamera:
        camera = self.worker.cameras.get(camera_id)
        if camera is None:
            raise KeyError(f"no camera {camera_id!r}; watched are {', '.join(sorted(self.worker.cameras)[:20])}")
        return camera

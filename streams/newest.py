"""The live frame queue: one frame of each camera, the newest wins, and what was dropped is counted by cause."""

import threading
from collections import Counter, deque

from streams.frame import Frame


class NewestFrame:
    """What a ``Batcher`` takes from, as a ``FrameQueue`` is, but a frame that nobody took makes way for the next.

    drops: frames that made way, by cause: ``detection`` here; whoever fills the queue adds causes of its own.
    """

    def __init__(self, camera_id: str, ready: threading.Condition):
        self.camera_id = camera_id
        self.frames: deque[Frame] = deque(maxlen=1)
        self.drops: Counter[str] = Counter()
        self.ended = False
        self.error: BaseException | None = None
        self._ready = ready

    def put(self, frame: Frame) -> None:
        """Never waits."""
        with self._ready:
            if self.ended:
                return
            self.drops["detection"] += len(self.frames)
            self.frames.append(frame)
            self._ready.notify_all()

    def end(self, error: BaseException | None = None) -> None:
        """No more frames come."""
        with self._ready:
            self.ended, self.error = True, self.error or error
            self._ready.notify_all()

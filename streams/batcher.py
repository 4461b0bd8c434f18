"""Frames of many cameras into batches of a few fixed sizes, over one bounded queue a camera."""

import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.frame import Frame, Picture
from streams.newest import NewestFrame

BATCH_SIZES = (1, 2, 4, 8)
"""Sizes that the detector sees; runtimes plan memory and kernels once for each."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is detected together.

    frames: in the order in which each camera gave them, all with crops of one size.
    ended: cameras that have given their last frame (after those in ``frames``), each with the error that ended it.
    """

    frames: tuple[Frame, ...]
    ended: tuple[tuple[str, BaseException | None], ...] = ()

    def crops(self) -> Iterator[NDArray[np.uint8]]:
        """The crops of all frames in order, as ``(B, H, W, 3)`` arrays with B one of ``BATCH_SIZES``."""
        yield from fixed_sizes([crop for frame in self.frames for crop in frame.crops])


def fixed_sizes(crops: Sequence[Picture]) -> Iterator[NDArray[np.uint8]]:
    """Cut a list of pictures into stacks of the fixed sizes, largest first."""
    at = 0
    while at < len(crops):
        size = max(s for s in BATCH_SIZES if s <= len(crops) - at)
        yield np.stack(crops[at : at + size]) if size > 1 else crops[at][None]
        at += size


class FrameQueue:
    """One recording's frames on their way to the detector: bounded, and ``put`` blocks (files lose nothing).

    drops: none, where a ``NewestFrame`` counts its own. bound: frames; ahead_s: how far, in seconds of the recording,
    reading may run ahead of what was taken. One frame always passes, however sparse.
    """

    def __init__(self, camera_id: str, ready: threading.Condition, bound: int = 8, ahead_s: float = 30.0):
        self.camera_id = camera_id
        self.bound = bound
        self.ahead_s = ahead_s
        self.frames: deque[Frame] = deque()
        self.drops: Counter[str] = Counter()
        self.ended = False
        self.error: BaseException | None = None
        self._ready = ready

    def put(self, frame: Frame) -> None:
        """Wait for room, then append. Returns at once when the queue was abandoned."""
        with self._ready:
            self._ready.wait_for(lambda: self.ended or self._has_room(frame))
            if not self.ended:
                self.frames.append(frame)
                self._ready.notify_all()

    def end(self, error: BaseException | None = None) -> None:
        """No more frames come; or nobody will take any more."""
        with self._ready:
            self.ended, self.error = True, self.error or error
            self._ready.notify_all()

    def _has_room(self, frame: Frame) -> bool:
        if not self.frames:
            return True
        return len(self.frames) < self.bound and frame.elapsed_s - self.frames[0].elapsed_s <= self.ahead_s


class Batcher:
    """Takes frames from all open queues, fairly: the camera served longest ago comes first."""

    def __init__(self, largest: int = 4):
        self.largest = largest
        self._ready = threading.Condition()
        self._queues: deque[FrameQueue | NewestFrame] = deque()

    def open(self, camera_id: str) -> FrameQueue:
        """A new queue for a recording."""
        queue = FrameQueue(camera_id, self._ready)
        self._add(queue)
        return queue

    def open_live(self, camera_id: str) -> NewestFrame:
        """A new queue for a live camera."""
        queue = NewestFrame(camera_id, self._ready)
        self._add(queue)
        return queue

    def _add(self, queue: FrameQueue | NewestFrame) -> None:
        with self._ready:
            self._queues.append(queue)
            self._ready.notify_all()

    @property
    def depth(self) -> int:
        """Frames that wait for the detector."""
        with self._ready:
            return sum(len(queue.frames) for queue in self._queues)

    def abandon(self) -> None:
        """Let every waiting reader go: nothing will be taken any more."""
        for queue in list(self._queues):
            queue.end()

    def next(self) -> Batch | None:
        """The next batch as soon as there is a frame; None when no queue is open any more."""
        with self._ready:
            self._ready.wait_for(lambda: not self._queues or any(q.frames or q.ended for q in self._queues))
            if not self._queues:
                return None
            frames = self._take()
            ended = [q for q in self._queues if q.ended and not q.frames]
            for queue in ended:
                self._queues.remove(queue)
            self._ready.notify_all()
        return Batch(tuple(frames), tuple((q.camera_id, q.error) for q in ended))

    def next_live(self, wait_s: float, linger_s: float) -> Batch:
        """The next batch of live cameras, empty if ``wait_s`` passes without a frame.

        linger_s: how long the first frame waits for company. One that waited is detected with others for less.
        """
        with self._ready:
            self._ready.wait_for(lambda: any(q.frames or q.ended for q in self._queues), wait_s)
            if linger_s > 0 and any(q.frames for q in self._queues):
                self._ready.wait_for(lambda: sum(len(q.frames) for q in self._queues) >= self.largest, linger_s)
            frames = self._take()
            ended = [q for q in self._queues if q.ended and not q.frames]
            for queue in ended:
                self._queues.remove(queue)
            self._ready.notify_all()
        return Batch(tuple(frames), tuple((q.camera_id, q.error) for q in ended))

    def _take(self) -> list[Frame]:
        """A frame at a time from the camera that has waited longest; a frame of another size waits in front."""
        frames: list[Frame] = []
        while len(frames) < self.largest:
            queue = next((q for q in self._queues if q.frames and _fits(frames, q.frames[0])), None)
            if queue is None:
                break
            frames.append(queue.frames.popleft())
            self._queues.remove(queue)
            self._queues.append(queue)
        return frames


def _fits(frames: list[Frame], frame: Frame) -> bool:
    return not frames or frames[0].crops[0].shape == frame.crops[0].shape

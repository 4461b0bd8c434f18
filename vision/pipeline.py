"""The hot loop: batches through the detector into the scenes; whoever follows makes what lasts of their events."""

import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.detector import Detector
from streams.batcher import Batch
from streams.frame import Frame, ViewKey
from vision.detection_log import DetectionLog
from vision.picture import to_picture
from vision.records import Event
from vision.scene import Scene


class Follower(Protocol):
    """Journal and evidence, in the order that recordings or live cameras need."""

    def follow(self, event: Event, scene: Scene, frame: Frame | None) -> None:
        """Something became of a thing. frame: in which it was seen; None at the end of a recording."""
        ...

    def observed(self, frame: Frame) -> None:
        """A scene has judged the frame."""
        ...


class Pipeline:
    """Runs in one thread. ``scenes`` may change between batches; frames of a view without one are passed over.

    log: keeps all detections, if there is one. took: is told how long each stage of a batch took, seconds.
    """

    def __init__(
        self,
        detector: Detector,
        scenes: MutableMapping[ViewKey, Scene] | Mapping[ViewKey, Scene],
        follower: Follower,
        log: DetectionLog | None = None,
        took: Callable[[str, float], None] = lambda _, __: None,
    ):
        self.detector = detector
        self.scenes = scenes
        self.follower = follower
        self.log = log
        self.took = took

    def process(self, batch: Batch) -> None:
        """Detect, observe, and let the follower know. Raises what the follower raises."""
        begun_s = time.perf_counter()
        boxes = [found for crops in batch.crops() for found in self.detector.detect(crops)]
        detected_s = time.perf_counter()
        at = 0
        for frame in batch.frames:
            self._observe(frame, boxes[at : at + len(frame.crops)])
            at += len(frame.crops)
        self.took("detect", detected_s - begun_s)
        self.took("judge", time.perf_counter() - detected_s)

    def finish(self, view: ViewKey) -> None:
        """The view's recording has ended: how far did its violations get?"""
        for event in self.scenes[view].finish():
            self.follower.follow(event, self.scenes[view], None)

    def _observe(self, frame: Frame, boxes: list[NDArray[np.float32]]) -> None:
        scene = self.scenes.get(frame.view)
        if scene is None:
            return
        detections = to_picture(boxes, frame, self.detector.card.keys)
        if self.log is not None:
            self.log.add(frame, detections)
        for event in scene.observe(frame, detections):
            self.follower.follow(event, scene, frame)
        self.follower.observed(frame)

"""The hot loop: batches through the detector into the scenes, events to journal and evidence."""

from collections.abc import Callable, Mapping, MutableMapping

import numpy as np
from numpy.typing import NDArray

from models.detector import Detector
from streams.batcher import Batch
from streams.frame import Frame, ViewKey
from vision.detection_log import DetectionLog
from vision.evidence import EvidenceWriter
from vision.journal import Journal
from vision.picture import to_picture
from vision.records import Event
from vision.scene import Scene


class Pipeline:
    """Runs in one thread. ``scenes`` may change between batches as cameras come and go.

    log: keeps all detections, if there is one.
    """

    def __init__(
        self,
        detector: Detector,
        scenes: MutableMapping[ViewKey, Scene] | Mapping[ViewKey, Scene],
        journal: Journal,
        evidence: EvidenceWriter,
        told: Callable[[Event], None] = lambda _: None,
    ):
        self.detector = detector
        self.scenes = scenes
        self.journal = journal
        self.evidence = evidence
        self.told = told
        self.log: DetectionLog | None = None

    def process(self, batch: Batch) -> None:
        """Detect, observe, journal, and follow with evidence. Raises ``EvidenceFailed`` and ``OSError``."""
        boxes = [found for crops in batch.crops() for found in self.detector.detect(crops)]
        at = 0
        for frame in batch.frames:
            self._observe(frame, boxes[at : at + len(frame.crops)])
            at += len(frame.crops)
        self.evidence.check()

    def _observe(self, frame: Frame, boxes: list[NDArray[np.float32]]) -> None:
        scene = self.scenes[frame.view]
        detections = to_picture(boxes, frame, self.detector.card.keys)
        if self.log is not None:
            self.log.add(frame, detections)
        for event in scene.observe(frame, detections):
            self._follow(event, scene, frame)
        self.evidence.advance(frame.view.camera_id, frame.elapsed_s)

    def finish(self, view: ViewKey) -> None:
        """The view's recording has ended: journal how far it got and cut the clips that still wait."""
        for event in self.scenes[view].finish():
            self._follow(event, self.scenes[view], None)
        self.evidence.advance(view.camera_id, float("-inf"), ended=True)

    def _follow(self, event: Event, scene: Scene, frame: Frame | None) -> None:
        event, fresh = self.journal.append(event)
        if frame is not None and event.kind == "opened":
            self.evidence.opened(event, scene.onset(event.id), frame.still, scene.grounds(event.id))
        elif frame is not None and event.kind == "cleared":
            self.evidence.cleared(event, frame.still)
        if fresh:
            self.told(event)

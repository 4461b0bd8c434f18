"""What follows the events of recordings: the journal first, then evidence when the post-roll has been read."""

from collections.abc import Callable

from streams.frame import Frame
from vision.evidence import EvidenceWriter
from vision.journal import Journal
from vision.records import Event
from vision.scene import Scene


class RecordedFollower:
    """A killed run loses nothing: the next one reads the recording again and is told the same."""

    def __init__(self, journal: Journal, evidence: EvidenceWriter, told: Callable[[Event], None] = lambda _: None):
        self.journal = journal
        self.evidence = evidence
        self.told = told

    def follow(self, event: Event, scene: Scene, frame: Frame | None) -> None:
        event, fresh = self.journal.append(event)
        if frame is not None and event.kind == "opened":
            self.evidence.opened(event, scene.onset(event.id), frame.still, scene.grounds(event.id))
        elif frame is not None and event.kind == "cleared":
            self.evidence.cleared(event, frame.still)
        if fresh:
            self.told(event)

    def observed(self, frame: Frame) -> None:
        self.evidence.advance(frame.view.camera_id, frame.elapsed_s)

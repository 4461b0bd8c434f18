"""What a service asks of things whose handler says that they are gone: is it still there?"""

import queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from streams.frame import Frame, Still
from vision.scene import Scene


@dataclass(frozen=True, slots=True)
class Sight:
    """A violation that was seen at a moment, UTC by our clock."""

    violation_id: str
    seen_at: datetime
    picture: Still


class StillThere:
    """``ask`` and ``answers`` are for the thread that pushes, ``look`` is for the one that runs the scenes."""

    def __init__(self, utc: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._utc = utc
        self._asked: dict[str, datetime] = {}
        self._answers: queue.SimpleQueue[Sight] = queue.SimpleQueue()

    def ask(self, since: Mapping[str, datetime]) -> None:
        """By violation: a sight later than this answers. What was asked before counts no more."""
        self._asked = dict(since)

    def look(self, frame: Frame, scene: Scene) -> None:
        """The scene has judged the frame."""
        asked = self._asked
        if not asked:
            return
        for track in scene.tracker.tracks:
            v = track.violation
            if v is None or v.id not in asked or track.last_s != frame.elapsed_s:
                continue
            at = self._utc()
            if frame.captured_at is not None:
                at = frame.captured_at - timedelta(seconds=frame.clock_offset_s)
            if at > asked[v.id]:
                del asked[v.id]
                self._answers.put(Sight(v.id, at, frame.still))

    def answers(self) -> list[Sight]:
        """What was seen since."""
        found = []
        while not self._answers.empty():
            found.append(self._answers.get())
        return found

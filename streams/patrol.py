"""Patrol (轮巡): many cameras for a few connections, each visited again and again for a few seconds.

Pure: a timetable. Who visits is told which camera is next, and says when a visit ended and when it wants to come back.
"""

import heapq
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

KEPT_ERRORS = 2000


@dataclass(slots=True)
class _Beat:
    """A camera's place in the timetable. due_s: when it should be visited next. regular_s: of its regular round."""

    camera_id: str
    every_s: float
    regular_s: float
    due_s: float
    number: int = 0
    visiting: bool = False
    ended_s: float = float("-inf")


@dataclass(slots=True)
class ScheduleError:
    """By how much visits began later than they were due, seconds, over the newest of them."""

    visits: int = 0
    late_s: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_ERRORS))

    def note(self, late_s: float) -> None:
        self.visits += 1
        self.late_s.append(late_s)

    def quantile(self, share: float) -> float:
        """NaN before the first visit."""
        ordered = sorted(self.late_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class Timetable:
    """The earliest due comes first, so that where there are too few connections everybody is late alike.

    clock: monotonic seconds. Methods may be called from any thread.
    """

    def __init__(self, clock: Callable[[], float], chance: random.Random | None = None):
        self.clock = clock
        self.error = ScheduleError()
        self.brought_forward = 0
        self._chance = chance or random.Random()
        self._beats: dict[str, _Beat] = {}
        self._heap: list[tuple[float, str, int]] = []
        self._ready = threading.Condition()

    def add(self, camera_id: str, every_s: float) -> None:
        """Its first visit is at a moment drawn from its first round: all at once would be a stampede."""
        with self._ready:
            first_s = self.clock() + self._chance.uniform(0.0, every_s)
            self._beats[camera_id] = _Beat(camera_id, every_s, first_s, first_s)
            self._enter(self._beats[camera_id])

    def remove(self, camera_id: str) -> None:
        with self._ready:
            self._beats.pop(camera_id, None)

    def take(self, stopping: Callable[[], bool] = lambda: False) -> str | None:
        """Wait for the next camera that is due, and begin its visit. None when stopping (see ``wake``)."""
        with self._ready:
            while not stopping():
                beat = self._first()
                wait_s = None if beat is None else beat.due_s - self.clock()
                if beat is not None and wait_s is not None and wait_s <= 0:
                    heapq.heappop(self._heap)
                    beat.visiting = True
                    self.error.note(-wait_s)
                    while beat.regular_s <= self.clock():
                        beat.regular_s += beat.every_s
                    return beat.camera_id
                self._ready.wait(wait_s)
            return None

    def done(self, camera_id: str, come_back_s: float | None = None) -> None:
        """The visit ended. come_back_s: seconds until somebody wants to see it again, where that is sooner."""
        with self._ready:
            beat = self._beats.get(camera_id)
            if beat is None:
                return
            now_s = self.clock()
            beat.visiting, beat.ended_s, beat.due_s = False, now_s, beat.regular_s
            if come_back_s is not None and now_s + come_back_s < beat.due_s:
                beat.due_s = now_s + come_back_s
                self.brought_forward += 1
            self._enter(beat)

    def due_in_s(self, camera_id: str) -> float | None:
        """Seconds until its next visit, negative where it is late; None while it is visited."""
        with self._ready:
            beat = self._beats.get(camera_id)
            return None if beat is None or beat.visiting else beat.due_s - self.clock()

    def wake(self) -> None:
        """Let whoever waits look whether it is to stop."""
        with self._ready:
            self._ready.notify_all()

    def _enter(self, beat: _Beat) -> None:
        beat.number += 1
        heapq.heappush(self._heap, (beat.due_s, beat.camera_id, beat.number))
        self._ready.notify_all()

    def _first(self) -> _Beat | None:
        """The earliest entry that still counts."""
        while self._heap:
            _, camera_id, number = self._heap[0]
            beat = self._beats.get(camera_id)
            if beat is not None and beat.number == number and not beat.visiting:
                return beat
            heapq.heappop(self._heap)
        return None

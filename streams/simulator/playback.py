"""Pictures in real time: where a recording stands now, and whose turn it is next."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from typing import Protocol

from streams.simulator.rtp import CLOCK_HZ, Picture
from streams.simulator.track import Track

_STEP_S = 0.005
"""Pictures due within this time are sent together: with many cameras, waking up costs more than sending."""
_STEP = round(_STEP_S * CLOCK_HZ)
_LATE = 2 * CLOCK_HZ


class Timed(Protocol):
    """Something that the pacer calls when it is due (ticks), and that then says when it is due next."""

    turn: int

    def step(self, now: int) -> int | None: ...


class Pacer:
    """One timer for all cameras."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self._loop = loop
        self._heap: list[tuple[int, int, Timed]] = []
        self._turns = itertools.count(1)
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> int:
        """Ticks of the media clock, which all cameras share."""
        return round(self._loop.time() * CLOCK_HZ)

    def schedule(self, timed: Timed, due: int) -> None:
        """An earlier turn of the same is forgotten."""
        timed.turn = next(self._turns)
        heapq.heappush(self._heap, (due, timed.turn, timed))
        if self._heap[0][1] == timed.turn:
            self._set_timer(due)

    def stop(self) -> None:
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _set_timer(self, due: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due / CLOCK_HZ, self._run)

    def _run(self) -> None:
        heap, now = self._heap, self.now()
        self._timer = None
        while heap and heap[0][0] <= now:
            _, turn, timed = heapq.heappop(heap)
            if turn == timed.turn and (due := timed.step(now)) is not None:
                heapq.heappush(heap, (due, turn, timed))
        if heap:
            self._set_timer(max(heap[0][0], self.now() + _STEP))


class Playback:
    """A recording that runs. Its first dts of the present round fell on ``origin``.

    send: is given each picture with its time of capture, both in ticks. ended: called after the last picture where the
    recording does not loop. wanted: whether anybody watches; without watchers nothing runs.
    """

    def __init__(
        self,
        track: Track,
        loop: bool,
        send: Callable[["Playback", Picture, int, int], None],
        ended: Callable[["Playback"], None],
        wanted: Callable[["Playback"], bool],
    ):
        self.track = track
        self.origin = self.index = self.turn = 0
        self._loop = loop
        self._send, self._ended, self._wanted = send, ended, wanted

    @property
    def due(self) -> int:
        return self.origin + self.track.pictures[self.index].dts

    def begin(self, origin: int, now: int) -> None:
        """As if the recording had begun at ``origin`` and had looped ever since."""
        rounds, into = divmod(now - origin, self.track.duration)
        self.origin, self.index = origin + rounds * self.track.duration, self.track.index_at(into)
        if self.index == len(self.track.pictures):
            self.origin, self.index = self.origin + self.track.duration, 0

    def key_frame_due(self) -> int:
        """When the next key frame is due."""
        index = self.track.next_key_frame(self.index)
        pictures = self.track.pictures
        return self.origin + (pictures[index].dts if index < len(pictures) else self.track.duration)

    def step(self, now: int) -> int | None:
        while self._wanted(self):
            due = self.due
            if due > now:
                return due
            if now - due > _LATE:  # the machine slept: go on from here instead of sending all at once
                self.origin += now - due
            picture = self.track.pictures[self.index]
            self._send(self, picture, self.origin + picture.pts - self.track.delay, now)
            self.index += 1
            if self.index == len(self.track.pictures):
                self.origin, self.index = self.origin + self.track.duration, 0
                if not self._loop:
                    self._ended(self)
                    return None
        return None

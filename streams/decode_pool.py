"""Decoding for all live cameras in a few threads. A camera's packets are decoded in order, by one thread at a time."""

import logging
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from streams.crops import Cropper
from streams.decoder import Decoded, PictureDecoder
from streams.frame import Frame, Still, ViewKey
from streams.live_clock import LiveClock
from streams.packets import Group
from streams.recorder import PacketStill
from streams.upright import upright_size

BEHIND_S = 4.0
"""Where pictures between key frames are decoded too, a camera whose packets wait for longer goes on at the newest."""
TURN = 16
"""Packets of one camera that a thread decodes before it turns to the next."""

_log = logging.getLogger(__name__)


class _Item(NamedTuple):
    """A packet, by its group and place in it."""

    group: Group
    place: int
    wanted: bool
    dense: bool

    @property
    def elapsed_s(self) -> float:
        return self.group.packets[self.place].elapsed_s


class Lane:
    """One camera's way through the pool.

    drops: wanted pictures that were never decoded because newer ones came (``decoding``). lost: wanted pictures that
    did not decode. pictures: those that did, the last at ``newest_s``, elapsed seconds. unmet: how many were wanted in
    vain since the last that decoded, and ``unmet_since_s`` since when.
    """

    def __init__(
        self,
        pool: "DecodePool",
        camera_id: str,
        cropper: Cropper,
        clock: LiveClock,
        deliver: Callable[[Frame], None],
        still: Callable[[Decoded], Still] | None = None,
    ):
        self.camera_id = camera_id
        self.view_id = "home"
        self.cropper = cropper
        self.clock = clock
        self.drops: Counter[str] = Counter()
        self.pictures = 0
        self.lost = 0
        self.unmet = 0
        self.unmet_since_s = 0.0
        self._deliver = deliver
        self._still = still or (lambda d: PacketStill.of(d.group, d.index, d.lead))
        self._pool = pool
        self._decoder = PictureDecoder()
        self._items: deque[_Item] = deque()
        self._queued = False
        self._lock = threading.Lock()
        self.newest_s = float("-inf")
        self._skip_to_key = False
        self._followed = False

    def push(self, group: Group, index: int, wanted: bool, dense: bool) -> None:
        """Take a packet; called by the reader, never waits. What is neither wanted nor followed costs nothing."""
        if not (wanted or dense or self._followed or not self._decoder.idle):
            return
        self._followed = dense
        item = _Item(group, index, wanted, dense)
        with self._lock:
            self._make_room(item)
            if self._skip_to_key:
                if not (index == 0 and group.keyed):
                    self.drops["decoding"] += wanted
                    return
                self._skip_to_key = False
            self._items.append(item)
            if not self._queued:
                self._queued = True
                self._pool.queue(self)

    def take(self, group: Group, index: int, wanted: bool, dense: bool) -> None:
        """As ``push``, but decoded at once in the calling thread, which waits where ``deliver`` does: for recordings,
        of which no wanted picture may be lost. One camera's packets take one of the two ways only.
        """
        if wanted or dense or not self._decoder.idle:
            self._decode(_Item(group, index, wanted, dense), timed=False)

    def drain(self) -> None:
        """The end of what was taken: hand on the pictures that are still inside the decoder."""
        for decoded in self._decoder.drain():
            self._hand_on(decoded)

    def forget(self) -> None:
        """A new connection: nothing of the old one is decoded any more."""
        with self._lock:
            self._items.clear()
            self._skip_to_key = False
        self.unmet = 0

    def rest(self) -> None:
        """Nothing comes for a while: let the decoder go, which holds some pictures' worth of memory."""
        with self._lock:
            if not self._queued:
                self._decoder = PictureDecoder()
                self._followed = False

    def reset(self) -> None:
        """After an error nobody foresaw: begin anew with the next packets."""
        with self._lock:
            self._items.clear()
            self._queued = False
            self._decoder = PictureDecoder()

    def _make_room(self, item: _Item) -> None:
        if not self._items:
            return
        if not item.dense:
            if item.wanted and item.place == 0:
                self._drop()
        elif item.elapsed_s - self._items[0].elapsed_s > BEHIND_S:
            self._drop()
            self._skip_to_key = True

    def _drop(self) -> None:
        self.drops["decoding"] += sum(i.wanted for i in self._items)
        self._items.clear()

    def work(self) -> None:
        """A few packets; called by one thread of the pool at a time."""
        for _ in range(TURN):
            with self._lock:
                if not self._items:
                    self._queued = False
                    return
                item = self._items.popleft()
            self._decode(item)
        self._pool.queue(self)

    def _decode(self, item: _Item, timed: bool = True) -> None:
        if item.wanted:
            self.unmet_since_s = self.clock.now_s() if not self.unmet else self.unmet_since_s
            self.unmet += 1
        before, begun_s = self.pictures, time.perf_counter()
        for decoded in self._decoder.push(item.group, item.wanted, item.dense, item.place):
            self._hand_on(decoded)
        if item.wanted and not item.dense and self.pictures == before and item.place == 0:
            self.lost += 1
        if item.wanted and timed:
            self._pool.took(time.perf_counter() - begun_s)

    def _hand_on(self, decoded: Decoded) -> None:
        self.unmet = 0
        self.pictures += 1
        if decoded.elapsed_s <= self.newest_s:
            return  # a picture that a broken clock puts into the past
        self.newest_s = decoded.elapsed_s
        aspect, captured_at = decoded.group.parameters.pixel_aspect, self.clock.at(decoded.elapsed_s)
        crops, regions = self.cropper.crops(decoded.frame, aspect)
        self._deliver(
            Frame(
                view=ViewKey(self.camera_id, self.view_id),
                elapsed_s=decoded.elapsed_s,
                captured_at=captured_at,
                clock=self.clock.source if captured_at is not None else None,
                clock_offset_s=self.clock.offset_s or 0.0,
                size=upright_size(decoded.frame, aspect),
                crops=crops,
                regions=regions,
                still=self._still(decoded),
            )
        )


class DecodePool:
    """The threads. ``close`` lets what is being decoded finish and forgets the rest.

    took: is told how long each wanted picture took, scaling included, seconds; by several threads.
    """

    def __init__(self, threads: int, took: Callable[[float], None] = lambda _: None):
        self.took = took
        self._waiting: queue.SimpleQueue[Lane | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"decoder {n}", daemon=True) for n in range(max(1, threads))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def depth(self) -> int:
        """Cameras that wait for a thread."""
        return self._waiting.qsize()

    def queue(self, lane: Lane) -> None:
        self._waiting.put(lane)

    def close(self) -> None:
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _lanes(self) -> Iterator[Lane]:
        while (lane := self._waiting.get()) is not None:
            yield lane

    def _work(self) -> None:
        for lane in self._lanes():
            try:
                lane.work()
            except Exception:
                _log.exception("decoding pictures of %s failed", lane.camera_id)
                lane.reset()

"""A live reader as a worker runs it, with everything it says kept; patient for one second where cameras get four."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise

from streams.crops import Cropper, InputShape
from streams.decode_pool import DecodePool, Lane
from streams.frame import Frame
from streams.link import Backoff, Change, LinkState
from streams.live_clock import LiveClock
from streams.live_reader import LiveReader
from streams.recorder import Recorder
from streams.sampler import make_sampler

GUARD_S = 40.0
SHAPE = InputShape(((320, 192),))


@dataclass
class Watched:
    reader: LiveReader
    lane: Lane
    clock: LiveClock
    recorder: Recorder
    frames: list[Frame] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def wait(self, until: Callable[["Watched"], object], what: str = "") -> None:
        """Until something is so; fails with all that was said where it never is."""
        deadline = time.monotonic() + GUARD_S
        while not until(self):
            assert time.monotonic() < deadline, (what, self.changes, len(self.frames))
            time.sleep(0.02)

    def wait_for_frames(self, count: int) -> None:
        wanted = len(self.frames) + count
        self.wait(lambda w: len(w.frames) >= wanted, f"{count} more frames")

    def wait_for(self, state: LinkState, after: int = 0) -> Change:
        """The first change to the state from the ``after``-th change on."""
        self.wait(lambda w: any(c.state is state for c in w.changes[after:]), state)
        return next(c for c in self.changes[after:] if c.state is state)

    def wait_for_another(self, state: LinkState) -> Change:
        """The first change away from a state."""

        def found() -> Change | None:
            return next((b for a, b in pairwise(self.changes) if a.state is state), None)

        self.wait(lambda _: found(), f"no longer {state}")
        return found() or self.changes[-1]


@contextmanager
def watching(url: str, every: str = "auto", impatient: bool = True, socket_s: float = 1.5) -> Iterator[Watched]:
    """socket_s: FFmpeg's own patience with a socket, where the protocol knows an option for it."""
    pool, recorder, clock = DecodePool(1), Recorder(30.0), LiveClock(time.monotonic)
    frames: list[Frame] = []
    changes: list[Change] = []
    lane = Lane(pool, "gate", Cropper(SHAPE), clock, frames.append)
    reader = LiveReader("gate", url, recorder, clock, make_sampler(every), lane, changes.append)
    if impatient:
        options = dict(reader.protocol.options)
        options |= {name: f"{socket_s * 1e6:.0f}" for name in ("timeout", "rw_timeout") if name in options}
        reader.protocol = replace(reader.protocol, options=options, stall_s=1.0, give_up_s=5.0, late_s=3.0)
        if reader.protocol.segmented:
            reader.protocol = replace(reader.protocol, give_up_s=2.5, interrupt_s=3.0)
    reader._backoff = Backoff(shortest_s=0.1, longest_s=1.0, locked_s=0.5)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            reader.watch()

    watchdog = threading.Thread(target=watch)
    watchdog.start()
    reader.start()
    try:
        yield Watched(reader, lane, clock, recorder, frames, changes)
    finally:
        over.set()
        reader.stop()
        watchdog.join()
        reader.join(10.0)
        pool.close()

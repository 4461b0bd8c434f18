"""A folder reader as a worker runs it, with everything it says kept."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from streams.crops import Cropper
from streams.decode_pool import DecodePool, Lane
from streams.discover import Starts
from streams.folder_clock import FolderClock
from streams.folder_watch import FolderReader
from streams.frame import Frame
from streams.link import Change
from streams.recorder import Recorder
from streams.sampler import make_sampler
from tests.streams.live_camera import SHAPE, Watched

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PATTERN = "%Y%m%d_%H%M%S"


def delivered(clip: Path, folder: Path, start_s: float) -> Path:
    """The clip as a recorder names it."""
    return Path(shutil.copy(clip, folder / f"gate_{NOON + timedelta(seconds=start_s):{PATTERN}}.mp4"))


@contextmanager
def watching(
    source: Path | str,
    every: str = "keyframe",
    pattern: str | None = PATTERN,
    deliver: Callable[[Frame], None] | None = None,
    **how: Any,
) -> Iterator[Watched]:
    pool, recorder, clock = DecodePool(1), Recorder(30.0), FolderClock(time.monotonic)
    frames: list[Frame] = []
    changes: list[Change] = []

    def take(frame: Frame) -> None:
        if deliver is not None:
            deliver(frame)
        frames.append(frame)

    lane = Lane(pool, "gate", Cropper(SHAPE), clock, take)
    starts = Starts(None, pattern, UTC) if pattern else None
    reader = FolderReader(
        "gate", str(source), recorder, clock, make_sampler(every), lane, changes.append, starts, poll_s=0.03, **how
    )
    reader.start()
    try:
        yield Watched(reader, lane, clock, recorder, frames, changes)  # type: ignore[arg-type]
    finally:
        reader.stop()
        reader.join(10.0)
        pool.close()


def done(camera: Watched) -> list[str]:
    return camera.reader.state()["done"]  # type: ignore[attr-defined]

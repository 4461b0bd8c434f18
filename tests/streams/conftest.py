"""Recordings with a clock in the picture, made once and read by many tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.scenery import street
from tests.streams.live_sources import Clips, source_clips
from tests.streams.wall_clock import SIZE, hands


@pytest.fixture(scope="session")
def clock_street(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """``clock_street("cam.mp4", seconds=12, codec=…)``: the same arguments give the same file."""
    made: dict[str, Path] = {}

    def make(name: str, seconds: float = 6, writer: Callable[..., Path] = street, **how: Any) -> Path:
        key = repr((name, seconds, writer.__name__, sorted(how.items())))
        if key not in made:
            path = tmp_path_factory.mktemp("clock") / name
            things = hands(seconds)
            made[key] = writer(path, **{"seconds": seconds, "things": things, "size": SIZE, **how})
        return made[key]

    return make


@pytest.fixture(scope="session")
def live_clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """What the live sources of ``tests.streams.live_sources`` send."""
    return source_clips(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds, a key frame each."""
    return street(tmp_path_factory.mktemp("folder") / "clip.mp4", seconds=6, gop_s=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty one, into which recordings are delivered."""
    path = tmp_path / "delivered"
    path.mkdir()
    return path

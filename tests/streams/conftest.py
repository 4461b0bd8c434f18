"""Recordings with a clock in the picture, made once and read by many tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.scenery import street
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

"""Freed memory goes back to the system."""

import ctypes
import sys

import psutil
import pytest

from service.worker.memory import trimmer

GLIBC = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim")


@pytest.mark.skipif(not GLIBC, reason="the C library has no malloc_trim")
def test_what_was_freed_below_what_is_kept_goes_back() -> None:
    process = psutil.Process()
    pieces = [bytes(20_000) for _ in range(10_000)]
    kept = pieces[::100]  # between them nothing goes back by itself
    before = process.memory_info().rss
    del pieces
    trimmer()()
    assert before - process.memory_info().rss > 100e6
    assert len(kept) == 100


def test_elsewhere_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    trimmer()()

"""Many cameras share one detector: fairly, in order, and nobody's error is lost."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.batcher import BATCH_SIZES, Batcher, FrameQueue, fixed_sizes
from streams.frame import Frame, ViewKey

GUARD_S = 10.0
"""Only so that a failing test ends; nothing waits for time to pass."""


def frame(camera_id: str, elapsed_s: float, shape: tuple[int, int] = (4, 6)) -> Frame:
    crop = np.zeros((*shape, 3), np.uint8)
    return Frame(ViewKey(camera_id, "home"), elapsed_s, None, None, 0.0, (6, 4), (crop,), (), cast(Any, None))


def filled(batcher: Batcher, camera_id: str, count: int, shape: tuple[int, int] = (4, 6)) -> FrameQueue:
    queue = batcher.open(camera_id)
    for n in range(count):
        queue.put(frame(camera_id, n, shape))
    return queue


def served(batcher: Batcher, batches: int) -> list[str]:
    found = []
    for _ in range(batches):
        batch = batcher.next()
        assert batch is not None
        found += [f.view.camera_id for f in batch.frames]
    return found


def test_no_open_queue_means_no_batch() -> None:
    assert Batcher().next() is None


def test_cameras_take_turns() -> None:
    batcher = Batcher(largest=4)
    for camera_id in "abc":
        filled(batcher, camera_id, 8)
    assert served(batcher, 3) == list("abcabcabcabc")


def test_a_camera_with_another_size_of_picture_does_not_starve() -> None:
    batcher = Batcher(largest=4)
    filled(batcher, "a", 8)
    filled(batcher, "b", 8, shape=(8, 8))
    filled(batcher, "c", 8)
    counts = Counter(served(batcher, 6))
    assert counts["b"] >= 2
    assert counts["a"] + counts["c"] >= 8


def test_a_batch_holds_one_size_of_picture() -> None:
    batcher = Batcher(largest=4)
    filled(batcher, "a", 4).end()
    filled(batcher, "b", 4, shape=(8, 8)).end()
    while (batch := batcher.next()) is not None:
        assert len({f.crops[0].shape for f in batch.frames}) <= 1


@given(st.lists(st.integers(0, 8), min_size=1, max_size=5), st.integers(1, 8))
def test_every_frame_comes_out_once_and_in_its_cameras_order(counts: list[int], largest: int) -> None:
    batcher = Batcher(largest)
    for n, count in enumerate(counts):
        filled(batcher, f"cam{n}", count).end()
    found: dict[str, list[float]] = {f"cam{n}": [] for n in range(len(counts))}
    ended = []
    while (batch := batcher.next()) is not None:
        assert len(batch.frames) <= largest
        for f in batch.frames:
            found[f.view.camera_id].append(f.elapsed_s)
        ended += [camera_id for camera_id, _ in batch.ended]
    assert found == {f"cam{n}": list(range(count)) for n, count in enumerate(counts)}
    assert sorted(ended) == sorted(found)


@given(st.integers(0, 40))
def test_crops_come_in_a_few_fixed_sizes(count: int) -> None:
    stacks = list(fixed_sizes([np.full((2, 3, 3), n, np.uint8) for n in range(count)]))
    assert all(len(s) in BATCH_SIZES for s in stacks)
    assert [int(crop[0, 0, 0]) for s in stacks for crop in s] == list(range(count))
    assert [len(s) for s in stacks] == sorted((len(s) for s in stacks), reverse=True)


@pytest.mark.parametrize(("times", "passing"), [(range(20), 8), (range(0, 200, 10), 4), (range(0, 2000, 100), 1)])
def test_reading_waits_when_it_is_too_far_ahead_in_frames_or_in_seconds(times: range, passing: int) -> None:
    batcher = Batcher(largest=1)
    queue = batcher.open("a")
    put: list[float] = []
    blocked = threading.Event()
    wait_for = batcher._ready.wait_for

    def watched(predicate: Any, timeout: float | None = None) -> bool:
        if not predicate():
            blocked.set()
        return bool(wait_for(predicate, timeout))

    batcher._ready.wait_for = watched  # type: ignore[method-assign,assignment]

    def read() -> None:
        for at in times:
            queue.put(frame("a", at))
            put.append(at)
        queue.end()

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        assert blocked.wait(GUARD_S)
        assert len(put) == len(queue.frames) == passing
        found = []
        while (batch := batcher.next()) is not None:
            found += [f.elapsed_s for f in batch.frames]
        reading.result(GUARD_S)
    assert found == list(times)


def test_many_reading_threads_lose_nothing() -> None:
    batcher = Batcher(largest=4)
    queues = [batcher.open(f"cam{n}") for n in range(6)]

    def read(queue: FrameQueue) -> None:
        for at in range(50):
            queue.put(frame(queue.camera_id, at))
        queue.end()

    found: dict[str, list[float]] = {q.camera_id: [] for q in queues}
    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(read, q) for q in queues]
        while (batch := batcher.next()) is not None:
            for f in batch.frames:
                found[f.view.camera_id].append(f.elapsed_s)
        for reader in readers:
            reader.result(GUARD_S)
    assert all(times == list(range(50)) for times in found.values())


def test_an_error_arrives_after_the_cameras_last_frame_and_concerns_nobody_else() -> None:
    batcher = Batcher(largest=1)
    broken, fine = filled(batcher, "broken", 2), filled(batcher, "fine", 3)
    error = RuntimeError("disk on fire")
    broken.end(error)
    fine.end()
    order: list[Any] = []
    while (batch := batcher.next()) is not None:
        order += [f.view.camera_id for f in batch.frames] + list(batch.ended)
    assert order.index(("broken", error)) > max(i for i, what in enumerate(order) if what == "broken")
    assert order.count("fine") == 3
    assert ("fine", None) in order


def test_abandoned_readers_are_let_go() -> None:
    batcher = Batcher()
    queue = filled(batcher, "a", 8)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(queue.put, frame("a", 8))
        batcher.abandon()
        waiting.result(GUARD_S)
    assert len(queue.frames) == 8
    queue.put(frame("a", 9))
    assert len(queue.frames) == 8


def test_a_waiting_detector_wakes_for_a_frame_and_for_an_end() -> None:
    batcher = Batcher()
    queue = batcher.open("a")
    with ThreadPoolExecutor(1) as pool:
        batch = pool.submit(batcher.next)
        queue.put(frame("a", 0))
        first = batch.result(GUARD_S)
        assert first is not None
        assert len(first.frames) == 1
        batch = pool.submit(batcher.next)
        queue.end()
        last = batch.result(GUARD_S)
        assert last is not None
        assert last.ended == (("a", None),)
    assert batcher.next() is None

"""A folder reader that is stopped, or whose folder goes away, goes on where it was."""

import json
import threading
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from streams.link import LinkState, Trouble
from tests.streams.watched_folder import NOON, delivered, done, watching


def test_a_restart_goes_on_after_what_was_finished(clip: Path, folder: Path) -> None:
    delivered(clip, folder, 0)
    with watching(folder) as camera:
        camera.wait(lambda _: len(done(camera)) == 1)
    kept = json.loads(json.dumps(camera.reader.state()))  # type: ignore[attr-defined]
    delivered(clip, folder, 10)
    with watching(folder, resume=kept) as camera:
        camera.wait_for_frames(6)
        camera.wait(lambda _: len(done(camera)) == 2)
    assert [f.elapsed_s for f in camera.frames] == pytest.approx([10 + n for n in range(6)], abs=0.01)
    assert camera.frames[0].captured_at == NOON + timedelta(seconds=10)


@pytest.mark.parametrize("judged_s", [2.0, 8.0])
def test_a_restart_reads_again_only_what_was_not_judged(clip: Path, folder: Path, judged_s: float) -> None:
    for start_s in (0, 6):
        delivered(clip, folder, start_s)
    with watching(folder) as camera:
        camera.wait_for_frames(12)
        camera.wait(lambda _: len(done(camera)) == 2)
    kept = json.loads(json.dumps(camera.reader.state(judged_s)))  # type: ignore[attr-defined]
    assert len(kept["done"]) == (0 if judged_s < 6 else 1)
    with watching(folder, resume=kept) as camera:
        camera.wait(lambda _: len(done(camera)) == 2)
    later = [s for s in range(12) if s > judged_s]
    assert [f.elapsed_s for f in camera.frames] == pytest.approx(later, abs=0.01)


def test_stopped_inside_a_file_it_goes_on_there(clip: Path, folder: Path) -> None:
    delivered(clip, folder, 0)
    gate = threading.Semaphore(2)
    with watching(folder, deliver=lambda _: gate.acquire(timeout=10)) as camera:
        camera.wait_for_frames(2)
        camera.reader.stop()
        gate.release()
        assert camera.reader.join(5.0)
        kept = camera.reader.state()  # type: ignore[attr-defined]
        assert kept["done"] == []
        first = [f.elapsed_s for f in camera.frames]
    with watching(folder, resume=kept) as camera:
        camera.wait(lambda _: len(done(camera)) == 1)
    times = first + [f.elapsed_s for f in camera.frames]
    assert times == pytest.approx(range(6), abs=0.01)
    assert all(a < b for a, b in pairwise(times))


def test_a_folder_that_is_away_is_told_and_nothing_is_read_twice_when_it_is_back(clip: Path, folder: Path) -> None:
    delivered(clip, folder, 0)
    with watching(folder) as camera:
        camera.wait_for_frames(6)
        away = folder.rename(folder.with_name("away"))
        camera.wait_for(LinkState.BACKING_OFF)
        assert camera.reader.link.troubles == {Trouble.NOT_FOUND: 1}
        delivered(clip, away, 6)
        away.rename(folder)
        camera.wait_for_frames(6)
    assert [f.elapsed_s for f in camera.frames] == pytest.approx(range(12), abs=0.01)

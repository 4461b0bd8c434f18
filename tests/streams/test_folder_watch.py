"""A folder watched for recordings: each file once, in order, whole, and not a wanted picture lost."""

import shutil
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from streams import new_files
from streams.batcher import Batcher
from streams.clip import clip_length_s, write_clip
from streams.frame import Clock
from streams.link import LinkState, Trouble
from streams.new_files import Folder
from tests.scenery import street
from tests.streams.watched_folder import NOON, PATTERN, delivered, done, watching


def test_files_are_read_in_order_and_what_lies_between_them_is_an_outage(
    clip: Path, folder: Path, tmp_path: Path
) -> None:
    for start_s in (600, 0, 6):
        delivered(clip, folder, start_s)
    with watching(folder) as camera:
        camera.wait_for_frames(18)
        camera.wait(lambda c: c.reader.link.state is LinkState.RESTING)
    times = [f.elapsed_s for f in camera.frames]
    assert times == pytest.approx([*range(12), *range(600, 606)], abs=0.01)
    assert [f.captured_at for f in camera.frames] == [NOON + timedelta(seconds=round(t)) for t in times]
    assert {f.clock for f in camera.frames} == {Clock.FILENAME}
    assert camera.clock.now_s() == pytest.approx(606, abs=0.01)
    assert camera.clock.at(3.0) == NOON + timedelta(seconds=3)
    assert camera.clock.at(601.5) == NOON + timedelta(seconds=601.5)
    span = camera.recorder.clip(600, 606, 603)
    assert span is not None
    assert clip_length_s(write_clip(span, tmp_path)) == pytest.approx(6, abs=0.05)


def test_what_comes_later_is_read_when_it_comes(clip: Path, folder: Path) -> None:
    with watching(folder) as camera:
        camera.wait(lambda c: c.reader.link.state is LinkState.RESTING)
        for start_s in (0, 6):
            delivered(clip, folder, start_s)
            camera.wait_for_frames(6)
    assert [c.state for c in camera.changes if c.state is LinkState.LIVE]
    assert [f.elapsed_s for f in camera.frames] == pytest.approx(range(12), abs=0.01)


def test_numbered_files_without_times_follow_each_other(clip: Path, folder: Path) -> None:
    for n in (10, 9):
        shutil.copy(clip, folder / f"part{n}.mp4")
    with watching(folder, pattern=None) as camera:
        camera.wait_for_frames(12)
    assert [f.elapsed_s for f in camera.frames] == pytest.approx(range(12), abs=0.01)
    assert {(f.captured_at, f.clock) for f in camera.frames} == {(None, None)}
    assert done(camera) == ["part9.mp4", "part10.mp4"]


def test_the_container_states_the_time_where_the_name_does_not(folder: Path) -> None:
    street(folder / "a.mp4", seconds=2, gop_s=1, metadata={"creation_time": NOON.isoformat()})
    with watching(folder, pattern=None) as camera:
        camera.wait_for_frames(2)
    assert [(f.captured_at, f.clock) for f in camera.frames] == [
        (NOON + timedelta(seconds=n), Clock.CONTAINER) for n in range(2)
    ]


def test_a_file_is_read_when_it_is_whole(clip: Path, folder: Path) -> None:
    data = clip.read_bytes()
    path = folder / f"gate_{NOON:{PATTERN}}.mp4"
    path.write_bytes(b"")
    with watching(folder) as camera:
        for at in range(0, len(data), len(data) // 8 + 1):  # grows between any two looks
            with path.open("ab") as file:
                file.write(data[at : at + len(data) // 8 + 1])
            time.sleep(0.05)
            assert not camera.frames or at + len(data) // 8 + 1 >= len(data)
        camera.wait(lambda c: len(c.frames) >= 6, "it is read")
        assert camera.reader.link.troubles == {}


def test_a_file_that_is_never_whole_is_noted_and_the_next_is_read(
    clip: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_files, "PATIENCE_S", 0.3)
    (folder / f"gate_{NOON:{PATTERN}}.mp4").write_bytes(clip.read_bytes()[:3000])
    (folder / f"gate_{NOON + timedelta(seconds=6):{PATTERN}}.mp4").write_bytes(b"no video at all")
    delivered(clip, folder, 12)
    with watching(folder) as camera:
        camera.wait_for_frames(6)
        assert camera.reader.link.troubles == {Trouble.GARBAGE: 2}
        assert len(done(camera)) >= 2
    told = [c.message for c in camera.changes if c.trouble]
    assert "gate_20260501_120000.mp4: is cut short" in told[0]
    assert "is not a recording that FFmpeg can read" in told[1]


def test_nothing_is_lost_where_pictures_are_taken_slowly(clip: Path, folder: Path) -> None:
    delivered(clip, folder, 0)
    batcher = Batcher()
    queue = batcher.open("gate")
    taken: list[float] = []
    with watching(folder, "all", deliver=queue.put) as camera:

        def detect() -> None:
            while (batch := batcher.next()) is not None:
                taken.extend(f.elapsed_s for f in batch.frames)
                time.sleep(0.01)

        detector = threading.Thread(target=detect)
        detector.start()
        camera.wait(lambda _: len(taken) == 60)
        queue.end()
        detector.join()
    assert taken == pytest.approx([n / 10 for n in range(60)], abs=0.01)
    assert camera.lane.drops == {}


def test_reading_waits_while_it_is_held(clip: Path, folder: Path) -> None:
    delivered(clip, folder, 0)
    held = threading.Event()
    with watching(folder, hold=held.is_set, deliver=lambda f: held.set() if f.elapsed_s > 1.5 else None) as camera:
        camera.wait_for_frames(3)
        time.sleep(0.2)
        assert len(camera.frames) == 3
        held.clear()
        camera.wait_for_frames(1)


def test_a_glob_and_dated_folders_are_watched_too(clip: Path, folder: Path) -> None:
    for day in ("01", "02"):
        (folder / day).mkdir()
        shutil.copy(clip, folder / day / "0001.mp4")
    shutil.copy(clip, folder / "01" / "0001.tmp")
    with watching(folder / "*" / "*.mp4", pattern=None) as camera:
        camera.wait_for_frames(12)
        camera.wait(lambda _: done(camera) == ["01/0001.mp4", "02/0001.mp4"])


def test_names_are_relative_to_what_a_glob_leaves_open(tmp_path: Path) -> None:
    assert Folder(str(tmp_path / "[[]x]" / "cam*" / "*.mp4"), None, time.monotonic).base == tmp_path / "[x]"
    assert Folder(str(tmp_path), None, time.monotonic).base == tmp_path

"""What cannot be opened says why; what merely has an odd name opens."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest

from streams.opening import Unreadable, container_start, open_video
from streams.source import Segment
from tests import odd_recordings as odd
from tests.scenery import street


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (odd.truncated, "cut short: an mp4 whose index .moov. is missing"),
        (odd.zero_bytes, r"empty \(0 bytes\)"),
        (odd.text, r"not a recording that FFmpeg can read \(\d+ bytes\)"),
        (odd.noise, r"not a recording that FFmpeg can read \(65536 bytes\)"),
        (odd.audio_only, "no video in it, only audio"),
        (lambda path: path, "no such file"),
    ],
)
def test_a_bad_file_says_what_is_wrong_with_it(tmp_path: Path, make: Callable[[Path], Path], why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        open_video(Segment(str(make(tmp_path / "bad.mp4"))))


def test_a_directory_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="is a directory"):
        open_video(Segment(str(tmp_path)))


@pytest.mark.parametrize("url", ["rtsp://admin:secret@127.0.0.1:1/x", "http://127.0.0.1:1/x?token=secret"])
def test_a_camera_that_refuses_is_named_without_its_credentials(url: str) -> None:
    with pytest.raises(Unreadable, match=r"cannot be reached \(ConnectionRefused\)") as problem:
        open_video(Segment(url))
    assert "secret" not in str(problem.value)
    assert "secret" not in Segment(url).name


@pytest.mark.parametrize("name", ["12:30:00.mp4", "rtsp:cam.mp4", "100% [a] #1?.mp4", "街角.mp4", "-i.mp4"])
def test_odd_names_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    made = street(tmp_path / "made.mp4", seconds=0.2)
    shutil.copy(made, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for path in (name, str(tmp_path / name)):
        container, stream = open_video(Segment(path))
        with container:
            assert stream.width == 320


@pytest.mark.parametrize(
    ("made", "start"),
    [
        ("2026-05-01T08:00:00.000000Z", datetime(2026, 5, 1, 8, tzinfo=UTC)),
        ("2026-05-01T08:00:00+08:00", datetime(2026, 5, 1, 0, tzinfo=UTC)),
        ("1904-01-01T00:00:00Z", None),
        (None, None),
    ],
)
def test_the_container_states_its_start_unless_it_cannot_be_right(
    tmp_path: Path, made: str | None, start: datetime | None
) -> None:
    path = street(tmp_path / "c.mkv", seconds=0.2, metadata={"creation_time": made} if made else {})
    with av.open(str(path)) as container:
        assert container_start(container) == start

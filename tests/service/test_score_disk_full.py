"""The disk fills up while evidence is written: the program says so, leaves nothing half-written, and goes on later."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_line import Ended, read_lines, streetorder, unfinished
from tests.scenery import Thing, street
from vision.keys import load_key
from vision.verify import verify

CARS = [
    Thing("red", (0.05, 0.4, 0.25, 0.7), 1),
    Thing("green", (0.4, 0.4, 0.6, 0.7), 12),
    Thing("blue", (0.75, 0.4, 0.95, 0.7), 24),
]


@dataclass(frozen=True, slots=True)
class SmallDisk:
    folder: Path

    def size(self, kib: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={kib}k", self.folder], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A real file system with next to no room. Without the right to mount one the same is tried, write by write, in
    ``test_resume.py``, with writes that fail."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no small disk: {done.stderr.strip()}")
    yield SmallDisk(folder)
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_named_and_the_same_command_finishes_once_there_is_room(
    small_disk: SmallDisk, toy_model: Path, tmp_path: Path, key: Path
) -> None:
    recording = street(tmp_path / "gate.mp4", seconds=40, fps=5, things=CARS)

    def score(results: Path) -> Ended:
        return streetorder(
            "score", recording, "--model", toy_model, "--out", results, "--dwell", "motor_vehicle_parking=6"
        )

    assert score(tmp_path / "undisturbed").code == 0
    results = small_disk.folder / "results"
    room_kib, sealed, codes = 64, set(), []
    while True:
        ended = score(results)
        codes.append(ended.code)
        if (results / "evidence").exists():
            report = verify(results, load_key(key).public)
            assert report.exit_code == 0, report.lines()
            assert report.evidence >= len(sealed), "what was sealed stays"
            sealed = {p.name for p in (results / "evidence").iterdir() if p.is_dir()}
        assert unfinished(results) == []
        if ended.code == 0:
            break
        assert ended.code == 3
        (line,) = [line for line in ended.err.splitlines() if "No space left on device" in line]
        assert line.startswith(str(results))
        assert "free some space and run the same command again" in line
        room_kib += 700
        small_disk.size(room_kib)
    assert codes.count(3) >= 2
    assert read_lines(results / "violations.jsonl") == read_lines(tmp_path / "undisturbed" / "violations.jsonl")
    assert verify(results, load_key(key).public).evidence == 3

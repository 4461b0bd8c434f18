"""What the detector said of each picture that was looked at, kept so that rules can be tried without the video."""

from datetime import timedelta
from pathlib import Path
from typing import IO

from streams.frame import Frame, ViewKey
from vision.records import Detections
from vision.sequence_info import SequenceInfo, write_info

RATE = 100.0
"""Frames are numbered in hundredths of a second: pictures are looked at when they come, not at a steady rate."""


class DetectionLog:
    """A folder with ``CAMERA/det/det.txt`` and ``CAMERA/seqinfo.ini`` for each camera, as ``replay`` reads them.

    A picture in which nothing was seen has a line too. Going on with a recording appends to its file; beginning it
    anew replaces it.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._files: dict[ViewKey, IO[str]] = {}
        self._sizes: dict[ViewKey, tuple[int, int]] = {}

    def add(self, frame: Frame, detections: Detections) -> None:
        """Raises ``OSError``."""
        number = round(frame.elapsed_s * RATE) + 1
        file = self._files.get(frame.view) or self._open(frame, detections.keys, number)
        width, height = self._sizes[frame.view]
        for (x1, y1, x2, y2), score, cls in zip(
            detections.xyxy.tolist(), detections.score.tolist(), detections.cls.tolist(), strict=True
        ):
            box = f"{x1 * width:.2f},{y1 * height:.2f},{(x2 - x1) * width:.2f},{(y2 - y1) * height:.2f}"
            file.write(f"{number},-1,{box},{score:.4f},{cls},-1,-1\n")
        if not len(detections):
            file.write(f"{number},-1,-1,-1,-1,-1,0,-1,-1,-1\n")

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    def _open(self, frame: Frame, keys: tuple[str, ...], number: int) -> IO[str]:
        home = self.folder / frame.view.camera_id
        path = home / "det" / "det.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        goes_on = path.is_file() and _last_number(path) < number
        start = None if frame.captured_at is None else frame.captured_at - timedelta(seconds=frame.elapsed_s)
        self._sizes[frame.view] = frame.size
        if not goes_on:
            write_info(home, frame.view.camera_id, SequenceInfo(frame.size, RATE, keys, start, only_named=True))
        self._files[frame.view] = path.open("a" if goes_on else "w", encoding="utf-8")
        return self._files[frame.view]


def _last_number(path: Path) -> int:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        lines = file.read().splitlines()
    first = lines[-1].split(b",")[0] if lines else b""
    return int(first) if first.isdigit() else 0

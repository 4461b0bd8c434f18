"""Detections that somebody recorded: MOTChallenge text, a line for each box.

``frame, id, left, top, width, height, score, class, ...`` with pixels and frames counted from 1; columns after the
eighth mean nothing here. A box of -1, -1, -1, -1 says that nothing was seen in that frame. The size of the picture and
its rate stand in ``seqinfo.ini`` beside or above the file, as MOTChallenge has it, or are told.
"""

import configparser
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vision.records import Detections

COLUMNS = "frame, id, left, top, width, height, score[, class, ...]"
NOTHING = [-1.0] * 4
LAST_FRAME = 10**9
PLAIN_FOLDERS = frozenset({"det", "data", "detections"})
"""Folders of the layout that say nothing of the camera."""


class RecordedProblem(ValueError):
    """A file of detections that cannot be used. The message names file, line, value and what is allowed."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recording.

    rows: ``(n, 7)`` frame, x1, y1, x2, y2 in pixels, score, index into ``keys``; by frame, best first. name: what
    tells it from the others. size: width and height in pixels. fps: frames a second. last: number of the last frame.
    """

    path: Path
    name: str
    size: tuple[int, int]
    fps: float
    keys: tuple[str, ...]
    rows: NDArray[np.float64]
    last: int

    @property
    def length_s(self) -> float:
        return self.last / self.fps

    def frames(self) -> Iterator[tuple[float, Detections]]:
        """Seconds and detections of every frame up to the last one named: one without a box was looked at as well."""
        begins = np.searchsorted(self.rows[:, 0], np.arange(1, self.last + 2))
        for number in range(1, self.last + 1):
            rows = self.rows[begins[number - 1] : begins[number]]
            yield (
                (number - 1) / self.fps,
                Detections(
                    (rows[:, 1:5] / (self.size * 2)).clip(0, 1).astype(np.float32),
                    rows[:, 5].astype(np.float32),
                    rows[:, 6].astype(np.int64),
                    self.keys,
                ),
            )


def find_recorded(source: Path) -> list[tuple[Path, str]]:
    """The files of detections in a file or a tree, each with a name: its folders without those that every one has.

    Raises ``RecordedProblem`` where there is none.
    """
    files = [source] if source.is_file() else sorted(p for p in source.rglob("*.txt") if "gt" not in p.parts)
    if not files:
        raise RecordedProblem(f"{source}: no detections here; a .txt file with lines of {COLUMNS} is needed")
    named = []
    for file in files:
        inside = file.relative_to(source).with_suffix("") if source.is_dir() else Path(file.stem)
        parts = [part for part in inside.parts[:-1] if part not in PLAIN_FOLDERS]
        alone = source.is_file() or not parts or sum(f.parent == file.parent for f in files) > 1
        named.append((file, "-".join([*parts, inside.name] if alone else parts)))
    return named


def read_recorded(
    path: Path,
    name: str,
    key_of: Mapping[int, str | None],
    default_key: str | None,
    size: tuple[int, int] | None,
    fps: float | None,
) -> Recorded:
    """key_of: our key of each class, None for what is none of ours. default_key: of boxes whose class is -1 or missing.

    size and fps win over ``seqinfo.ini``. Raises ``RecordedProblem``, ``OSError``.
    """
    size, fps = _told(path, size, fps)
    keys = tuple(sorted({key for key in [*key_of.values(), default_key] if key}))
    rows, last = [], 0
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if line.strip():
            frame, row = _row(f"{path}:{number}", line.replace(",", " ").split(), key_of, default_key, keys)
            last = max(last, frame)
            if row is not None:
                rows.append(row)
    table = np.array(rows, np.float64).reshape(-1, 7)
    return Recorded(path, name, size, fps, keys, table[np.lexsort([-table[:, 5], table[:, 0]])], last)


def _row(
    where: str, values: Sequence[str], key_of: Mapping[int, str | None], default_key: str | None, keys: Sequence[str]
) -> tuple[int, tuple[float, ...] | None]:
    """The frame and, if something of ours is said to be there, the row."""
    try:
        frame, _, *box, score = (float(v) for v in values[:7])
        x, y, w, h = box
        cls = int(float(values[7])) if len(values) > 7 else -1
    except (ValueError, OverflowError):
        raise RecordedProblem(f"{where}: {' '.join(values)[:60]!r}: numbers are needed: {COLUMNS}") from None
    if not 1 <= frame <= LAST_FRAME:
        raise RecordedProblem(f"{where}: frame {frame:g}: 1 to {LAST_FRAME} are allowed")
    if box == NOTHING:
        return int(frame), None
    if not all(math.isfinite(v) for v in (*box, score)) or w <= 0 or h <= 0:
        raise RecordedProblem(f"{where}: box {box}: four numbers with some width and height are allowed")
    if cls == -1 and default_key is None:
        raise RecordedProblem(f"{where}: the class of this box is not said; say what such boxes are: --key KEY")
    key = default_key if cls == -1 else key_of.get(cls)
    row = None if key is None else (int(frame), x, y, x + w, y + h, score, float(keys.index(key)))
    return int(frame), row


def _told(path: Path, size: tuple[int, int] | None, fps: float | None) -> tuple[tuple[int, int], float]:
    for folder in path.resolve().parents[:3]:
        if (folder / "seqinfo.ini").is_file():
            parser = configparser.ConfigParser()
            try:
                parser.read(folder / "seqinfo.ini", encoding="utf-8")
                told = parser["Sequence"]
                size = size or (int(told["imWidth"]), int(told["imHeight"]))
                fps = fps or float(told["frameRate"])
            except (configparser.Error, KeyError, ValueError) as error:
                raise RecordedProblem(
                    f"{folder / 'seqinfo.ini'}: {error}; [Sequence] with imWidth, imHeight and frameRate is needed"
                ) from None
            break
    if size is None:
        raise RecordedProblem(f"{path}: how large the pictures were is not said; say it: --size 1920x1080")
    if fps is None:
        raise RecordedProblem(f"{path}: how many pictures a second there were is not said; say it: --fps 10")
    return size, fps

"""Detections that somebody recorded: MOTChallenge text, a line for each box.

``frame, id, left, top, width, height, score, class, ...`` with pixels and frames counted from 1; columns after the
eighth mean nothing here. A box of -1, -1, -1, -1 says that nothing was seen in that frame. The size of the picture and
its rate stand in ``seqinfo.ini`` beside or above the file (``vision.sequence_info``), or are told.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vision.records import Detections
from vision.sequence_info import RecordedProblem, SequenceInfo, read_info

COLUMNS = "frame, id, left, top, width, height, score[, class, ...]"
NOTHING = [-1.0] * 4
LAST_FRAME = 10**9
PLAIN_FOLDERS = frozenset({"det", "data", "detections"})
"""Folders of the layout that say nothing of the camera."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recording.

    rows: ``(n, 7)`` frame, x1, y1, x2, y2 in pixels, score, index into ``keys``; by frame, best first. name: what
    tells it from the others. size: width and height in pixels. fps: frames a second.
    numbers: ``(k,)`` of the frames that were looked at, in order. start: when it began, None if nobody knows.
    written_fps: what ``seqinfo.ini`` says; a person may have told another.
    """

    path: Path
    name: str
    size: tuple[int, int]
    fps: float
    keys: tuple[str, ...]
    rows: NDArray[np.float64]
    numbers: NDArray[np.int64]
    start: datetime | None
    written_fps: float | None

    @property
    def last(self) -> int:
        return int(self.numbers[-1]) if len(self.numbers) else 0

    @property
    def length_s(self) -> float:
        return self.last / self.fps

    def frames(self) -> Iterator[tuple[float, Detections]]:
        """Seconds and detections of every frame that was looked at, whether anything was in it or not."""
        begins, ends = (np.searchsorted(self.rows[:, 0], self.numbers, side) for side in ("left", "right"))
        for number, begin, end in zip(self.numbers.tolist(), begins.tolist(), ends.tolist(), strict=True):
            rows = self.rows[begin:end]
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
    path: Path, name: str, key_of: Mapping[int, str | None], default_key: str | None, told: SequenceInfo
) -> Recorded:
    """key_of: our key of each class, None for what is none of ours. default_key: of boxes whose class is -1 or missing.

    What is told wins over ``seqinfo.ini``; classes that it names win over ``key_of``. Raises ``RecordedProblem``,
    ``OSError``.
    """
    info = read_info(path, told)
    if info.size is None:
        raise RecordedProblem(f"{path}: how large the pictures were is not said; say it: --size 1920x1080")
    if info.fps is None:
        raise RecordedProblem(f"{path}: how many pictures a second there were is not said; say it: --fps 10")
    key_of = key_of if info.classes is None else dict(enumerate(info.classes))
    keys = tuple(sorted({key for key in [*key_of.values(), default_key] if key}))
    rows, named = [], set()
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if line.strip():
            frame, row = _row(f"{path}:{number}", line.replace(",", " ").split(), key_of, default_key, keys)
            named.add(frame)
            if row is not None:
                rows.append(row)
    table = np.array(rows, np.float64).reshape(-1, 7)
    numbers = np.array(sorted(named), np.int64) if info.only_named else np.arange(1, max(named, default=0) + 1)
    ordered = table[np.lexsort([-table[:, 5], table[:, 0]])]
    return Recorded(path, name, info.size, info.fps, keys, ordered, numbers, info.start, info.written_fps)


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

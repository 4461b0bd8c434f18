"""``seqinfo.ini`` beside recorded detections, as MOTChallenge has it, and what this program adds to it.

``[Sequence]`` with ``imWidth``, ``imHeight`` and ``frameRate``; ours also ``classes`` (keys by number, comma between
them), ``start`` (ISO 8601) where it is known, and ``onlyNamed = 1``: no other frames were looked at than those named.
"""

import configparser
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from vision.durable import write_durably
from vision.records import iso

FILE = "seqinfo.ini"


class RecordedProblem(ValueError):
    """Recorded detections that cannot be used. The message names file, line, value and what is allowed."""


@dataclass(frozen=True, slots=True)
class SequenceInfo:
    """What is known of a recording; None where nothing says it.

    size: width and height in pixels. fps: frames a second. classes: our key of each number of a class.
    written_fps: what the file says, whatever a person told.
    """

    size: tuple[int, int] | None = None
    fps: float | None = None
    classes: tuple[str, ...] | None = None
    start: datetime | None = None
    only_named: bool = False
    written_fps: float | None = None


def read_info(path: Path, told: SequenceInfo) -> SequenceInfo:
    """What the file beside or above ``path`` says, under what a person told. Raises ``RecordedProblem``."""
    file = next((f for folder in path.resolve().parents[:3] if (f := folder / FILE).is_file()), None)
    found = SequenceInfo() if file is None else _parsed(file)
    return replace(
        found,
        size=told.size or found.size,
        fps=told.fps or found.fps,
        written_fps=found.fps,
        classes=told.classes or found.classes,
        start=told.start or found.start,
    )


def write_info(folder: Path, name: str, info: SequenceInfo) -> None:
    """Raises ``OSError``."""
    assert info.size is not None
    values = {"name": name, "frameRate": info.fps, "imWidth": info.size[0], "imHeight": info.size[1]}
    values |= {"classes": ",".join(info.classes)} if info.classes else {}
    values |= {"start": iso(info.start)} if info.start else {}
    values |= {"onlyNamed": int(info.only_named)}
    lines = ["[Sequence]", *(f"{key}={value}" for key, value in values.items()), ""]
    write_durably(folder / FILE, "\n".join(lines).encode())


def _parsed(file: Path) -> SequenceInfo:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(file, encoding="utf-8")
        told = parser["Sequence"]
        start = told.get("start")
        return SequenceInfo(
            (int(told["imWidth"]), int(told["imHeight"])),
            float(told["frameRate"]),
            tuple(key.strip() for key in told["classes"].split(",")) if "classes" in told else None,
            datetime.fromisoformat(start) if start else None,
            told.get("onlyNamed", "0") == "1",
        )
    except (configparser.Error, KeyError, ValueError) as error:
        raise RecordedProblem(f"{file}: {error}; [Sequence] with imWidth, imHeight and frameRate is needed") from None

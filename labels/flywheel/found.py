"""Violations as ``streetorder score`` leaves them in its folder, with the picture of the moment of confirmation."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labels.datasets.records import LabelsError, Xyxy

VIOLATIONS, TRIGGER = "violations.jsonl", "trigger.jpg"


@dataclass(frozen=True, slots=True)
class Found:
    """One violation. picture: at the moment to which the box belongs; None where its evidence is gone or never was."""

    id: str
    camera: str
    view: str
    key: str
    xyxy: Xyxy
    score: float
    picture: Path | None


def read_found(results: Sequence[Path]) -> list[Found]:
    """The violations of several folders of results. Raises ``LabelsError``."""
    found: dict[str, Found] = {}
    for folder in results:
        file = folder / VIOLATIONS
        if not file.is_file():
            raise LabelsError(f"{folder}: no results here; make some with: streetorder score SOURCE --out {folder}")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                one = _found(f"{file}:{number}", line, folder)
                found.setdefault(one.id, one)
    return list(found.values())


def _found(where: str, line: str, folder: Path) -> Found:
    try:
        record = json.loads(line)
        width, height = record["size"]
        x1, y1, x2, y2 = (
            min(max(x / side, 0.0), 1.0) for x, side in zip(record["xyxy"], (width, height) * 2, strict=True)
        )
        picture = folder / record["evidence"] / TRIGGER if record["evidence"] else None
        return Found(
            record["id"],
            record["camera_id"],
            record["view_id"],
            record["key"],
            (x1, y1, x2, y2),
            float(record["score"]),
            picture if picture is not None and picture.is_file() else None,
        )
    except (ValueError, KeyError, TypeError, ZeroDivisionError):
        raise LabelsError(f"{where}: it is no violation as streetorder score writes it") from None

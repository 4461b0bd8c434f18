"""Reads what is true or was found: our ``violations.jsonl``, a folder of results that holds one, or a simple CSV.

The CSV has a header with ``camera,key,onset,cleared`` and, as wanted, ``reported,x1,y1,x2,y2,width,height``. Times are
seconds of the camera's recording, or ISO 8601; boxes are pixels of ``width`` x ``height``, relative to the picture
without these. Rows with the key ``outage`` or ``observed`` say when there was nothing to see, and when the camera was
watched.
"""

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vision.evaluation.happening import OBSERVED, OUTAGE, Account, Happening
from vision.records import Box

NEEDED, BOX, SIZE = ("camera", "key", "onset", "cleared"), ("x1", "y1", "x2", "y2"), ("width", "height")
COLUMNS = (*NEEDED, "reported", *BOX, *SIZE)
VIOLATIONS, RUN = "violations.jsonl", "run.json"
Row = tuple[str, Mapping[str, Any]]


class AccountProblem(ValueError):
    """A table of events that cannot be read, or two that cannot be compared: file, line, value and what is allowed."""


def read_both(truth: Path, found: Path, keys: frozenset[str]) -> tuple[Account, Account]:
    """Both on one clock: UTC where both know it, else seconds of the recordings.

    keys: the types that there are. Raises ``AccountProblem``, ``OSError``.
    """
    sides = [(path, list(_rows(path, keys))) for path in (truth, found)]
    for clock in ("utc", "s"):
        if all(row[clock] is not None for _, rows in sides for _, row in rows):
            true, said = (_account(rows, clock) for _, rows in sides)
            observed = true.observed or _observed_by(found, clock)
            return Account(true.happenings, true.outages, observed), said
    for path, rows in sides:
        mixed = [where for where, row in rows if row["utc"] is None]
        if mixed and len(mixed) < len(rows):
            raise AccountProblem(f"{mixed[0]}: its time is in seconds, others in {path} are dates; one kind is allowed")
    raise AccountProblem(f"{truth} and {found}: one gives dates and the other seconds; give both in the same kind")


def _rows(path: Path, keys: frozenset[str]) -> Iterator[Row]:
    file = path / VIOLATIONS if path.is_dir() else path
    read: Callable[[Path], Iterator[Row]] = _csv if file.suffix.lower() == ".csv" else _jsonl
    for where, row in read(file):
        if row["key"] not in keys and row["key"] not in (OUTAGE, OBSERVED):
            raise AccountProblem(
                f"{where}: key {row['key']!r} is no type; allowed are {', '.join(sorted(keys))}, {OUTAGE}, {OBSERVED}"
            )
        yield where, row


def _jsonl(path: Path) -> Iterator[Row]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            v = json.loads(line)
            width, height = v["size"]
            box = [float(side) / full for side, full in zip(v["xyxy"], (width, height) * 2, strict=True)]
            names = ("onset", "cleared_at", "confirmed_at")
            utc = None if v["onset"] is None else tuple(_seconds(v[name], where, name)[0] for name in names)
            yield (
                where,
                {
                    "camera": v["camera_id"],
                    "key": v["key"],
                    "utc": utc,
                    "s": (v["onset_s"], v["cleared_s"], v["confirmed_s"]),
                    "xyxy": tuple(box),
                },
            )
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            if isinstance(error, AccountProblem):
                raise
            raise AccountProblem(f"{where}: not a line of {VIOLATIONS} ({type(error).__name__}: {error})") from None


def _csv(path: Path) -> Iterator[Row]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        table = csv.DictReader(file, skipinitialspace=True)
        columns = table.fieldnames or ()
        lacking = [name for name in NEEDED if name not in columns]
        strange = [name for name in columns if name not in COLUMNS]
        if lacking or strange:
            what = f"lacks {', '.join(lacking)}" if lacking else f"does not know {', '.join(map(repr, strange))}"
            raise AccountProblem(f"{path}:1: the header {what}; allowed are {', '.join(COLUMNS)}")
        for row in table:
            where = f"{path}:{table.line_num}"
            times = [_seconds(row.get(name), where, name) for name in ("onset", "cleared", "reported")]
            if times[0][0] is None:
                raise AccountProblem(f"{where}: onset is empty; seconds or an ISO 8601 time are needed")
            kinds = {kind for value, kind in times if value is not None}
            if len(kinds) > 1:
                raise AccountProblem(f"{where}: seconds and dates in one row; one kind is allowed")
            values = tuple(value for value, _ in times)
            if values[1] is not None and values[1] < times[0][0]:
                raise AccountProblem(f"{where}: cleared {row['cleared']} lies before onset {row['onset']}")
            if row["key"] in (OUTAGE, OBSERVED) and values[1] is None:
                raise AccountProblem(f"{where}: {row['key']} needs an end in the column cleared")
            kind = kinds.pop()
            yield (
                where,
                {
                    "camera": row["camera"],
                    "key": row["key"],
                    "utc": values if kind == "utc" else None,
                    "s": values if kind == "s" else None,
                    "xyxy": _box(row, where),
                },
            )


def _seconds(text: object, where: str, name: str) -> tuple[float | None, str]:
    """A time and its kind, ``s`` or ``utc``; None where it is empty."""
    if text is None or text == "":
        return None, ""
    try:
        value = float(str(text))
        if math.isfinite(value):
            return value, "s"
    except ValueError:
        try:
            at = datetime.fromisoformat(str(text))
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp(), "utc"
        except ValueError:
            pass
    raise AccountProblem(
        f"{where}: {name} {text!r} is no time; allowed are seconds, or ISO 8601 as 2026-03-01T08:00:00Z"
    )


def _box(row: Mapping[str, Any], where: str) -> Box | None:
    sides = [row.get(name) for name in BOX]
    if not any(sides):
        return None
    try:
        width, height = (float(row.get(name) or 1) for name in SIZE)
        x1, y1, x2, y2 = (float(str(side)) / full for side, full in zip(sides, (width, height) * 2, strict=True))
    except (ValueError, ZeroDivisionError):
        raise AccountProblem(f"{where}: box {sides} of {[row.get(n) for n in SIZE]}: four numbers are needed") from None
    if not (-0.5 <= x1 < x2 <= 1.5 and -0.5 <= y1 < y2 <= 1.5):
        raise AccountProblem(
            f"{where}: box {sides}: x1 < x2 and y1 < y2 are needed, in pixels with width and height, otherwise 0 to 1"
        )
    return x1, y1, x2, y2


def _account(rows: list[Row], clock: str) -> Account:
    happenings, spans = [], {OUTAGE: [], OBSERVED: []}  # type: ignore[var-annotated]
    for where, row in rows:
        onset, cleared, reported = row[clock]
        if row["key"] in spans:
            spans[row["key"]].append((row["camera"], onset, cleared))
        else:
            happenings.append(Happening(row["camera"], row["key"], onset, cleared, reported, row["xyxy"], where))
    return Account(tuple(happenings), tuple(spans[OUTAGE]), tuple(spans[OBSERVED]))


def _observed_by(found: Path, clock: str) -> tuple[tuple[str, float, float], ...]:
    """What a folder of results says it has read."""
    try:
        run = json.loads((found / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    del clock  # only how long it was is asked
    return tuple((c["camera_id"], f["start_s"], f["end_s"]) for c in run["cameras"] for f in c["files"])

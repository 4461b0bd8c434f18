"""What operators decided about violations, as JSON lines or CSV."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from labels.datasets.records import LabelsError

Verdict = Literal["confirmed", "rejected"]
Reason = Literal["mistaken", "allowed"]

FIELDS = ("violation", "decision", "type", "reason", "who", "when")
"""Columns of the CSV form and names in the JSON form; ``violation`` and ``decision`` must be there."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One violation as a person judged it.

    key: the type it really is, where the program named a wrong one. reason: why it was rejected: ``mistaken``, the
    thing is not there or is something else; ``allowed``, the thing is there but is no violation (a permit, a bay, a
    queue of traffic); None where nobody said. who and when are kept for whoever asks and go into no picture set.
    """

    violation: str
    verdict: Verdict
    key: str | None = None
    reason: Reason | None = None
    who: str = ""
    when: str = ""


def read_decisions(file: Path, types: Mapping[str, object]) -> dict[str, Decision]:
    """The decisions of a ``.jsonl`` or ``.csv`` file by violation; of several about one, the last in the file counts.

    types: the catalogue's types by key. Raises ``LabelsError`` naming file, line and what is allowed.
    """
    if not file.is_file():
        raise LabelsError(f"{file}: there is no such file")
    if file.suffix not in (".jsonl", ".csv"):
        raise LabelsError(f"{file}: decisions are read from .jsonl or .csv")
    try:
        records = list(_csv(file) if file.suffix == ".csv" else _json_lines(file))
    except UnicodeDecodeError:
        raise LabelsError(f"{file}: it is no text in UTF-8") from None
    return {d.violation: d for d in (_decision(where, record, types) for where, record in records)}


def _json_lines(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            raise LabelsError(f"{file}:{number}: {line[:80]!r} is not JSON") from None
        if not isinstance(record, dict):
            raise LabelsError(f"{file}:{number}: an object with {', '.join(FIELDS)} is needed")
        yield f"{file}:{number}", record


def _csv(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with file.open(encoding="utf-8-sig", newline="") as text:  # spreadsheets write a byte-order mark
        rows = csv.DictReader(text)
        if not {"violation", "decision"} <= set(rows.fieldnames or ()):
            raise LabelsError(f"{file}:1: the first line must name the columns, of {', '.join(FIELDS)}")
        for row in rows:
            yield f"{file}:{rows.line_num}", dict(row)


def _decision(where: str, record: dict[Any, Any], types: Mapping[str, object]) -> Decision:
    if unknown := [str(name) for name in record if name not in FIELDS]:
        raise LabelsError(f"{where}: unknown entry {', '.join(unknown)}; allowed are {', '.join(FIELDS)}")
    said = {name: record.get(name) or "" for name in FIELDS}
    for name, value in said.items():
        if not isinstance(value, str):
            raise LabelsError(f"{where}: {name}: {value!r} must be a text")
    if not said["violation"]:
        raise LabelsError(f"{where}: it names no violation")
    for name, allowed in (("decision", get_args(Verdict)), ("reason", ("", *get_args(Reason))), ("type", ("", *types))):
        if said[name] not in allowed:
            options = ", ".join(option for option in allowed if option)
            raise LabelsError(f"{where}: {name}: {said[name]!r}: allowed are {options}")
    if said["decision"] == "rejected" and said["type"]:
        raise LabelsError(f"{where}: it is rejected, so it has no type; confirm it with the type that it is")
    if said["decision"] == "confirmed" and said["reason"]:
        raise LabelsError(f"{where}: reason: only what is rejected has one")
    return Decision(
        said["violation"],
        said["decision"],  # type: ignore[arg-type]
        said["type"] or None,
        said["reason"] or None,  # type: ignore[arg-type]
        said["who"],
        said["when"],
    )

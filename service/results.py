"""What scoring leaves in its folder besides the evidence: violations, cases, tracks, and how it went."""

import fcntl
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from labels.violation import ViolationType
from vision.durable import naming, write_durably
from vision.manifest import evidence_folder
from vision.records import Violation, iso

JOURNAL, VIOLATIONS, CASES = "journal.jsonl", "violations.jsonl", "cases.jsonl"
TRACKS, RUN, STATE = "tracks.jsonl", "run.json", "state"
EVIDENCE = "evidence"


class NoResults(Exception):
    """The folder holds no results; the message says how to get some."""


class ResultsInUse(Exception):
    """Another run writes into the folder."""


def claim(results: Path) -> IO[bytes]:
    """Keep other runs out of the folder until the returned file is closed, or the program ends in whatever way.

    Raises ``ResultsInUse``, ``OSError``.
    """
    lock = (results / STATE / "lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise ResultsInUse(f"{results}: another run is writing here; wait for it or name another --out") from None
    return lock


def violation_line(v: Violation, types: Mapping[str, ViolationType], evidence: Path) -> dict[str, Any]:
    """One violation as in ``violations.jsonl``: the box in pixels of ``size``, times UTC ISO 8601 or None.

    evidence: the folder of all evidence; the path in the line is relative to the results.
    """
    width, height = v.size
    kind = types[v.key]
    home = evidence_folder(evidence, v.id)
    place = v.place and {"lat": v.place.lat, "lon": v.place.lon, "radius_m": v.place.radius_m}
    return {
        "id": v.id,
        "camera_id": v.camera_id,
        "view_id": v.view_id,
        "key": v.key,
        "gb_new": kind.gb_new,
        "gb_old": kind.gb_old,
        "onset": iso(v.onset),
        "confirmed_at": iso(v.confirmed_at),
        "cleared_at": iso(v.cleared_at),
        "onset_s": v.onset_s,
        "confirmed_s": v.confirmed_s,
        "cleared_s": v.cleared_s,
        "xyxy": [round(x * s, 1) for x, s in zip(v.xyxy, (width, height, width, height), strict=True)],
        "size": [width, height],
        "place": place,
        "score": v.score,
        "sightings": v.sightings,
        "repeat_of": v.repeat_of,
        "cue": v.cue,
        "evidence": f"{EVIDENCE}/{home.name}" if home.is_dir() else None,
    }


def write_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """JSON lines, whole or not at all. Raises ``OSError``."""
    with naming(path):
        write_durably(path, b"".join(json.dumps(r, ensure_ascii=False).encode() + b"\n" for r in records))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a JSON lines file; none where it does not exist."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def open_results(results: Path) -> dict[str, Any]:
    """What the last run says about itself. Raises ``NoResults``."""
    try:
        run: dict[str, Any] = json.loads((results / RUN).read_text(encoding="utf-8"))
        return run
    except (OSError, ValueError):
        raise NoResults(
            f"{results}: no results here; make some with: streetorder score SOURCE --out {results}"
        ) from None

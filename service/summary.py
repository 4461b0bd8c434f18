"""After a run: the files of results, the report, and what to tell the person."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labels.catalogue import load_catalogue
from models.card import ModelCard
from service.case_lines import case_lines, notes_on
from service.planning import Request
from service.report import write_report
from service.report_data import CameraRun, RecordedFile
from service.results import (
    CASES,
    EVIDENCE,
    RUN,
    TRACKS,
    VIOLATIONS,
    NoResults,
    open_results,
    read_lines,
    violation_line,
    write_lines,
)
from service.scoring import CameraOutcome, Scoring
from streams.source import redact
from vision.durable import naming, write_durably


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run found. failures: ``(file, message)``; speed: hours of video an hour."""

    results: Path
    report: Path
    violations: list[dict[str, Any]]
    cameras: list[dict[str, Any]]
    failures: list[tuple[str, str]]
    notes: list[str]
    wall_s: float
    scored_s: float

    @property
    def speed(self) -> float | None:
        return self.scored_s / self.wall_s if self.wall_s > 0 and self.scored_s > 0 else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "results": str(self.results),
            "report": str(self.report),
            "violations": self.violations,
            "cameras": self.cameras,
            "failures": [{"file": f, "message": m} for f, m in self.failures],
            "notes": self.notes,
            "wall_s": round(self.wall_s, 3),
            "scored_s": round(self.scored_s, 3),
            "speed": self.speed and round(self.speed, 2),
        }

    def text(self) -> str:
        counts = Counter(v["key"] for v in self.violations)
        types = load_catalogue().types
        lines = [f"{count:>5}  {types[key].zh}  {types[key].en}" for key, count in counts.most_common()]
        speed = f", {self.speed:.0f} times faster than real time" if self.speed else ""
        read = (
            f"{self.scored_s / 60:.1f} minutes of video were read{speed}" if self.scored_s else "nothing new was read"
        )
        lines.append(f"{len(self.violations)} violations; {read}")
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join([*lines, f"report: {self.report}"])


def summarise(scoring: Scoring, request: Request, card: ModelCard) -> Summary:
    """Write the files of results (``service.results``) and ``report.html``. Raises ``OSError``."""
    results = scoring.results
    types = load_catalogue().types
    violations = list(scoring.journal.violations())
    lines = [violation_line(v, types, results / EVIDENCE) for v in violations]
    write_lines(results / VIOLATIONS, lines)
    cases = case_lines(violations)
    write_lines(results / CASES, cases)
    _write_tracks(scoring)
    cameras = _cameras(scoring)
    now = {o.camera_id for o in scoring.outcomes}
    notes = [f"{c['camera_id']}: {note}" for c in cameras if c["camera_id"] in now for note in c["notes"]]
    notes += [str(mute) for mute in request.decided.muted] + notes_on(cases)
    if scoring.interrupted:
        notes.append("interrupted; the same command goes on from here")
    wall_s = scoring.wall_s
    seen = {key: rules.types[key] for o in scoring.outcomes for rules in [o.job.plan.rules] for key in rules.types}
    run: dict[str, Any] = {
        "cameras": cameras,
        "model": card.sha256,
        "dwell_s": {key: t.rule.dwell_s for key, t in seen.items()},
    }
    with naming(results / RUN):
        write_durably(results / RUN, json.dumps(run, ensure_ascii=False, indent=1).encode())
    report = write_report(
        results,
        lines,
        [_run_of(c) for c in cameras],
        types=types,
        dwells=run["dwell_s"],
        dwell_option="--dwell KEY=SECONDS",
        wall_s=wall_s,
        unproven=frozenset(key for key in seen if not card.proven.get(key, False)),
        zone=request.city.zone_info if request.city else UTC,
    )
    failures = [(f["file"], f["message"]) for c in cameras if c["camera_id"] in now for f in c["failures"]]
    scored_s = scoring.scored_s()
    return Summary(results, report, lines, cameras, failures, notes, wall_s, max(0.0, scored_s))


def _cameras(scoring: Scoring) -> list[dict[str, Any]]:
    """What is known of each camera, with what earlier runs in this folder say of those that were not read now."""
    try:
        known = {c["camera_id"]: c for c in open_results(scoring.results)["cameras"]}
    except NoResults:
        known = {}
    for outcome in scoring.outcomes:
        known[outcome.camera_id] = _camera(outcome)
    return [known[camera_id] for camera_id in sorted(known)]


def _camera(outcome: CameraOutcome) -> dict[str, Any]:
    read = outcome.job.so_far()
    failures = list(read.failures)
    if outcome.error is not None:
        failures.append({"file": outcome.camera_id, "message": redact(f"could not be read on: {outcome.error!r}")})
    return {
        "camera_id": outcome.camera_id,
        "files": read.files,
        "pictures": read.pictures,
        "looked_at": outcome.job.scene.frames,
        "duration_s": round(sum((f["end_s"] - f["start_s"] for f in read.files), 0.0), 3),
        "wall_s": round(read.wall_s, 3),
        "notes": _notes(outcome),
        "failures": failures,
    }


def _notes(outcome: CameraOutcome) -> list[str]:
    """What a person should know about the result: rules that could not be met or applied, pictures without sight."""
    scene, statistics = outcome.job.scene, outcome.job.reader.statistics
    notes = []
    length_s = outcome.job.observed_s
    longer = {k: t.rule.dwell_s for k, t in outcome.job.plan.rules.types.items() if t.rule.dwell_s > length_s > 0}
    if longer:
        named = ", ".join(f"{key} ({dwell_s:g} s)" for key, dwell_s in longer.items())
        notes.append(
            f"the recording ends at {length_s:.0f} s, before the dwell of {named}; ask for less: --dwell KEY=SECONDS"
        )
    if scene.unscheduled and scene.rules.zones.timed:
        notes.append("its start is unknown, so hours and permits were not applied; say it: --start or --start-pattern")
    for fault, count in sorted(scene.faults.items()):
        notes.append(f"{count} pictures are {fault.replace('_', ' ')}; they open and clear nothing")
    if statistics.undecodable or statistics.damaged:
        notes.append(f"{statistics.undecodable + statistics.damaged} damaged pictures were passed over")
    return notes


def _write_tracks(scoring: Scoring) -> None:
    """What stood for a while and became no violation, for ``explain``."""
    judged = [o.job.scene for o in scoring.outcomes if not o.skipped]
    anew = {scene.view.camera_id for scene in judged}
    kept = [t for t in read_lines(scoring.results / TRACKS) if t["camera_id"] not in anew]
    for scene in judged:
        kept += [scene.account(t) for t in (*scene.finished, *scene.standing())]
    write_lines(scoring.results / TRACKS, {t["id"]: t for t in kept}.values())


def _run_of(camera: dict[str, Any]) -> CameraRun:
    return CameraRun(
        camera_id=camera["camera_id"],
        files=[
            RecordedFile(f["name"], f["start_s"], f["end_s"], f["start_utc"] and datetime.fromisoformat(f["start_utc"]))
            for f in camera["files"]
        ],
        frames=camera["pictures"],
        decoded=camera["looked_at"],
        duration_s=camera["duration_s"],
        wall_s=camera["wall_s"],
        notes=camera["notes"],
        failures=[(f["file"], f["message"]) for f in camera["failures"]],
    )

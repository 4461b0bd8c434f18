"""Recorded detections through the tracker and the rules, without video: what would have been found."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labels.catalogue import load_catalogue
from models.card import ModelCard
from service.case_lines import case_lines
from service.city import City
from service.decided import Decided
from service.planning import scene_rules
from service.results import CASES, EVIDENCE, JOURNAL, RUN, TRACKS, VIOLATIONS, violation_line, write_lines
from streams.discover import SourceProblem
from streams.frame import Clock, Frame, ViewKey
from vision.durable import naming, write_durably
from vision.recorded import Recorded
from vision.records import Event, Violation, iso
from vision.scene import Scene


class NoPicture:
    """A replay has none."""

    def decode(self) -> NDArray[np.uint8]:
        raise AssertionError("a replay cuts no evidence")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one recording.

    shown: ``(n, 7)`` frame, number of the violation, x1, y1, x2, y2 in pixels and mean score of what was open then.
    """

    recorded: Recorded
    scene: Scene
    violations: list[Violation]
    shown: NDArray[np.float64]


def replay(recorded: Recorded, city: City, card: ModelCard, dwell: Mapping[str, float], decided: Decided) -> Replayed:
    """Frame after frame, as a camera would have shown them; nothing knows a later one."""
    camera = city.camera(recorded.name)
    view = camera.views[0]
    scene = Scene(ViewKey(camera.id, view.id), scene_rules(city, camera, view, card, dwell, decided))
    newest: dict[str, Event] = {}
    numbers: dict[str, int] = {}
    shown: list[list[float]] = []
    scale = np.array(recorded.size * 2)
    for elapsed_s, detections in recorded.frames():
        frame_number = round(elapsed_s * recorded.fps) + 1
        at = recorded.start and recorded.start + timedelta(seconds=elapsed_s)
        clock = Clock.OPTION if at else None
        frame = Frame(scene.view, elapsed_s, at, clock, 0.0, recorded.size, (), (), NoPicture())
        newest |= {event.id: event for event in scene.observe(frame, detections)}
        for track in scene.tracker.tracks:
            if track.violation is not None and track.last_s == elapsed_s:
                number = numbers.setdefault(track.violation.id, len(numbers) + 1)
                shown.append([frame_number, number, *(np.array(track.last_box) * scale), track.score])
    newest |= {event.id: event for event in scene.finish()}
    violations = [event.violation for event in newest.values()]
    return Replayed(recorded, scene, violations, np.array(shown).reshape(-1, 7))


def write_replayed(folder: Path, runs: Sequence[Replayed]) -> list[dict[str, Any]]:
    """``violations.jsonl``, ``cases.jsonl``, ``tracks.jsonl`` and ``run.json``; the lines of the first.

    Raises ``SourceProblem`` where the folder holds evidence of recordings, which a replay would make lie; ``OSError``.
    """
    if (folder / JOURNAL).exists() or (folder / EVIDENCE).exists():
        raise SourceProblem(f"{folder}: holds what was scored from video; name another folder: --out DIR")
    folder.mkdir(parents=True, exist_ok=True)
    types = load_catalogue().types
    lines = [violation_line(v, types, folder / EVIDENCE) for run in runs for v in run.violations]
    write_lines(folder / VIOLATIONS, lines)
    write_lines(folder / CASES, case_lines([v for run in runs for v in run.violations]))
    tracks = [run.scene.account(t) for run in runs for t in (*run.scene.finished, *run.scene.standing())]
    write_lines(folder / TRACKS, tracks)
    with naming(folder / RUN):
        write_durably(folder / RUN, _run(runs))
    return lines


def mot_lines(run: Replayed) -> bytes:
    """What was open in each frame, as MOTChallenge text: frame, number, left, top, width, height, score, -1, -1, -1."""
    return b"".join(
        f"{frame:.0f},{number:.0f},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},{score:.3f},-1,-1,-1\n".encode()
        for frame, number, x1, y1, x2, y2, score in run.shown.tolist()
    )


def _run(runs: Sequence[Replayed]) -> bytes:
    cameras = [
        {
            "camera_id": run.scene.view.camera_id,
            "files": [
                {
                    "name": str(run.recorded.path),
                    "start_s": 0.0,
                    "end_s": run.recorded.length_s,
                    "start_utc": iso(run.recorded.start),
                }
            ],
            "looked_at": run.scene.frames,
        }
        for run in runs
    ]
    dwell_s = {key: t.rule.dwell_s for run in runs for key, t in run.scene.rules.types.items()}
    return json.dumps({"cameras": cameras, "replayed": True, "dwell_s": dwell_s}, ensure_ascii=False, indent=1).encode()

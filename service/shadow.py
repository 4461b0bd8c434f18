"""A candidate model beside the one in service: both score the same recordings, and what they find is compared."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.card import ModelCard
from models.detector import Detector
from service.planning import Request, make_plans
from service.scoring import Scoring, Watching
from service.summary import Summary, summarise
from vision.boxes import iou
from vision.keys import SigningKey

OLD, NEW = "old", "new"
SAME_IOU = 0.5
"""The overlap from which practice calls two sightings the same object at the same place."""

TURNS = 7

Line = Mapping[str, Any]
"""A violation as in ``violations.jsonl``."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Violations of both models, each in exactly one list. both: same type, place and time; renamed: same place and
    time, another type; the old one's first."""

    both: list[tuple[Line, Line]] = field(default_factory=list)
    renamed: list[tuple[Line, Line]] = field(default_factory=list)
    only_old: list[Line] = field(default_factory=list)
    only_new: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Run:
    """One model's results. ms: milliseconds that it takes for one picture, detection alone."""

    card: ModelCard
    summary: Summary
    ms: float

    @property
    def pictures(self) -> int:
        """How many were looked at."""
        return sum(int(camera["looked_at"]) for camera in self.summary.cameras)


@dataclass(frozen=True, slots=True)
class Shadow:
    """The old model's run, which stays what is reported, the candidate's, and how they compare."""

    old: Run
    new: Run
    compared: Compared

    def verdict(self) -> str:
        """One line for whoever decides about a switch; it decides nothing itself."""
        c = self.compared
        again, before = len(c.both), len(c.both) + len(c.renamed) + len(c.only_old)
        unseen = sum(v["key"] not in self.old.card.keys for v in c.only_new)
        lost = sum(v["key"] not in self.new.card.keys for v in c.only_old)
        parts = [
            f"the candidate finds {again} of {before} violations again",
            f"misses {len(c.only_old)}" + (f" ({lost} of types that it does not see)" if lost else ""),
            f"raises {len(c.only_new)} others"
            + (f" ({unseen} of types that the old model does not see)" if unseen else ""),
        ]
        if c.renamed:
            parts.append(f"names {len(c.renamed)} differently")
        open_questions = len(c.renamed) + len(c.only_old) + len(c.only_new)
        longer = f"it takes {self.new.ms / self.old.ms:.2f} times as long for a picture"
        look = f"look at the {open_questions} disagreements before a switch" if open_questions else "they agree"
        return "; ".join((", ".join(parts), longer, look))

    def to_dict(self) -> dict[str, Any]:
        c = self.compared
        return {
            "old": _run(self.old),
            "new": _run(self.new),
            "both": [{"old": a["id"], "new": b["id"], "key": a["key"]} for a, b in c.both],
            "renamed": [
                {"old": a["id"], "new": b["id"], "old_key": a["key"], "new_key": b["key"]} for a, b in c.renamed
            ],
            "only_old": [{"id": v["id"], "key": v["key"]} for v in c.only_old],
            "only_new": [{"id": v["id"], "key": v["key"]} for v in c.only_new],
            "verdict": self.verdict(),
        }


def run_shadow(request: Request, old: Detector, new: Detector, key: SigningKey, watching: Watching) -> Shadow:
    """Score with the old model, then with the candidate, into the folders ``old`` and ``new`` of the results.

    Raises what scoring raises.
    """
    runs = []
    for name, detector, ms in zip((OLD, NEW), (old, new), pace(old, new), strict=True):
        own = replace(request, results=request.results / name)
        plans = make_plans(own, detector.card)
        watching.note(f"{name}: {detector.card.name} {detector.card.version}")
        scoring = Scoring(plans, detector, own.results, key, request.jobs or os.cpu_count() or 1, watching)
        scoring.run()
        runs.append(Run(detector.card, summarise(scoring, own, detector.card), ms))
    return Shadow(runs[0], runs[1], compare(runs[0].summary.violations, runs[1].summary.violations))


def pace(*detectors: Detector, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Milliseconds for one picture of each. They take turns and the best of each counts, so that whatever else the
    machine does meets all of them alike."""
    crops = [np.full((1, d.card.sizes[0][1], d.card.sizes[0][0], 3), 114, np.uint8) for d in detectors]
    best = [float("inf")] * len(detectors)
    for turn in range(TURNS + 1):
        for i, (detector, crop) in enumerate(zip(detectors, crops, strict=True)):
            began = clock()
            detector.detect(crop)
            if turn:  # the first one warms up
                best[i] = min(best[i], 1000 * (clock() - began))
    return best


def compare(old: Sequence[Line], new: Sequence[Line]) -> Compared:
    """Aligns violations one to one, those that overlap most first: of the same type, then of any."""
    both, old, new = _aligned(old, new, same_type=True)
    renamed, old, new = _aligned(old, new, same_type=False)
    return Compared(both, renamed, old, new)


def _aligned(
    old: Sequence[Line], new: Sequence[Line], *, same_type: bool
) -> tuple[list[tuple[Line, Line]], list[Line], list[Line]]:
    pairs = []
    if old and new:
        overlap = iou(_relative(old), _relative(new))
        for i, a in enumerate(old):
            for j, b in enumerate(new):
                fits = overlap[i, j] >= SAME_IOU and _together(a, b) and (a["key"] == b["key"] or not same_type)
                if fits:
                    pairs.append((float(overlap[i, j]), i, j))
    matched: dict[int, int] = {}
    for _, i, j in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if i not in matched and j not in matched.values():
            matched[i] = j
    return (
        [(old[i], new[j]) for i, j in sorted(matched.items())],
        [v for i, v in enumerate(old) if i not in matched],
        [v for j, v in enumerate(new) if j not in matched.values()],
    )


def _together(a: Line, b: Line) -> bool:
    """In the same view, and at some moment both at once."""
    if (a["camera_id"], a["view_id"]) != (b["camera_id"], b["view_id"]):
        return False
    return all(x["cleared_s"] is None or y["onset_s"] < x["cleared_s"] for x, y in ((a, b), (b, a)))


def _relative(lines: Sequence[Line]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([[x / side for x, side in zip(v["xyxy"], v["size"] * 2, strict=True)] for v in lines], np.float64)


def _run(run: Run) -> dict[str, Any]:
    return {
        "model": run.card.name,
        "version": run.card.version,
        "sha256": run.card.sha256,
        "violations": len(run.summary.violations),
        "pictures": run.pictures,
        "ms_per_picture": round(run.ms, 2),
        "results": os.fspath(run.summary.results),
        "report": os.fspath(run.summary.report),
    }


def picture_of(run: Run, violation: Line) -> Path | None:
    """The sealed picture of the moment of confirmation, None where there is none."""
    path = run.summary.results / violation["evidence"] / "trigger.jpg" if violation["evidence"] else None
    return path if path is not None and path.is_file() else None

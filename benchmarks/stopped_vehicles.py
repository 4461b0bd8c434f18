"""Stopped vehicles on six cameras: recorded detections through the shipped tracker, one picture at a time.

    python benchmarks/stopped_vehicles.py --data stopped_vehicle_events.tar.xz

A box is reported in a picture if its violation is confirmed by then. Scored by the rule of the recordings' authors: an
event is found if a box with an IoU of at least 0.5 is reported in 20 % of its pictures; what is reported is false if
less than 90 % of its boxes match a true one; latency counts from the event's first picture to the first match. No
parameter is tied to a camera or a sequence; all but the dwell are the shipped defaults. Cross-validated: each camera is
scored with the dwell that was best on the others.
"""

import argparse
import json
import multiprocessing
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.recorded_stops import FPS, SIZE, Sequence, read_sequences
from labels.catalogue import load_catalogue
from streams.frame import Frame, ViewKey
from vision.boxes import iou
from vision.motion import VEHICLE
from vision.place import Locator
from vision.records import Detections
from vision.scene import Scene
from vision.scene_rules import SceneRules
from vision.zones import Zones

DWELL_S = 4.0
DWELLS_S = (3.5, 4.0)
"""Those that cross-validation chooses from."""
SOON_ENOUGH = 29.0
"""Pictures of latency above which a dwell is none to choose."""
START, KEEP = 0.35, 0.12
"""Those of the shipped model for vehicles."""
FOUND_SHARE, TRUE_SHARE, MATCH_IOU = 0.2, 0.9, 0.5
VARIANTS = {"1 a second": (10, 0.0), "0.5 a second": (20, 0.0), "0.25 a second": (40, 0.0), "30 % dropped": (1, 0.3)}


class NoPicture:
    """There are no pictures here, only what a detector saw."""

    def decode(self) -> NDArray[np.uint8]:
        raise AssertionError("nothing decodes a picture where no evidence is cut")


def scene(camera: str, dwell_s: float) -> Scene:
    kind = load_catalogue().types[VEHICLE]
    rules = SceneRules(
        zones=Zones(()),
        locator=Locator(None, None, None, None),
        types={VEHICLE: replace(kind, rule=replace(kind.rule, dwell_s=dwell_s))},
        start={VEHICLE: START},
        keep={VEHICLE: KEEP},
        proven={VEHICLE: True},
        model="recorded",
        config="benchmark",
        rule_hashes={VEHICLE: "benchmark"},
    )
    return Scene(ViewKey(camera, "home"), rules)


def reported(sequence: Sequence, dwell_s: float, every: int = 1, dropped: float = 0.0) -> NDArray[np.float64]:
    """``(n, 6)`` frame, number of the violation, x1, y1, x2, y2 in pixels; no row depends on a later frame.

    every: look at each n-th frame only; in between the last boxes stand. dropped: part of the detections left out.
    """
    watched = scene(sequence.camera, dwell_s)
    chance = np.random.default_rng(0)
    numbers: dict[str, int] = {}
    rows: list[list[float]] = []
    shown: list[list[float]] = []
    for number, boxes, scores in sequence.frames():
        if (number - 1) % every == 0:
            kept = chance.random(len(boxes)) >= dropped
            frame = Frame(watched.view, (number - 1) / FPS, None, None, 0.0, SIZE, (), (), NoPicture())
            seen = Detections(
                (boxes[kept] / (SIZE * 2)).astype(np.float32),
                scores[kept].astype(np.float32),
                np.zeros(int(kept.sum()), np.int64),
                (VEHICLE,),
            )
            for _ in watched.observe(frame, seen):
                pass
            shown = [
                [numbers.setdefault(track.violation.id, len(numbers) + 1), *(np.array(track.last_box) * (SIZE * 2))]
                for track in watched.tracker.tracks
                if track.violation is not None and track.last_s == frame.elapsed_s
            ]
        rows += [[number, *box] for box in shown]
    return np.array(rows, float).reshape(-1, 6)


@dataclass
class Score:
    tp: int = 0
    missed: int = 0
    fp: int = 0
    latencies: list[float] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        self.tp, self.missed, self.fp = self.tp + other.tp, self.missed + other.missed, self.fp + other.fp
        self.latencies += other.latencies

    def to_dict(self) -> dict[str, float | None]:
        precision = self.tp / max(1, self.tp + self.fp)
        recall = self.tp / max(1, self.tp + self.missed)
        return {
            "tp": self.tp,
            "missed": self.missed,
            "fp": self.fp,
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1": round(2 * precision * recall / max(1e-9, precision + recall), 4),
            "latency_frames": round(float(np.mean(self.latencies)), 1) if self.latencies else None,
        }


def score(sequence: Sequence, rows: NDArray[np.float64]) -> Score:
    """The authors' rule for one sequence. rows: as from ``reported``."""
    hits: dict[int, set[int]] = {event: set() for event in sequence.events}
    matched, shown = {int(n): 0 for n in rows[:, 1]}, {int(n): 0 for n in rows[:, 1]}
    for number, violation, *box in rows.tolist():
        true = [(event, there[int(number)]) for event, there in sequence.events.items() if int(number) in there]
        overlaps = iou(np.array([box]), np.array([b for _, b in true]).reshape(-1, 4))[0]
        near = [event for (event, _), overlap in zip(true, overlaps, strict=True) if overlap >= MATCH_IOU]
        for event in near:
            hits[event].add(int(number))
        shown[int(violation)] += 1
        matched[int(violation)] += bool(near)
    found = [event for event, frames in sequence.events.items() if len(hits[event]) >= FOUND_SHARE * len(frames)]
    return Score(
        tp=len(found),
        missed=len(sequence.events) - len(found),
        fp=sum(matched[n] < TRUE_SHARE * shown[n] for n in shown),
        latencies=[min(hits[event]) - min(sequence.events[event]) for event in found],
    )


def one(sequence: Sequence, dwell_s: float, every: int, dropped: float) -> tuple[str, Score]:
    return sequence.camera, score(sequence, reported(sequence, dwell_s, every, dropped))


def all_of(sequences: list[Sequence], dwell_s: float, every: int = 1, dropped: float = 0.0) -> dict[str, Score]:
    """The score of each camera, and of all together."""
    with multiprocessing.Pool() as pool:
        job = partial(one, dwell_s=dwell_s, every=every, dropped=dropped)
        parts: Iterable[tuple[str, Score]] = pool.map(job, sequences, chunksize=4)
    scores: dict[str, Score] = {}
    for camera, part in parts:
        for name in (camera, "all"):
            scores.setdefault(name, Score()).add(part)
    return scores


def cross_validated(by_dwell: Mapping[float, Mapping[str, Score]]) -> Score:
    """All cameras together, each with the dwell of the best F1 on the others, if that is soon enough there."""
    cameras = sorted(set(next(iter(by_dwell.values()))) - {"all"})
    total = Score()
    for held_out in cameras:

        def merit(dwell_s: float, left_out: str = held_out) -> tuple[bool, float]:
            others = Score()
            for camera in cameras:
                if camera != left_out:
                    others.add(by_dwell[dwell_s][camera])
            figures = others.to_dict()
            return (figures["latency_frames"] or 0.0) <= SOON_ENOUGH, figures["f1"] or 0.0

        total.add(by_dwell[max(by_dwell, key=merit)][held_out])
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="stopped_vehicle_events.tar.xz")
    parser.add_argument("--dwell", type=float, default=DWELL_S, metavar="S", help=f"seconds, {DWELL_S:g} unless told")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep all figures as JSON")
    options = parser.parse_args()
    begun = time.monotonic()
    sequences = read_sequences(options.data)
    by_dwell = {dwell_s: all_of(sequences, dwell_s) for dwell_s in sorted({*DWELLS_S, options.dwell})}
    scores = by_dwell[options.dwell]
    figures = {name: scores[name].to_dict() for name in [*sorted(set(scores) - {"all"}), "all"]}
    figures["cross-validated"] = cross_validated(by_dwell).to_dict()
    for variant, (every, dropped) in VARIANTS.items():
        figures[variant] = all_of(sequences, options.dwell, every, dropped)["all"].to_dict()
    for name, values in figures.items():
        print(f"{name:>15}  " + "  ".join(f"{key} {value}" for key, value in values.items()))
    print(f"{len(sequences)} sequences, dwell {options.dwell:g} s, {time.monotonic() - begun:.0f} s in all")
    if options.save:
        options.save.write_text(json.dumps({"dwell_s": options.dwell} | figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures["all"]))


if __name__ == "__main__":
    main()

"""Recorded detections and true stops of vehicles, sequence by sequence, out of their archive."""

import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FPS, SIZE = 10, (640, 540)


@dataclass
class Sequence:
    """One recording. detections: ``(n, 6)`` frame, x1, y1, x2, y2, score, by frame, best first within one.

    events: for each true stop its box ``(4,)`` in each of its frames.
    """

    name: str
    camera: str
    detections: NDArray[np.float64]
    events: dict[int, dict[int, NDArray[np.float64]]] = field(default_factory=dict)

    def frames(self) -> Iterator[tuple[int, NDArray[np.float64], NDArray[np.float64]]]:
        """Number, boxes ``(n, 4)`` xyxy in pixels and scores of every frame from 1 to the last that holds anything."""
        true = [max(there) for there in self.events.values()]
        last = int(max([self.detections[:, 0].max(initial=0), *true]))
        begins = np.searchsorted(self.detections[:, 0], np.arange(1, last + 2))
        for number in range(1, last + 1):
            rows = self.detections[begins[number - 1] : begins[number]]
            yield number, rows[:, 1:5], rows[:, 5]


def read_sequences(archive: Path) -> list[Sequence]:
    """All sequences, by name. Detections in the rectangles that ``filter.json`` names for a camera are left out."""
    texts: dict[str, str] = {}
    with tarfile.open(archive) as packed:
        for member in packed:
            if member.isfile() and member.name.endswith((".txt", "filter.json")):
                file = packed.extractfile(member)
                assert file is not None
                texts[member.name] = file.read().decode()
    ignored = json.loads(next(text for name, text in texts.items() if name.endswith("filter.json")))
    sequences = []
    for name in sorted(n for n in texts if "/data/det/" in n):
        folder = name.split("/data/")[0]
        (camera,) = re.findall(r"_(K\d+)_", folder)
        truth = next((texts[n] for n in texts if n.startswith(f"{folder}/data/gt/")), "")
        rows = _rows(texts[name], 10)
        boxes = np.concatenate([rows[:, :1], _xyxy(rows), rows[:, 6:7]], axis=1)
        boxes = boxes[np.lexsort([-boxes[:, 5], boxes[:, 0]])]
        sequence = Sequence(folder.split("/")[-1], camera, _outside(boxes, ignored.get(camera, [])))
        true = _rows(truth, 8)
        for frame, event, box in zip(true[:, 0], true[:, 1], _xyxy(true), strict=True):
            sequence.events.setdefault(int(event), {})[int(frame)] = box
        sequences.append(sequence)
    return sequences


def _rows(text: str, columns: int) -> NDArray[np.float64]:
    lines = [[float(v) for v in line.split(",")[:columns]] for line in text.splitlines() if line.strip()]
    return np.array(lines, float).reshape(-1, columns)


def _xyxy(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1)


def _outside(rows: NDArray[np.float64], rectangles: list[list[float]]) -> NDArray[np.float64]:
    centre = (rows[:, 1:3] + rows[:, 3:5]) / 2
    for x1, y1, x2, y2 in rectangles:
        inside = (centre >= (x1, y1)).all(axis=1) & (centre <= (x2, y2)).all(axis=1)
        rows, centre = rows[~inside], centre[~inside]
    return rows

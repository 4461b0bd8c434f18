"""Looks through pictures or recordings for what a model is unsure of, and writes it for a labelling tool."""

import csv
import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame

from labels.datasets.coco import write_coco
from labels.datasets.records import Box, LabelsError
from labels.datasets.records import Picture as Labelled
from labels.datasets.yolo import PICTURES, write_yolo
from labels.flywheel.doubt import Doubt, Proposal, Proposals, Sighting, flickers, unsure
from models.detector import Detector
from service.planning import Request, make_plans
from streams.crops import Cropper, InputShape
from streams.frame import Frame, Picture, ViewKey
from streams.reader import RecordingReader
from streams.recorder import Recorder
from streams.sampler import make_sampler
from vision.picture import to_picture
from vision.stills import JpegStill, jpeg

NEIGHBOURS_S = 5.0
"""Pictures of one view that are farther apart are no neighbours: things come and go in between."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One picture with everything that the model saw in it."""

    frame: Frame
    seen: list[Sighting]

    @property
    def scene(self) -> str:
        return f"{self.frame.view.camera_id}/{self.frame.view.view_id}"


@dataclass(frozen=True, slots=True)
class Taken:
    """A proposed picture as it will be written: JPEG, its size, the model's boxes from keep on, its time."""

    data: bytes
    size: tuple[int, int]
    boxes: tuple[Box, ...]
    elapsed_s: float


def propose(frames: Iterator[Frame], detector: Detector, count: int) -> list[Proposal[Taken]]:
    """The pictures that are most worth labelling, the most doubtful of each key first. Raises what reading raises."""
    proposals: Proposals[Taken] = Proposals(count)
    card = detector.card
    window: deque[Looked] = deque(maxlen=3)
    for frame in frames:
        looked = Looked(frame, _look(frame, detector))
        if window and window[-1].frame.view != frame.view:
            window.clear()
        window.append(looked)
        _offer(proposals, looked, unsure(looked.seen, card.start, card.keep), card.keep)
        if len(window) == 3 and looked.frame.elapsed_s - window[0].frame.elapsed_s <= 2 * NEIGHBOURS_S:
            before, now, after = window
            gone = flickers(before.seen, now.seen, after.seen, card.start, card.keep)
            _offer(proposals, now, gone, card.keep)
    return proposals.best()


def _offer(proposals: Proposals[Taken], looked: Looked, doubts: Sequence[Doubt], keep: dict[str, float]) -> None:
    for doubt in sorted(doubts, key=lambda d: -d.amount):
        if proposals.wants(looked.scene, doubt):
            boxes = tuple(Box(s.key, s.xyxy) for s in looked.seen if s.score >= keep[s.key])
            taken = Taken(jpeg(looked.frame.still), looked.frame.size, boxes, looked.frame.elapsed_s)
            proposals.add(Proposal(looked.scene, doubt, taken))


def _look(frame: Frame, detector: Detector) -> list[Sighting]:
    found = to_picture(detector.detect(np.stack(frame.crops)), frame, detector.card.keys)
    if found.descriptor is None:  # nothing was seen
        return []
    return [
        Sighting(found.keys[cls], float(score), (x1, y1, x2, y2), look)
        for cls, score, (x1, y1, x2, y2), look in zip(
            found.cls.tolist(), found.score, found.xyxy.tolist(), found.descriptor, strict=True
        )
    ]


def frames_of(request: Request, detector: Detector) -> Iterator[Frame]:
    """The pictures of recordings that scoring would look at, one camera after the other. What cannot be read is passed
    over. Raises ``SourceProblem``."""
    for plan in make_plans(request, detector.card):
        recorder = Recorder()
        reader = RecordingReader(
            plan.recording,
            make_sampler(plan.every),
            Cropper(plan.shape, plan.tiles),
            recorder,
            decode_threads=plan.decode_threads,
        )
        for frame in reader.frames():
            yield frame
            recorder.release(frame.elapsed_s - 2 * NEIGHBOURS_S)


def pictures_of(directory: Path, detector: Detector) -> Iterator[Frame]:
    """The pictures in a directory and below it, each a scene of its own, fitted as in service.

    Raises ``LabelsError``.
    """
    paths = sorted(p for p in directory.rglob("*") if p.suffix.lower() in PICTURES) if directory.is_dir() else []
    if not paths:
        raise LabelsError(f"{directory}: there are no pictures ({', '.join(sorted(PICTURES))})")
    cropper = Cropper(InputShape(detector.card.sizes, detector.card.resize == "stretch"))
    for path in paths:
        bgr = cv2.imread(str(path))
        if bgr is None:
            raise LabelsError(f"{path}: it cannot be read as a picture")
        rgb: Picture = np.ascontiguousarray(bgr[:, :, ::-1]).astype(np.uint8, copy=False)
        crops, regions = cropper.crops(VideoFrame.from_ndarray(rgb, format="rgb24"), Fraction(1))
        size = (rgb.shape[1], rgb.shape[0])
        view = ViewKey(path.relative_to(directory).with_suffix("").as_posix(), "home")
        yield Frame(view, 0.0, None, None, 0.0, size, crops, regions, JpegStill(_jpeg_of(path, bgr)))


def _jpeg_of(path: Path, bgr: Any) -> bytes:
    if path.suffix.lower() in (".jpg", ".jpeg"):
        return path.read_bytes()
    data: bytes = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    return data


def write_proposals(directory: Path, proposals: Sequence[Proposal[Taken]], keys: Sequence[str]) -> int:
    """Pictures with the model's boxes in YOLO's and COCO's form, and ``proposals.csv`` with the reasons, most doubtful
    first. Returns how many pictures; some are proposed for two reasons. Raises ``LabelsError``, ``OSError``."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise LabelsError(f"{directory}: it is not empty; name a new folder")
    (directory / "images").mkdir(parents=True)
    written: dict[str, Labelled] = {}
    rows: list[Sequence[object]] = []
    for proposal in proposals:
        taken, doubt = proposal.payload, proposal.doubt
        name = hashlib.sha256(taken.data).hexdigest()[:16] + ".jpg"
        if name not in written:
            (directory / "images" / name).write_bytes(taken.data)
            written[name] = Labelled(directory / "images" / name, taken.size, taken.boxes, scene=proposal.scene)
        box = (round(side, 4) for side in doubt.sighting.xyxy)
        score, amount = round(doubt.sighting.score, 4), round(doubt.amount, 4)
        rows.append((name, doubt.reason, doubt.sighting.key, score, amount, proposal.scene, taken.elapsed_s, *box))
    pictures = list(written.values())
    write_yolo(directory, pictures, keys)
    (directory / "classes.txt").write_text("".join(f"{key}\n" for key in keys), encoding="utf-8")
    write_coco(directory / "annotations.json", pictures, keys)
    with (directory / "proposals.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("picture", "reason", "key", "score", "doubt", "scene", "elapsed_s", "x1", "y1", "x2", "y2"))
        table.writerows(rows)
    return len(pictures)

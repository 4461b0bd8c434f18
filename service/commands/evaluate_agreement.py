"""``streetorder evaluate agreement``: does a new model still find what the old one was sure of?"""

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import cv2
import typer
from av.error import FFmpegError, InvalidDataError

from labels.datasets.records import LabelsError
from labels.datasets.yolo import PICTURES
from models.detector import Detector, load_detector
from models.evaluation.agreement import Disagreement, Side, compare, sample
from models.evaluation.close_up import sheets
from models.evaluation.examined import read_picture
from service.commands.failing import fail, told_plainly
from service.commands.tables import console, table
from service.picture_detector import PictureDetector
from streams.discover import MEDIA, expand
from streams.frame import Picture
from streams.opening import open_video
from streams.source import Segment
from streams.upright import full_picture

KEYS = ("person", "motor_vehicle_parking", "non_motor_parking")
COLUMNS = ("number", "picture", "kind", "class", "score", "x1", "y1", "x2", "y2", "right", "remark")


def agreement(
    reference: Annotated[Path, typer.Option("--reference", help="Model whose sure boxes are to be found again.")],
    images: Annotated[
        list[str], typer.Option("--images", metavar="DIR", help="Folder of pictures or clips, or a clip; repeatable.")
    ],
    model: Annotated[
        Path | None, typer.Option("--model", help="Model file (ONNX); the shipped one if left out.")
    ] = None,
    key: Annotated[list[str] | None, typer.Option("--key", help="Class to compare; may be repeated.")] = None,
    every: Annotated[float, typer.Option("--every", help="Seconds from picture to picture of a clip.")] = 2.0,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where disagreements are written.")] = None,
    count: Annotated[int, typer.Option("--count", help="Most disagreements that are written.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Part of the reference's boxes with score 0.5 or more that the model finds too (IoU 0.5, at its keep score).

    With --out, disagreements are written as sheets of pictures and a table in which a person fills in who is right.
    """
    with told_plainly(as_json):
        if not every > 0 or count < 1:
            fail(f"--every {every:g}, --count {count}: seconds above 0 and a count of 1 or more are allowed")
        try:
            theirs, ours = load_detector(reference), load_detector(model)
            keys = _keys(key, theirs)
            found, pictures, disagreements = compare(_pictures(images, every), _side(theirs), _side(ours), keys)
        except LabelsError as error:
            fail(str(error))
        if pictures == 0:
            fail(f"{', '.join(images)}: no picture could be read")
        shown = sample(disagreements, count)
        if out is not None:
            _write(out, shown)
    report: dict[str, Any] = {
        "reference": theirs.card.name,
        "model": ours.card.name,
        "images": pictures,
        "classes": {name: agreed.to_dict() for name, agreed in found.items()},
        "disagreements": {k: sum(d.kind == k for d in disagreements) for k in ("reference only", "model only")},
    }
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False))
        return
    _show(report)
    if out is not None:
        typer.echo(f"{len(shown)} disagreements to judge: {out / 'disagreements.csv'}, sheets beside it")


def _side(detector: Detector) -> Side:
    return Side(PictureDetector(detector), detector.card.keys, detector.card.start, detector.card.keep)


def _keys(wanted: list[str] | None, reference: Detector) -> tuple[str, ...]:
    known = reference.card.keys
    for key in wanted or ():
        if key not in known:
            fail(f"--key {key}: {reference.card.name} has no such class; allowed are {', '.join(known)}")
    keys = tuple(wanted or (key for key in KEYS if key in known))
    if not keys:
        fail(f"{reference.card.name} has none of {', '.join(KEYS)}; name classes with --key: {', '.join(known)}")
    return keys


def _pictures(sources: Sequence[str], every_s: float) -> Iterator[tuple[str, Picture]]:
    """Name and RGB of every picture, and of a clip's pictures at the asked distance."""
    for source in sources:
        path = Path(source)
        stills = sorted(p for p in path.rglob("*") if p.suffix.lower() in PICTURES)
        clips = [p for p in path.rglob("*") if p.suffix.lower() in MEDIA and p.suffix.lower() not in PICTURES]
        for still in stills:
            yield str(still), read_picture(still)
        if clips or not stills:
            for clip in expand([source]):
                yield from _frames(clip, every_s)


def _frames(clip: str, every_s: float) -> Iterator[tuple[str, Picture]]:
    container, stream = open_video(Segment(clip))
    with container, suppress(FFmpegError):  # a clip may be cut short: what comes before counts
        aspect = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
        rate = float(stream.average_rate or 25)
        due, number, first = 0.0, 0, None
        for packet in container.demux(stream):
            with suppress(InvalidDataError):
                for frame in packet.decode():
                    # Where packets have no times, the frame rate tells them.
                    time = number / rate if frame.time is None else float(frame.time)
                    number, first = number + 1, time if first is None else first
                    if time - first >= due:
                        due = time - first + every_s
                        yield f"{clip} {time:.2f} s", full_picture(frame, aspect)


def _write(folder: Path, disagreements: Sequence[Disagreement]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "disagreements.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number, d in enumerate(disagreements, 1):
            corners = (f"{v:.0f}" for v in d.xyxy)
            rows.writerow([number, d.name, d.kind, d.key, f"{d.score:.3f}", *corners, "", ""])
    captions = [
        (d.picture, f"{number} {d.kind}", f"{d.key} {d.score:.2f}") for number, d in enumerate(disagreements, 1)
    ]
    for old in folder.glob("disagreements-*.png"):
        old.unlink()
    for number, sheet in enumerate(sheets(captions), 1):
        done, data = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
        assert done
        (folder / f"disagreements-{number}.png").write_bytes(data.tobytes())


def _show(report: dict[str, Any]) -> None:
    out = console()
    out.print(
        f"{report['model']} against {report['reference']} on {report['images']} pictures", style="bold", markup=False
    )
    rows = table("class", "sure boxes of the reference", "found too", "recall")
    for key, f in report["classes"].items():
        recall = "-" if f["recall"] is None else f"{f['recall']:.3f}"
        rows.add_row(key, str(f["boxes"]), str(f["found"]), recall)
    out.print(rows)
    kinds = report["disagreements"]
    out.print(f"only the reference: {kinds['reference only']} boxes, only the model: {kinds['model only']} boxes")

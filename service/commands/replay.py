"""``streetorder replay``: recorded detections through the tracker and the rules, without video."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from labels.catalogue import load_catalogue
from labels.datasets.records import LabelsError
from labels.source_classes import SourceClassesError, load_source_classes
from models.detector import load_detector
from service.case_lines import notes_on
from service.city import City, load_city
from service.commands.dwells import dwells
from service.commands.failing import fail, told_plainly
from service.commands.times import start_time
from service.decided import Decided, read_decided
from service.replaying import mot_lines, replay, write_replayed
from service.results import CASES, read_lines
from vision.durable import write_durably
from vision.recorded import find_recorded, read_recorded
from vision.sequence_info import RecordedProblem, SequenceInfo


def replay_detections(
    detections: Annotated[Path, typer.Argument(help="MOTChallenge text: one file, or a tree of them.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for results.")],
    fps: Annotated[
        float | None, typer.Option("--fps", metavar="F", help="Pictures a second; else as seqinfo.ini says.")
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", metavar="WxH", help="Size of the pictures; else as seqinfo.ini says.")
    ] = None,
    cameras: Annotated[Path | None, typer.Option("--cameras", help="City file (YAML) with cameras and zones.")] = None,
    dwell: Annotated[
        list[str] | None,
        typer.Option("--dwell", metavar="KEY=SECONDS", help="How long a thing must stay, by type. May be repeated."),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="TIME", help="When every recording began, ISO 8601.")
    ] = None,
    source: Annotated[str, typer.Option("--source", help="What the numbers of the classes mean.")] = "coco",
    key: Annotated[str | None, typer.Option("--key", help="What boxes are whose class is -1.")] = None,
    model: Annotated[
        Path | None, typer.Option("--model", help="Model whose thresholds count; the shipped one if left out.")
    ] = None,
    decisions: Annotated[
        Path | None,
        typer.Option("--decisions", metavar="FILE", help="What operators decided: rejected places stay quiet."),
    ] = None,
    tracks: Annotated[
        Path | None,
        typer.Option("--tracks", metavar="FILE", help="What was open in each frame; a folder for several recordings."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Try rules on recorded detections in a fraction of the time: violations.jsonl and tracks.jsonl, no evidence.

    Exit code 0: all was replayed; 2: a file or an option cannot be used.
    """
    with told_plainly(as_json):
        if fps is not None and not 0 < fps <= 1000:
            fail(f"--fps {fps:g}: more than 0 and up to 1000 are allowed")
        if key is not None and key not in load_catalogue().types:
            fail(f"--key {key}: no such type; allowed are {', '.join(load_catalogue().types)}")
        begun = time.monotonic()
        city = load_city(cameras) if cameras else None
        try:
            key_of = dict(enumerate(load_source_classes(source).key_of.values()))
            decided = Decided() if decisions is None else read_decided(decisions, out)
            told = SequenceInfo(_size(size), fps, start=start_time(start, city))
            read = [read_recorded(path, name, key_of, key, told) for path, name in find_recorded(detections)]
        except (RecordedProblem, SourceClassesError, LabelsError) as error:
            fail(str(error))
        city = city or City.bare({r.name: str(r.path) for r in read})
        unknown = [r for r in read if r.name not in {c.id for c in city.cameras}]
        if unknown:
            known = ", ".join(c.id for c in city.cameras[:10])
            fail(f"{unknown[0].path}: camera {unknown[0].name!r} is not in the city file; it knows {known}")
        card = load_detector(model).card
        runs = [replay(recorded, city, card, dwells(dwell or []), decided) for recorded in read]
        lines = write_replayed(out, runs)
        if tracks is not None:
            for run in runs:
                file = tracks if len(runs) == 1 else tracks / f"{run.recorded.name}.txt"
                file.parent.mkdir(parents=True, exist_ok=True)
                write_durably(file, mot_lines(run))
    length_s, took_s = sum(r.length_s for r in read), time.monotonic() - begun
    if as_json:
        typer.echo(json.dumps({"results": str(out), "violations": lines, "replayed_s": round(length_s, 1)}))
        return
    other = [r for r in read if r.written_fps not in (None, r.fps)]
    rates = [f"{r.path}: read as {r.fps:g} pictures a second, seqinfo.ini says {r.written_fps:g}" for r in other]
    for note in (*rates, *map(str, decided.muted), *notes_on(read_lines(out / CASES))):
        typer.echo(f"note: {note}")
    for name, count in Counter(line["key"] for line in lines).most_common():
        typer.echo(f"{count:>5}  {load_catalogue().types[name].zh}  {load_catalogue().types[name].en}")
    typer.echo(
        f"{len(lines)} violations in {len(read)} recordings of {length_s / 60:.1f} minutes;"
        f" {length_s / took_s:.0f} times faster than real time"
    )


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
        fail(f"--size {text}: width and height in pixels are needed, as 1920x1080")
    return int(width), int(height)

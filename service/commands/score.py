"""``streetorder score``: recordings in, violations with evidence out."""

import json
import os
import signal
from pathlib import Path
from typing import Annotated, Any

import typer

from labels.datasets.records import LabelsError
from models.detector import load_detector
from service.city import load_city
from service.commands.dwells import dwells
from service.commands.failing import INTERRUPTED, SOME_FAILED, fail, told_plainly
from service.commands.progress import Display
from service.commands.times import start_time
from service.decided import Decided, read_decided
from service.planning import Request, how_grouped, make_plans
from service.scoring import Scoring
from service.summary import Summary, summarise
from streams.sampler import make_sampler
from vision.detection_log import DetectionLog
from vision.durable import naming
from vision.keys import default_key_path, load_or_make


def score(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Files, directories, globs or URLs. May be left out with --cameras.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for results; an interrupted run there goes on.")] = Path(
        "results"
    ),
    cameras: Annotated[Path | None, typer.Option("--cameras", help="City file (YAML) with cameras and zones.")] = None,
    camera: Annotated[str | None, typer.Option("--camera", help="All sources are this camera's recording.")] = None,
    model: Annotated[
        Path | None, typer.Option("--model", help="Model file (ONNX); the shipped one if left out.")
    ] = None,
    every: Annotated[
        str | None, typer.Option("--every", help="Pictures to look at: auto, keyframe, all, or one every SECONDS.")
    ] = None,
    dwell: Annotated[
        list[str] | None,
        typer.Option("--dwell", metavar="KEY=SECONDS", help="How long a thing must stay, by type. May be repeated."),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="TIME", help="When the recording began, ISO 8601.")
    ] = None,
    start_pattern: Annotated[
        str | None,
        typer.Option("--start-pattern", metavar="PATTERN", help="Where names hold the start: cam1_%Y%m%d_%H%M%S."),
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", help="Cameras read at the same time.")] = None,
    decisions: Annotated[
        Path | None,
        typer.Option("--decisions", metavar="FILE", help="What operators decided: rejected places stay quiet."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="DIR", help="Keep all detections here, for streetorder replay.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Score recordings: violations.jsonl, evidence and report.html in the --out folder.

    Exit code 0: all was read; 1: some files were not; 2: wrong use; 3: results could not be written; 130: interrupted.
    """
    with told_plainly(as_json):
        city = load_city(cameras) if cameras else None
        if not sources and city is None:
            fail("score what? Name files, directories, globs or URLs, or give --cameras city.yaml")
        if jobs is not None and jobs < 1:
            fail(f"--jobs {jobs}: 1 or more is allowed")
        if every is not None:
            _checked(lambda: make_sampler(every))
        request = Request(
            sources=tuple(sources or ()),
            results=out,
            city=city,
            camera_id=camera,
            every=every,
            dwell=dwells(dwell or []),
            start=start_time(start, city),
            start_pattern=start_pattern,
            jobs=jobs,
            decided=decided_by(decisions, out),
        )
        detector = load_detector(model)
        plans = make_plans(request, detector.card)
        key, made = load_or_make(default_key_path())
        with Display(quiet=quiet or as_json) as display:
            if made:
                display.note(f"made a signing key: {default_key_path()} (keep it safe; see: streetorder keys)")
            for note in how_grouped(request, plans):
                display.note(note)
            scoring = Scoring(plans, detector, out, key, jobs or os.cpu_count() or 1, display.watching)
            log = None if record is None else DetectionLog(record)
            scoring.pipeline.log = log
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: _stop(scoring))
            try:
                with naming(out):
                    scoring.run()
            finally:
                if log is not None:
                    log.close()
        with naming(out / "report.html"):
            summary = summarise(scoring, request, detector.card)
    _tell(summary, as_json, quiet)
    if scoring.interrupted:
        raise typer.Exit(INTERRUPTED)
    if summary.failures:
        raise typer.Exit(SOME_FAILED)


def _stop(scoring: Scoring) -> None:
    """In order at the first signal, at once at the second."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    scoring.stop()


def _tell(summary: Summary, as_json: bool, quiet: bool) -> None:
    for file, message in summary.failures:
        typer.echo(f"{file}: {message}", err=True)
    if as_json:
        typer.echo(json.dumps(summary.to_dict(), ensure_ascii=False))
    elif not quiet:
        typer.echo(summary.text())


def decided_by(decisions: Path | None, out: Path) -> Decided:
    """As the option ``--decisions`` says; fails plainly."""
    if decisions is None:
        return Decided()
    try:
        return read_decided(decisions, out)
    except LabelsError as error:
        fail(str(error))


def _checked(make: Any) -> None:
    try:
        make()
    except ValueError as error:
        fail(str(error))

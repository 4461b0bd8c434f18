"""``streetorder benchmark``: measures the program on this machine."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.case_commands import pushes, questions, service_kills
from benchmarks.clips import Recipe, clip, duration_s
from benchmarks.live_commands import faults, kills, live, patrol
from benchmarks.machine import machine, save
from benchmarks.memory import NotWatched, watch
from benchmarks.privacy_command import privacy
from benchmarks.throughput import Load, NothingToMeasure, Rates, as_json, measure
from benchmarks.tracking_commands import left_things, scenarios, tracker
from models.detector import load_detector
from service.commands.failing import fail, told_plainly
from streams.sampler import make_sampler

app = typer.Typer(help="Measure the program on this machine.", no_args_is_help=True)

app.command()(scenarios)
app.command()(tracker)
app.command()(left_things)
app.command()(privacy)
app.command()(kills)
app.command()(live)
app.command()(faults)
app.command()(patrol)
app.command()(pushes)
app.command()(questions)
app.command("service-kills")(service_kills)

CODECS = ("h264", "hevc")
VIDEO_S = {"keyframe": 200.0, "auto": 200.0}
"""Seconds of video for each camera, by policy, long enough for a steady rate; the clip once for the others."""


@app.callback()
def _root() -> None: ...


@app.command()
def throughput(
    source: Annotated[Path | None, typer.Argument(help="A recording; a drawn street if left out.")] = None,
    every: Annotated[list[str] | None, typer.Option("--every", help="Policies, repeated; keyframe and all.")] = None,
    cameras: Annotated[int, typer.Option(min=1, help="Recordings scored at the same time.")] = os.cpu_count() or 1,
    rounds: Annotated[int, typer.Option(min=1, help="How often everything is measured.")] = 3,
    seconds: Annotated[float, typer.Option(min=1, help="Length of the drawn clip.")] = 20.0,
    gop: Annotated[float, typer.Option(min=0.1, help="Seconds between key frames of the drawn clip.")] = 2.0,
    codec: Annotated[str, typer.Option(help="h264 or hevc.")] = "h264",
    model: Annotated[Path | None, typer.Option(help="Model file; the shipped one if left out.")] = None,
    as_json_: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    save_to: Annotated[Path | None, typer.Option("--save", help="Write the JSON to this file as well.")] = None,
) -> None:
    """Decoding alone, detection alone, the pipeline, and its share of the limit that the two set."""
    if codec not in CODECS:
        raise typer.BadParameter(f"{codec}: allowed are {', '.join(CODECS)}")
    results = []
    with told_plainly(as_json_):
        policies = every or ["keyframe", "all"]
        for policy in policies:
            _known(policy)
        detector = load_detector(model)
        recording = source or clip(Recipe(seconds=seconds, gop_s=gop, codec=codec))
        length_s = duration_s(recording)
        about = machine() | {
            "clip": recording.name,
            "cameras": cameras,
            "rounds": rounds,
            "model": detector.card.sha256,
        }
        shared = about["provider"] != "CUDAExecutionProvider"
        about["detector_shares_cores"] = shared
        for policy in policies:
            repeats = max(1, round(VIDEO_S.get(policy, 0.0) / length_s))
            try:
                results.append(measure(Load(recording, policy, cameras, repeats), detector, rounds, shared))
            except NothingToMeasure as error:
                fail(str(error))
        found = {"machine": about, "results": [as_json(rates) for rates in results]}
        if save_to is not None:
            save(save_to, found)
    if as_json_:
        typer.echo(json.dumps(found))
        return
    Console().print(_table(results))
    typer.echo(json.dumps(about))


def _table(results: list[Rates]) -> Table:
    units = "Pictures a second; times real time; cores used; violations found; peak resident MB"
    table = Table(*"every decode detect limit pipeline share times cores found MB".split(), caption=units)
    for r in results:
        rates = (f"{rate:.1f}" for rate in (r.decode, r.detect, r.limit, r.pipeline))
        others = (f"{r.times_real_time:.1f}", f"{r.cores_used:.2f}", str(r.violations), f"{r.peak_mb:.0f}")
        table.add_row(r.every, *rates, f"{r.share:.0%}", *others)
    return table


@app.command()
def memory(
    source: Annotated[Path | None, typer.Argument(help="A recording; a drawn street if left out.")] = None,
    hours: Annotated[float, typer.Option(min=0.001, help="Hours of video.")] = 2.0,
    every: Annotated[str, typer.Option("--every", help="Which pictures are looked at.")] = "keyframe",
    as_json_: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    save_to: Annotated[Path | None, typer.Option("--save", help="Write the JSON to this file as well.")] = None,
) -> None:
    """Resident size while hours of video are scored: peak, and growth over the second half."""
    with told_plainly(as_json_):
        _known(every)
        recording = source or clip(Recipe(seconds=20.0))
        try:
            growth = watch(recording, hours, every)
        except NotWatched as error:
            fail(str(error))
        found: dict[str, Any] = {
            "machine": machine() | {"clip": recording.name},
            "every": every,
            "hours": round(growth.hours, 2),
            "wall_s": round(growth.wall_s, 1),
            "peak_mb": round(growth.peak_mb, 1),
            "median_mb": round(growth.median_mb, 1),
            "slope_mb_h": round(growth.slope_mb_h, 2),
            "samples": growth.samples[:: max(1, len(growth.samples) // 100)],
        }
        if save_to is not None:
            save(save_to, found)
    typer.echo(
        json.dumps(found) if as_json_ else json.dumps({k: v for k, v in found.items() if k != "samples"}, indent=1)
    )


def _known(policy: str) -> None:
    try:
        make_sampler(policy)
    except ValueError as error:
        fail(str(error))

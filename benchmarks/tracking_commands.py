"""``streetorder benchmark scenarios``, ``left-things`` and ``tracker``: how many cases, and at what cost."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.left_things import LEFT, PLACES, run, things
from benchmarks.machine import machine, save
from benchmarks.street_scenarios import RATES, SCENARIOS, SEEDS, run_all
from benchmarks.tracker_cost import costs, pictures_cost_us, yardstick_us
from models.detector import load_detector
from service.commands.failing import fail, told_plainly

LIMIT_US, LIMIT_AT = 300.0, 20
"""What a picture with so many things may cost."""

SaveTo = Annotated[Path | None, typer.Option("--save", help="Write the JSON to this file as well.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def scenarios(
    names: Annotated[list[str] | None, typer.Argument(help="Some of them; all if left out.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="By how many chances each is seen.")] = SEEDS,
    rates: Annotated[list[float] | None, typer.Option("--rate", help="Pictures a second, repeated.")] = None,
    as_json: AsJson = False,
    save_to: SaveTo = None,
) -> None:
    """What a street does to a tracker: cases found against those that a person would count."""
    with told_plainly(as_json):
        for name in names or ():
            if name not in SCENARIOS:
                fail(f"{name}: no such scenario; there are {', '.join(SCENARIOS)}")
        records = run_all(names or list(SCENARIOS), rates or RATES, seeds)
        found: dict[str, Any] = {"machine": machine(), "seeds": seeds, "scenarios": records}
        found |= {total: sum(r[total] for r in records) for total in ("runs", "as_expected", "duplicates", "missed")}
        if save_to is not None:
            save(save_to, found)
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("scenario", "pictures/s", "cases", "as expected", "duplicates", "missed", "otherwise")
    for r in records:
        odd = "; ".join(f"{o['runs']}x {o['opened']} opened, {o['cleared']} cleared" for o in r["otherwise"])
        right = f"{r['as_expected']} of {r['runs']}"
        table.add_row(
            r["scenario"].replace("_", " "), f"{r['pictures_per_s']:g}", str(r["cases"]), right,
            str(r["duplicates"]), str(r["missed"]), odd,
        )  # fmt: skip
    Console().print(table)
    typer.echo(f"{found['as_expected']} of {found['runs']} runs as expected, {found['duplicates']} duplicates")


def left_things(
    shared: Annotated[Path, typer.Argument(help="Folder of the evaluation material; clips in data/videos.")],
    names: Annotated[list[str] | None, typer.Option("--only", help="A scenario's name, repeated.")] = None,
    as_json: AsJson = False,
    save_to: SaveTo = None,
) -> None:
    """Things put down on real frames, found without a detector that knows them; and light, which is none."""
    with told_plainly(as_json):
        for name in names or ():
            if name not in [left.name for left in LEFT]:
                fail(f"{name}: no such scenario; there are {', '.join(left.name for left in LEFT)}")
        for clip in PLACES:
            if not (shared / "data/videos" / clip).is_file():
                fail(f"{shared / 'data/videos' / clip}: no such file; the evaluation material is needed")
        detector, cutouts = load_detector(None), things(shared)
        chosen = [left for left in LEFT if not names or left.name in names]
        records = [
            run(left, shared / "data/videos" / clip, number % 3, cutouts, detector)
            for left in chosen
            for number, clip in enumerate(PLACES)
        ]
        found = {"machine": machine(), "model": detector.card.sha256, "runs": records}
        if save_to is not None:
            save(save_to, found)
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("scenario", "clips", "one case each", "none", "several", "onset after (s)", "false")
    for left in chosen:
        of_it = [r for r in records if r["scenario"] == left.name]
        cases = [r["cases"] for r in of_it]
        several = len(of_it) - cases.count(0) - cases.count(1)
        late = sorted(r["onset_after_s"] for r in of_it if r["cases"])
        when = f"{late[0]:g} to {late[-1]:g}" if late else ""
        counts = (str(cases.count(1)), str(cases.count(0)), str(several)) if left.thing else ("", "", "")
        table.add_row(left.name, str(len(of_it)), *counts, when, str(sum(r["false"] for r in of_it)))
    Console().print(table)


def tracker(
    rounds: Annotated[int, typer.Option(min=1, help="The best of so many.")] = 5,
    as_json: AsJson = False,
    save_to: SaveTo = None,
) -> None:
    """What a picture costs beside its detection: tracker and rules by the number of things, the view, a zone."""
    median_us = {str(n): us for n, us in costs(rounds=rounds).items()}
    found: dict[str, Any] = {"machine": machine(), "median_us": median_us, "iou_20_by_20_us": yardstick_us()}
    found["with_pixels_us"] = {str(n): us for n, us in costs((LIMIT_AT,), rounds, pixels=True).items()}
    found["pictures_us"] = pictures_cost_us()
    if save_to is not None:
        save(save_to, found)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for n, us in median_us.items():
        typer.echo(f"{n:>4} things  {us:7.0f} µs")
    for n, us in found["with_pixels_us"].items():
        typer.echo(f"{n:>4} things  {us:7.0f} µs with the pixels: descriptions, looks at places, the view")
    for name, us in found["pictures_us"].items():
        typer.echo(f"{name:>11}  {us['median']:7.0f} µs, mean {us['mean']:.0f}, a picture every 4 s")
    typer.echo(f"limit: {LIMIT_US:.0f} µs with {LIMIT_AT}; one IoU of 20 by 20 boxes: {found['iou_20_by_20_us']} µs")

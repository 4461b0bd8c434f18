"""``streetorder benchmark`` on live cameras: killed workers, faults one by one, as many cameras as are carried."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import kill_drill
from benchmarks.machine import machine, save


def kills(
    number: Annotated[int, typer.Option("--kills", min=1, help="How often the worker is killed.")] = 50,
    cameras: Annotated[int, typer.Option(min=1, help="Simulated cameras.")] = 3,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 1,
    save_to: Annotated[Path | None, typer.Option("--save", help="Write the JSON to this file as well.")] = None,
) -> None:
    """Kill a worker again and again while violations come and go: what is lost, told twice, or broken?"""
    console = Console(stderr=True)
    with console.status("") as status:
        found = kill_drill.drill(number, cameras, seed, status.update)
    result = {"machine": machine(), "kills": kill_drill.as_json(found)}
    if save_to is not None:
        save(save_to, result)
    typer.echo(json.dumps(result))

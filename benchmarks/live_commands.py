"""``streetorder benchmark`` on live cameras: killed workers, faults one by one, as many cameras as are carried."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import fault_drill, kill_drill, live_pool, patrol_drill
from benchmarks.machine import machine, save
from benchmarks.worker_process import WorkerFailed
from service.commands.failing import fail, told_plainly


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


def live(
    cameras: Annotated[int, typer.Option(min=1, help="Simulated 1080p25 cameras with a key frame every 2 s.")] = 40,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long they are watched.")] = 30.0,
    model: Annotated[Path | None, typer.Option(help="Model file; the shipped one if left out.")] = None,
    every: Annotated[str, typer.Option(help="Pictures to look at, as in the city file.")] = "auto",
    batch: Annotated[int, typer.Option(min=1, max=8, help="Frames detected together at most.")] = 4,
    save_to: Annotated[Path | None, typer.Option("--save", help="Write the JSON to this file as well.")] = None,
) -> None:
    """Watch simulated cameras: lateness, drops, memory, and processor time with that of the cameras beside it."""
    console = Console(stderr=True)
    with told_plainly(), console.status("") as status:
        try:
            found = live_pool.carry(cameras, minutes, model, every, ["--batch", str(batch)], status.update)
        except WorkerFailed as failed:
            fail(str(failed))
    result = {"machine": machine(), "live": live_pool.as_json(found)}
    if save_to is not None:
        save(save_to, result)
    typer.echo(json.dumps(result))


def faults(
    server: Annotated[list[str] | None, typer.Option(help="simulator, gstreamer; repeated, both if left out.")] = None,
    cameras: Annotated[int, typer.Option(min=2, help="One of them fails.")] = 6,
    only: Annotated[str, typer.Option(help="Only faults with this in their name.")] = "",
    save_to: Annotated[Path | None, typer.Option("--save", help="Write the JSON to this file as well.")] = None,
) -> None:
    """Let one of several cameras fail in twelve ways: how soon is it noticed and over, what do the others lose?"""
    console = Console(stderr=True)
    found: dict[str, Any] = {"machine": machine(), "faults": {}}
    with told_plainly(), console.status("") as status:
        try:
            for one in server or fault_drill.SERVERS:
                if one not in fault_drill.SERVERS:
                    fail(f"--server {one}: allowed are {', '.join(fault_drill.SERVERS)}")
                found["faults"][one] = fault_drill.as_json(fault_drill.drill(one, cameras, only, status.update))
        except WorkerFailed as failed:
            fail(str(failed))
    if save_to is not None:
        save(save_to, found)
    typer.echo(json.dumps(found))


def patrol(
    cameras: Annotated[int, typer.Option(min=1, help="Simulated cameras.")] = 2000,
    slots: Annotated[int, typer.Option(min=1, help="Visited at the same time.")] = 40,
    every: Annotated[float, typer.Option(min=10, help="Seconds between regular visits of a camera.")] = 300.0,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long.")] = 15.0,
    model: Annotated[Path | None, typer.Option(help="Model file; the shipped one if left out.")] = None,
    save_to: Annotated[Path | None, typer.Option("--save", help="Write the JSON to this file as well.")] = None,
) -> None:
    """Visit thousands of cameras on a few connections: are visits on time, does dwell hold between them?"""
    console = Console(stderr=True)
    with told_plainly(), console.status("") as status:
        try:
            found = patrol_drill.drill(cameras, slots, every, minutes, model, status.update)
        except WorkerFailed as failed:
            fail(str(failed))
    result = {"machine": machine(), "patrol": patrol_drill.as_json(found)}
    if save_to is not None:
        save(save_to, result)
    typer.echo(json.dumps(result))

"""``streetorder top``: a worker's cameras, live in a terminal."""

import json
import time
from typing import Annotated, Any
from urllib.error import URLError
from urllib.request import urlopen

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from service.commands.failing import fail

_WAITING = ("decode", "detect", "write")
_COLOURS = {
    "live": "green",
    "stalled": "yellow",
    "connecting": "cyan",
    "backing_off": "red",
    "resting": "blue",
    "disabled": "dim",
}


def top(
    address: Annotated[str, typer.Argument(help="Where the worker listens.")] = "http://127.0.0.1:8480",
    every: Annotated[float, typer.Option("--every", min=0.2, help="Seconds between two looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Print it once and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the worker's status once, as JSON.")] = False,
) -> None:
    """Show a worker's cameras: connection, age of the newest picture, drops, clock, violations."""
    if as_json:
        typer.echo(json.dumps(_status(address), ensure_ascii=False))
        return
    console = Console()
    if once:
        console.print(view(_status(address)))
        return
    with Live(view(_status(address)), console=console, screen=True, auto_refresh=False) as live:
        try:
            while True:
                time.sleep(every)
                live.update(view(_status(address)), refresh=True)
        except KeyboardInterrupt:
            return


def view(status: dict[str, Any]) -> Group:
    """A line for the worker, and a table of its cameras; those in trouble come first."""
    cameras = sorted(status["cameras"], key=lambda c: (c["state"] in ("live", "resting"), c["camera_id"]))
    states = {s: sum(c["state"] == s for c in cameras) for s in _COLOURS}
    head = Text(f"up {_long(status['uptime_s'])}  model {status['model']} on {status['runs_on']}  ")
    for state, count in states.items():
        if count:
            head.append(f"{count} {state}  ", _COLOURS[state])
    head.append("waiting " + ", ".join(f"to {what} {status[f'waiting_to_{what}']}" for what in _WAITING))
    if (patrol := status["patrol"]) is not None:
        head.append(
            f"  patrol: {patrol['visits']} visits, late {patrol['late_p50_s']:.1f} s, p95 {patrol['late_p95_s']:.1f} s"
        )
    troubles = [t for t in (status["evidence_trouble"], status["configuration"], status["decisions"]) if t]
    table = Table(box=None, pad_edge=False)
    for name in ("camera", "state", "for", "picture", "key int.", "clock", "drops", "open", "right", "why"):
        table.add_column(name, justify="left" if name in ("camera", "state", "why", "clock") else "right")
    for c in cameras:
        age_s, key_s = c["frame_age_s"], c["key_interval_s"]
        offset = "" if c["offset_s"] is None else f" {c['offset_s']:+.2f} s"
        table.add_row(
            c["camera_id"],
            Text(c["state"], _COLOURS[c["state"]]),
            _long(c["state_s"]),
            "-" if age_s is None else f"{age_s:.1f} s",
            "-" if key_s is None else f"{key_s:.1f} s",
            c["clock"] + offset,
            str(sum(c["drops"].values())),
            str(c["open_violations"]),
            _right(c["decided"]),
            "" if c["state"] == "live" else f"{c['trouble'] or ''} {c['why']}",
        )
    return Group(head, *(Text(t, "red") for t in troubles), table)


def _status(address: str) -> dict[str, Any]:
    url = address if "://" in address else f"http://{address}"
    try:
        with urlopen(f"{url.rstrip('/')}/status", timeout=5) as answer:
            status: dict[str, Any] = json.load(answer)
            return status
    except (URLError, OSError, ValueError) as error:
        fail(f"{url}: no worker answers there ({getattr(error, 'reason', error)}); one says its address when it starts")


def _right(decided: dict[str, int]) -> str:
    """Of how many violations that operators decided they confirmed how many."""
    whole = sum(decided.values())
    return f"{decided['confirmed']}/{whole}" if whole else "-"


def _long(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d}"

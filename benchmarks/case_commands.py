"""``streetorder benchmark`` on cases: pushes a second, questions to a million cases, kills while they are pushed."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import case_load, push_kills, push_load
from benchmarks.databases import StoreKind, database
from benchmarks.machine import machine, save
from benchmarks.served import NotServed, Service, serving
from cases.store.engine import open_store
from service.commands.failing import fail

Stores = Annotated[
    list[StoreKind] | None, typer.Option("--store", help="sqlite, postgresql; repeated, both if left out.")
]
Save = Annotated[Path | None, typer.Option("--save", help="Write the JSON to this file as well.")]


def pushes(
    store: Stores = None,
    clients: Annotated[int, typer.Option(min=1, help="Each pushes one by one and waits for the answer.")] = 16,
    seconds: Annotated[float, typer.Option(min=1, help="How long, for each store and size.")] = 20.0,
    picture_kb: Annotated[
        list[int] | None, typer.Option("--picture-kb", min=0, help="A picture with each; 0 for none. Repeated; 0, 60.")
    ] = None,
    save_to: Save = None,
) -> None:
    """Push confirmed detections from many clients, each acknowledged when it is committed: how many a second?"""
    found: list[dict[str, Any]] = []
    for kind in store or list(StoreKind):
        for kb in picture_kb if picture_kb is not None else [0, 60]:
            with _service(kind) as service:
                keys = [service.key_for(f"client-{n}", ["push"]) for n in range(clients)]
                push_load.load(service.address, keys, 2.0, kb << 10)  # what is loaded once
                got = push_load.load(service.address, keys, seconds, kb << 10)
            row = {"store": kind.value, "picture_kb": kb, "clients": clients, "a_second": round(got.rate, 1)}
            row |= {f"p{share}_ms": round(got.at(share / 100) * 1000, 1) for share in (50, 95, 99)}
            found.append(row)
    _say({"machine": machine(), "pushes": found}, save_to)


def questions(
    store: Stores = None,
    cases: Annotated[int, typer.Option(min=1, help="In the store.")] = 1_000_000,
    save_to: Save = None,
) -> None:
    """Ask a store with a million cases for its queue, for some of them, and for statistics, over HTTP: how long?"""
    console, found = Console(stderr=True), {}
    for kind in store or list(StoreKind):
        with console.status("") as status, database(kind) as url:
            engine = open_store(url)
            case_load.fill(engine, cases, tell=status.update)
            engine.dispose()
            with _serving(url) as service:
                found[kind.value] = case_load.ask(service.api())
    _say({"machine": machine(), "cases": cases, "questions": found}, save_to)


def service_kills(
    store: Stores = None,
    kills: Annotated[
        int, typer.Option(min=1, help="Of the service, the database and the pushing worker, in turn.")
    ] = 30,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 1,
    save_to: Save = None,
) -> None:
    """Kill service, database and pushing worker again and again while detections are pushed: what is lost?"""
    found = {}
    for kind in store or list(StoreKind):
        with tempfile.TemporaryDirectory(prefix="streetorder-kills-") as home:
            found[kind.value] = push_kills.drill(kind, Path(home), kills, seed)
    _say({"machine": machine(), "kills": found}, save_to)


@contextmanager
def _service(kind: StoreKind) -> Iterator[Service]:
    with database(kind) as url, _serving(url) as service:
        yield service


@contextmanager
def _serving(url: str) -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="streetorder-serve-") as home:
        try:
            with serving(Path(home), "127.0.0.1:0", "--no-copies", "--store", url) as service:
                yield service
        except NotServed as problem:
            fail(str(problem))


def _say(result: dict[str, Any], save_to: Path | None) -> None:
    if save_to is not None:
        save(save_to, result)
    typer.echo(json.dumps(result))

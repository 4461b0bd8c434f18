"""``streetorder serve``: cases, their interface and the way to the responsible people, on one machine by itself."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.failing import fail, told_plainly


def serve(
    out: Annotated[Path, typer.Option("--out", help="Folder for database and evidence where none are named.")] = Path(
        "cases-data"
    ),
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="URL",
            envvar="STREETORDER_STORE",
            help="Database: sqlite:///FILE or postgresql+psycopg://...",
        ),
    ] = None,
    evidence: Annotated[
        str | None,
        typer.Option("--evidence", metavar="URL", help="Where evidence lies: a folder, or s3://bucket/prefix."),
    ] = None,
    handling: Annotated[
        Path | None,
        typer.Option("--handling", metavar="FILE", help="What the city decided: who, how long, whom to tell."),
    ] = None,
    cameras: Annotated[
        Path | None,
        typer.Option(
            "--cameras", metavar="FILE", help="City file: its cameras and zones are read and changed by HTTP."
        ),
    ] = None,
    listen: Annotated[str, typer.Option("--listen", metavar="HOST:PORT", help="Where it answers.")] = "127.0.0.1:8490",
    model: Annotated[
        Path | None,
        typer.Option("--model", help="Model that finds faces and plates to hide; the shipped one if left out."),
    ] = None,
    copies: Annotated[
        bool, typer.Option("--copies/--no-copies", help="Make copies of evidence without faces and plates.")
    ] = True,
    new_admin_key: Annotated[
        bool,
        typer.Option("--new-admin-key", help="Make one more administrator's key, for who lost theirs, into --out."),
    ] = False,
    log_json: Annotated[bool, typer.Option("--log-json", help="One line of JSON for each message.")] = False,
) -> None:
    """Keep cases, answer by HTTP (/api/v1, /open311/v2), and tell other systems, until SIGTERM or Ctrl-C.

    Exit code 0: stopped in order; 2: wrong use; 3: the database or the evidence cannot be used.
    """
    from service.serving import Options, serve_cases  # a web framework and a database take their time to load

    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        fail(f"--listen {listen}: HOST:PORT is needed, such as 127.0.0.1:8490")
    with told_plainly():
        serve_cases(
            Options(
                store=store or f"sqlite:///{out / 'cases.db'}",
                evidence=evidence or str(out / "evidence"),
                handling=handling,
                cameras=cameras,
                host=host.strip("[]"),
                port=int(port),
                model=model,
                copies=copies,
                new_admin_key=new_admin_key,
                log_json=log_json,
                home=out,
            )
        )


def make_copies(
    store: Annotated[str, typer.Option("--store", envvar="STREETORDER_STORE", help="Database.")],
    evidence: Annotated[str, typer.Option("--evidence", help="Where evidence lies.")],
    model: Annotated[Path | None, typer.Option("--model", help="Model file.")] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="One line of JSON for each message.")] = False,
) -> None:
    """Make copies of evidence without faces and plates, beside ``serve``, until SIGTERM."""
    from service.copying import copy_until_stopped

    with told_plainly():
        copy_until_stopped(store, evidence, model, log_json)

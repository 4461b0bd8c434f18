"""The command line: ``streetorder COMMAND``. Each command has its own file in ``service.commands``.

Only the file of the command that is asked for is loaded: the service that keeps cases needs no decoder and no detector,
and everybody waits less.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points, version
from typing import Annotated, Any

import typer

COMMANDS: Mapping[str, str] = {
    "score": "score:score",
    "worker": "worker:worker",
    "top": "top:top",
    "push": "push:push",
    "serve": "serve:serve",
    "copies": "serve:make_copies",
    "copy-store": "copy_store:copy_store",
    "replay": "replay:replay_detections",
    "check": "check:check_city",
    "schema": "schema:schema",
    "explain": "explain:explain",
    "verify": "evidence:verify_evidence",
    "keys": "evidence:keys",
    "models": "models:models",
    "shadow": "shadow:shadow",
    "simulate": "simulate:simulate",
    "train": "train:train",
    "export": "export:export",
    "adopt": "adopt:adopt",
    "card": "card:card",
}
"""Where each lies, in the order in which help lists them."""
GROUPS: Mapping[str, str] = {"evaluate": "evaluate:app", "labels": "labels:app"}
HIDDEN = frozenset({"copies"})
"""What the program calls for itself."""


def make_app(wanted: str | None = None) -> typer.Typer:
    """With the command ``wanted`` alone; with all of them where there is none of that name."""
    app = typer.Typer(
        name="streetorder",
        help="Finds street-order violations in street video and keeps evidence that stands up.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    points = {point.name: point for point in entry_points(group="streetorder.commands")}
    known = {*COMMANDS, *GROUPS, *points}
    names = {wanted} if wanted in known else known
    for name, where in COMMANDS.items():
        if name in names:
            app.command(name, hidden=name in HIDDEN)(_found(where))
    for name, where in GROUPS.items():
        if name in names:
            app.add_typer(_found(where), name=name)
    for name, point in points.items():
        if name in names:
            app.add_typer(point.load(), name=name)
    return app


def _found(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(import_module(f"service.commands.{module}"), name)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"streetorder {version('streetorder')}")
        raise typer.Exit


def _root(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None: ...


def main() -> None:
    """Entry point. Folders above this one add commands by the entry point ``streetorder.commands``."""
    make_app(sys.argv[1] if len(sys.argv) > 1 else None)()

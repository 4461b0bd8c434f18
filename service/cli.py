"""The command line: ``streetorder COMMAND``. Each command has its own file in ``service.commands``."""

import sys
from importlib.metadata import entry_points, version
from typing import Annotated

import typer

from service.commands import (
    adopt,
    card,
    check,
    evaluate,
    evidence,
    explain,
    export,
    labels,
    labels_flywheel,
    models,
    replay,
    schema,
    score,
    shadow,
    simulate,
    synthesise,
    top,
    train,
    worker,
)

app = typer.Typer(
    name="streetorder",
    help="Finds street-order violations in street video and keeps evidence that stands up.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("score")(score.score)
app.command("worker")(worker.worker)
app.command("top")(top.top)
app.command("replay")(replay.replay_detections)
app.command("check")(check.check_city)
app.command("schema")(schema.schema)
app.command("explain")(explain.explain)
app.command("verify")(evidence.verify_evidence)
app.command("keys")(evidence.keys)
app.command("models")(models.models)
app.command("shadow")(shadow.shadow)
app.command("simulate")(simulate.simulate)
app.command("train")(train.train)
app.command("export")(export.export)
app.command("adopt")(adopt.adopt)
app.command("card")(card.card)
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(labels.app, name="labels")
labels.app.command("synthesise")(synthesise.synthesise)
labels.app.command("export")(labels_flywheel.export_decisions)
labels.app.command("propose")(labels_flywheel.propose_pictures)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"streetorder {version('streetorder')}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None: ...


def main() -> None:
    """Entry point. Folders above this one add commands by the entry point ``streetorder.commands``."""
    for point in entry_points(group="streetorder.commands"):
        if point.name in sys.argv[1:2] or len(sys.argv) <= 2:
            app.add_typer(point.load(), name=point.name)
    app()

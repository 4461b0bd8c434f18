"""``streetorder train``: teaches a model from picture sets, by a recipe. Needs the extra ``train``."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.failing import fail, told_plainly


def train(
    data: Annotated[Path, typer.Option(help="Folder of the picture sets.", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="Folder of this run: checkpoint, weights, account of what was done.")],
    start: Annotated[
        Path, typer.Option("--from", help="Weights to start from: a COCO export (.onnx) or weights of ours (.pt).")
    ],
    teacher: Annotated[
        Path | None, typer.Option(help="COCO export (.onnx) of which training forgets nothing it need not.")
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="The recipe (YAML); default: the one the shipped model has.")
    ] = None,
    minutes: Annotated[float, typer.Option(help="Stop after so many minutes; the same command goes on later.")] = 1e6,
    workers: Annotated[int, typer.Option(help="Processes that make samples.", min=0)] = 1,
) -> None:
    """Train a model, or go on with a training that was stopped; with nothing left to do, say so."""
    with told_plainly():
        from models.training.run import RECIPE, WEIGHTS, Run
        from models.training.run import train as go_on

        run = Run(recipe or RECIPE, data, out, start, teacher)
        try:
            done = go_on(run, minutes=minutes, workers=workers, told=typer.echo)
        except ImportError as error:
            fail(str(error))
    if done:
        typer.echo(f"done: {out / WEIGHTS}")
    else:
        typer.echo("not done yet: run the same command again to go on")
        raise typer.Exit(3)

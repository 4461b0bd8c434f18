"""``streetorder evaluate folds``: how well a recipe teaches a set of few pictures. Needs the extra ``train``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from labels.datasets.groups import BLOCK
from labels.datasets.records import LabelsError
from labels.source_classes import SourceClassesError
from service.commands.failing import fail, told_plainly


def folds(
    name: Annotated[str, typer.Argument(metavar="SET", help="The set, by its name in the recipe.")],
    key: Annotated[str, typer.Argument(help="The class to measure.")],
    recipe: Annotated[Path, typer.Option(help="The recipe (YAML) that teaches each fold.")],
    data: Annotated[Path, typer.Option(help="Folder of the picture sets.", exists=True, file_okay=False)],
    start: Annotated[Path, typer.Option("--from", help="Weights to start from; they must not know the set.")],
    out: Annotated[Path, typer.Option(help="Folder for the folds; what is done there is not done again.")],
    teacher: Annotated[Path | None, typer.Option(help="COCO export (.onnx), as for train.")] = None,
    count: Annotated[int, typer.Option("--folds", min=2, max=10)] = 5,
    block: Annotated[int, typer.Option(min=1, help="So many neighbours by number stay in one fold.")] = BLOCK,
    seed: Annotated[int, typer.Option(min=0, help="Of the folds.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes that make samples.", min=0)] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Cross-validation over a set's parts train and test: AP50 of each fold, their mean and its 95 % interval."""

    def told(line: str) -> None:
        typer.echo(line, err=as_json)

    with told_plainly(as_json):
        try:
            from service.cross_validation import Order, cross_validate

            order = Order(recipe, data, name, key, count, start, teacher, out, seed, block)
            found = cross_validate(order, workers=workers, told=told)
        except (LabelsError, SourceClassesError) as error:
            fail(str(error))
        except ImportError as error:
            fail(str(error))
    if as_json:
        typer.echo(json.dumps(found))
        return
    low, high = found["ci95"]
    typer.echo(f"{key} on {name}: AP50 {found['ap50']:.3f}, 95 % interval {low:.3f} to {high:.3f}")

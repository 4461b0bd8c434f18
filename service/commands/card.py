"""``streetorder card``: a trained model with its thresholds, its figures and its page. Needs the extra ``train``."""

from pathlib import Path
from typing import Annotated

import typer

from labels.catalogue import load_catalogue
from labels.datasets.records import LabelsError
from labels.source_classes import SourceClassesError
from models.training.recipe import RecipeError
from service.commands.failing import fail, told_plainly


def card(
    run: Annotated[Path, typer.Argument(help="Folder of a training that is done.", exists=True, file_okay=False)],
    data: Annotated[
        Path, typer.Option(help="Folder of the picture sets: NAME/test is measured on.", exists=True, file_okay=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder for the model file, its page and its pictures.")],
    facts: Annotated[
        Path | None, typer.Option(help="YAML with what only people know: name, licence, thresholds of the unmeasured.")
    ] = None,
    beside: Annotated[
        Path | None, typer.Option(help="The teacher (COCO export), where the recipe shares layers with it.")
    ] = None,
    half: Annotated[bool, typer.Option("--half", help="Store the weights in 16 bits: half the file.")] = False,
    test: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE=DIR", help="A further labelled set that is measured on; may be repeated."),
    ] = None,
    precision: Annotated[float, typer.Option(help="What start thresholds are chosen for, above 0 and up to 1.")] = 0.9,
    precision_of: Annotated[
        list[str] | None, typer.Option(metavar="KEY=PRECISION", help="The same for one class; may be repeated.")
    ] = None,
) -> None:
    """Choose thresholds on the pictures held back, measure on the test parts, write model file, page and sheets."""
    from service.model_card import Order, make_card

    with told_plainly():
        if not 0 < precision <= 1:
            fail(f"--precision {precision:g}: a precision above 0 and up to 1 is allowed")
        precisions = _precisions(precision_of or [])
        order = Order(run, data, facts, out, precision, _further(test or []), beside, half, precisions)
        try:
            made = make_card(order, typer.echo)
        except (LabelsError, SourceClassesError, RecipeError) as error:
            fail(str(error))
        except ImportError as error:
            fail(f"{error}: a card is made with the extra train: pip install 'streetorder[train]'")
    proven = ", ".join(key for key in made.keys if made.proven[key]) or "nothing"
    typer.echo(f"{made.path} and {made.name}.md: sha256 {made.sha256}; proven: {proven}")


def _precisions(said: list[str]) -> dict[str, float]:
    catalogue, found = load_catalogue(), dict[str, float]()
    known = [*catalogue.types, *catalogue.auxiliary]
    for entry in said:
        key, _, value = entry.partition("=")
        if key not in known:
            fail(f"--precision-of {entry}: no such class; allowed are {', '.join(known)}")
        try:
            found[key] = float(value)
        except ValueError:
            found[key] = 0.0
        if not 0 < found[key] <= 1:
            fail(f"--precision-of {entry}: a precision above 0 and up to 1 is allowed")
    return found


def _further(said: list[str]) -> tuple[tuple[str, Path], ...]:
    pairs = []
    for entry in said:
        source, equals, folder = entry.partition("=")
        if not (source and equals and Path(folder).is_dir()):
            fail(f"--test {entry}: SOURCE=DIR is asked for, source classes and an existing folder of labelled pictures")
        pairs.append((source, Path(folder)))
    return tuple(pairs)

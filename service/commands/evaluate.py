"""``streetorder evaluate``: how good a model is, measured on labelled pictures."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import track

from labels.datasets.load import load_set
from labels.datasets.records import LabelsError, PictureSet
from labels.source_classes import SourceClassesError
from models.card import ModelCard
from models.detector import load_detector
from models.evaluation.by_size import by_size
from models.evaluation.confusion import confusion
from models.evaluation.empties import empty_pictures, false_boxes
from models.evaluation.examined import Examined, as_found, examine, read_picture
from models.evaluation.figures import labelled_keys, measure
from models.evaluation.operating_point import choose
from models.evaluation.ranking import rank
from models.evaluation.reliability import reliability
from service.commands.evaluate_agreement import agreement
from service.commands.evaluate_events import events
from service.commands.evaluate_folds import folds
from service.commands.evaluate_tables import show
from service.commands.failing import fail, told_plainly
from service.picture_detector import PictureDetector
from streams.crops import Tiles

app = typer.Typer(help="Measure a model on pictures, and what is found on the street.", no_args_is_help=True)
app.command("agreement")(agreement)
app.command("events")(events)
app.command("folds")(folds)

MOST_TILES = 8
Item = TypeVar("Item")


@app.callback()
def _evaluate() -> None: ...


@app.command("detector")
def detector(
    source: Annotated[
        str, typer.Option("--source", metavar="NAME", help="Whose classes the labels are: coco, ..., or a .yaml file.")
    ],
    images: Annotated[Path, typer.Option("--images", metavar="DIR", help="Folder with images/ and labels/.")],
    model: Annotated[
        Path | None, typer.Option("--model", help="Model file (ONNX); the shipped one if left out.")
    ] = None,
    tiles: Annotated[
        str | None, typer.Option("--tiles", metavar="CxR", help="Look at tiles of each picture too, as 2x2.")
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option("--threshold", metavar="KEY=S", help="Score to measure at, by class; the model's own otherwise."),
    ] = None,
    sizes: Annotated[bool, typer.Option("--by-size", help="Recall and precision by size, whole and tiles.")] = False,
    confused: Annotated[bool, typer.Option("--confusion", help="What is taken for what.")] = False,
    curve: Annotated[bool, typer.Option("--reliability", help="Whether scores mean what they say.")] = False,
    empty: Annotated[
        Path | None, typer.Option("--empty", metavar="DIR", help="Pictures that hold nothing: false boxes in them.")
    ] = None,
    precision: Annotated[
        float | None, typer.Option("--choose", metavar="P", help="Choose thresholds here for this precision.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """COCO AP by class with its 95 % interval; precision and recall at the score at which the model is used.

    Exit code 0: measured; 2: the set, the model or an option cannot be used.
    """
    with told_plainly(as_json), labels_told_plainly():
        grid = _tiles(tiles)
        if precision is not None and not 0 < precision <= 1:
            fail(f"--choose {precision:g}: a precision above 0 and up to 1 is allowed")
        pictures = _read(source, images)
        empties = empty_pictures(empty) if empty else []
        found = load_detector(model)
        card = found.card
        used = card.start | _thresholds(threshold or [], card)
        whole, tiled = PictureDetector(found), PictureDetector(found, grid) if grid else None
        detect = tiled or whole
        examined = list(examine(_watched(pictures.pictures, "pictures", as_json), detect, card.keys))
        rankings = {key: rank(examined, key) for key in labelled_keys(examined)}
        report: dict[str, Any] = {
            "source": source,
            "model": card.name,
            "images": len(examined),
            "classes": {key: measure(r, used.get(key)).to_dict() for key, r in rankings.items()},
        }
        if sizes:
            ways = {"tiles" if tiled else "whole": examined}
            if tiled:
                again = _watched(pictures.pictures, "whole pictures", as_json)
                ways = {"whole": list(examine(again, whole, card.keys)), **ways}
            report["by_size"] = {way: _by_size(seen, used) for way, seen in ways.items()}
        if confused:
            report["confusion"] = confusion(examined, used).to_dict()
        if curve:
            report["reliability"] = {key: reliability(r).to_dict() for key, r in rankings.items() if key in used}
        if empty:
            shown = _watched(empties, "empty pictures", as_json)
            wrong = false_boxes((as_found(detect(read_picture(path)), card.keys) for path in shown), used)
            report["empty"] = {"images": len(empties), "classes": {key: f.to_dict() for key, f in wrong.items()}}
        if precision is not None:
            known = {k: r for k, r in rankings.items() if k in used and r.complete and r.boxes}
            report["chosen"] = {key: choose(ranking, precision).to_dict() for key, ranking in known.items()}
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        show(report)


@contextmanager
def labels_told_plainly() -> Iterator[None]:
    """What is wrong with labels or pictures is said in one line, like everything else that a person can mend."""
    try:
        yield
    except (LabelsError, SourceClassesError) as error:
        fail(str(error))


def _read(source: str, directory: Path) -> PictureSet:
    if not directory.is_dir():
        raise LabelsError(f"{directory}: there is no such directory")
    pictures = load_set(source, directory)
    if not any(picture.boxes for picture in pictures.pictures):
        raise LabelsError(
            f"{directory}: none of its {len(pictures.pictures)} pictures has a box of a class that {source} maps to one"
            " of ours: there is nothing to measure by (for false boxes in empty pictures: --empty)"
        )
    return pictures


def _by_size(examined: list[Examined], used: dict[str, float]) -> dict[str, list[dict[str, Any]]]:
    keys = [key for key in labelled_keys(examined) if key in used]
    return {key: [row.to_dict() for row in by_size(examined, key, used[key])] for key in keys}


def _watched(items: Iterable[Item], what: str, silent: bool) -> Iterable[Item]:
    console = Console(stderr=True)
    hidden = silent or not console.is_terminal
    return track(list(items), what, console=console, transient=True, disable=hidden)


def _tiles(text: str | None) -> Tiles | None:
    if text is None:
        return None
    columns, _, rows = text.lower().partition("x")
    sides = [int(side) if side.isascii() and side.isdigit() else 0 for side in (columns, rows)]
    if not all(1 <= side <= MOST_TILES for side in sides):
        fail(f"--tiles {text}: COLUMNSxROWS is needed, each 1 to {MOST_TILES}, such as 2x2")
    return Tiles(*sides)


def _thresholds(options: list[str], card: ModelCard) -> dict[str, float]:
    found = {}
    for option in options:
        key, _, value = option.partition("=")
        if key not in card.keys:
            fail(f"--threshold {option}: {card.name} has no such class; allowed are {', '.join(card.keys)}")
        try:
            found[key] = float(value)
        except ValueError:
            found[key] = -1.0
        if not 0 <= found[key] <= 1:
            fail(f"--threshold {option}: a score from 0 to 1 is allowed")
    return found

"""``streetorder labels``: labelled pictures: made, compared, and gathered from decisions."""

import json
from pathlib import Path
from typing import Annotated

import typer

from labels.datasets.likeness import NEAR, straddling
from labels.datasets.records import LabelsError
from labels.datasets.yolo import PICTURES
from service.commands.failing import told_plainly
from service.commands.tables import console, table

app = typer.Typer(help="Labelled pictures: made, compared, and gathered from decisions.", no_args_is_help=True)


@app.command("duplicates")
def duplicates(
    train: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the training pictures.")],
    test: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the test pictures.")],
    bits: Annotated[int, typer.Option(min=0, max=32, help="Bits of 64 in which near-duplicates may differ.")] = NEAR,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Near-duplicates between training and test pictures. Exit code 1: there are some."""
    with told_plainly(as_json):
        pairs = straddling(_pictures(train), _pictures(test), bits)
    if as_json:
        typer.echo(json.dumps({"pairs": [{"train": str(a), "test": str(b), "bits": n} for a, b, n in pairs]}))
    else:
        rows = table("training picture", "test picture", "bits")
        for ours, theirs, different in sorted(pairs, key=lambda pair: pair[2]):
            rows.add_row(ours.name, theirs.name, str(different))
        if pairs:
            console().print(rows)
        tests = len({theirs for _, theirs, _ in pairs})
        console().print(f"{len(pairs)} near-duplicate pairs, {tests} test pictures")
    if pairs:
        raise typer.Exit(1)


def _pictures(directory: Path) -> list[Path]:
    if not directory.is_dir():
        raise LabelsError(f"{directory}: there is no such directory")
    return sorted(path for path in directory.rglob("*") if path.suffix.lower() in PICTURES)

"""``streetorder check``: is the city file right, and do its zones lie where they should?"""

from pathlib import Path
from typing import Annotated

import typer

from service.check import check
from service.commands.failing import SOME_FAILED, WRONG_USE, told_plainly


def check_city(
    city: Annotated[Path, typer.Argument(help="City file (YAML).")],
    out: Annotated[Path, typer.Option("--out", help="Folder for a picture of each view with its zones.")] = Path(
        "check"
    ),
) -> None:
    """Validate a city file and draw each view's zones on a picture of its camera.

    Exit code 0: all is well; 1: something deserves a look; 2: the file cannot be used.
    """
    with told_plainly():
        report = check(city, out)
    for error in report.errors:
        typer.echo(error, err=True)
    for view in report.views:
        typer.echo(f"{view.camera_id}, view {view.view_id}: {view.drawing}")
    for warning in report.warnings:
        typer.echo(f"look at: {warning}", err=True)
    if not report.ok:
        raise typer.Exit(WRONG_USE)
    if report.warnings:
        raise typer.Exit(SOME_FAILED)

"""``streetorder labels synthesise``: compose labelled street scenes from labelled pictures and drawn things."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from labels.datasets.records import LabelsError
from labels.synthesis.build import synthesise as write_scenes
from labels.synthesis.kinds import Kind, Part, recipe
from labels.synthesis.sheet import write_sheet
from labels.synthesis.things.text import NoChineseFont
from service.commands.failing import fail, told_plainly
from service.commands.tables import console

ON_SHEET = 24


def synthesise(
    data: Annotated[Path, typer.Option(help="Folder of the labelled sets that scenes are made from.")],
    out: Annotated[Path, typer.Option(help="New folder for images/, labels/, classes.txt and card.json.")],
    kind: Annotated[Kind, typer.Option(help="Small bins and heaps, drawn things, or both in turn.")] = Kind.MIXED,
    count: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same set.")] = 0,
    part: Annotated[
        Part, typer.Option(help="What they are for. Pictures of 'test' stand on unlicensed ones: never train on them.")
    ] = Part.TRAIN,
    sheet: Annotated[Path | None, typer.Option(help="A PNG of the first pictures with their boxes.")] = None,
) -> None:
    """Compose scenes: things cut out or drawn, pasted into street pictures, with their boxes."""
    if sheet is not None and sheet.suffix.lower() != ".png":
        fail(f"--sheet {sheet}: the sheet is a PNG; its name must end in .png")
    with told_plainly():
        try:
            scenes = recipe(kind, part, data, count, seed)
            with Progress(console=Console(stderr=True), transient=True) as progress:
                task = progress.add_task("composing", total=count)
                pictures = write_scenes(scenes, out, seed, lambda done: progress.update(task, completed=done))
        except (LabelsError, NoChineseFont) as error:
            fail(str(error))
        if sheet is not None:
            write_sheet(pictures[:ON_SHEET], sheet)
    boxes = sum(len(picture.boxes) for picture in pictures)
    console().print(f"{len(pictures)} pictures with {boxes} boxes in {out}", markup=False)

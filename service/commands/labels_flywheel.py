"""``streetorder labels export`` and ``labels propose``: what operators decided, and what they should look at next."""

from pathlib import Path
from typing import Annotated

import typer

from labels.catalogue import load_catalogue
from labels.datasets.records import LabelsError
from labels.flywheel.decided import decide
from labels.flywheel.decided_set import write_decided
from labels.flywheel.decisions import read_decisions
from labels.flywheel.found import read_found
from models.detector import load_detector
from service.commands.failing import fail, told_plainly
from service.planning import Request
from service.proposing import frames_of, pictures_of, propose, write_proposals
from streams.sampler import make_sampler


def export_decisions(
    results: Annotated[list[Path], typer.Option("--results", help="Folder of streetorder score. May be repeated.")],
    decisions: Annotated[Path, typer.Option("--decisions", help="What operators decided, .jsonl or .csv.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the picture set.")],
    licence: Annotated[
        str | None,
        typer.Option(
            "--licence", help="Whose the pictures are and that they may teach; without it they only evaluate."
        ),
    ] = None,
) -> None:
    """Make a labelled picture set of confirmed and rejected violations (YOLO and COCO)."""
    catalogue = load_catalogue()
    with told_plainly():
        try:
            decided = decide(read_found(results), read_decisions(decisions, catalogue.types), catalogue.types)
            if not decided.pictures:
                fail(
                    f"{decisions}: no decision of it teaches anything: {decided.not_found} are of no violation in"
                    f" these results, {decided.without_picture} have no picture, {decided.unclear} have no reason"
                )
            write_decided(out, decided.pictures, [*catalogue.types, *catalogue.auxiliary], licence)
        except LabelsError as error:
            fail(str(error))
    typer.echo(
        f"{out}: {len(decided.pictures)} pictures of {len({p.scene for p in decided.pictures})} cameras;"
        f" {decided.confirmed} confirmed, {decided.corrected} corrected, {decided.allowed} allowed things,"
        f" {decided.mistaken} mistaken ones as hard negatives"
    )
    for count, what in (
        (decided.unclear, "rejected without a reason: where the thing may be allowed, say mistaken or allowed"),
        (decided.without_picture, "without a picture"),
        (decided.not_found, "of no violation in these results"),
    ):
        if count:
            typer.echo(f"left out: {count} {what}")
    if licence is None:
        typer.echo("no --licence was given: the set evaluates models and trains none")


def propose_pictures(
    recordings: Annotated[
        list[str] | None,
        typer.Argument(help="Recordings to look through: files, directories, globs.", show_default=False),
    ] = None,
    images: Annotated[Path | None, typer.Option("--images", help="Or pictures: a folder, and below it.")] = None,
    model: Annotated[
        Path | None, typer.Option("--model", help="Whose doubts count; the shipped model if left out.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="New folder for the pictures.")] = Path("proposals"),
    count: Annotated[int, typer.Option("--count", min=1, max=5000, help="How many at most.")] = 100,
    every: Annotated[
        str | None, typer.Option("--every", help="Pictures of recordings to look at, as for streetorder score.")
    ] = None,
) -> None:
    """Find the pictures on which a model is least sure, with its boxes as a first draft, for a labelling tool."""
    with told_plainly():
        if (images is None) == (not recordings):
            fail("propose from what? Name either recordings or --images DIR")
        detector = load_detector(model)
        request = Request(tuple(recordings or ()), out, every=every)
        try:
            if every is not None:
                make_sampler(every)
            frames = pictures_of(images, detector) if images else frames_of(request, detector)
            found = propose(frames, detector, count)
            written = write_proposals(out, found, detector.card.keys)
        except (LabelsError, ValueError) as error:
            fail(str(error))
    flicker = sum(p.doubt.reason == "flicker" for p in found)
    typer.echo(
        f"{out}: {written} pictures of {len({p.scene for p in found})} scenes;"
        f" {len(found) - flicker} doubts about a score, {flicker} about a thing that flickers; why: {out}/proposals.csv"
    )

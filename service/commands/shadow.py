"""``streetorder shadow``: a candidate model beside the one in service, on the same recordings."""

import json
from pathlib import Path
from typing import Annotated

import typer

from models.detector import load_detector
from service.city import load_city
from service.commands.dwells import dwells
from service.commands.failing import SOME_FAILED, fail, told_plainly
from service.commands.progress import Display
from service.planning import Request
from service.shadow import run_shadow
from service.shadow_page import write_page
from vision.durable import naming, write_durably
from vision.keys import default_key_path, load_or_make


def shadow(
    recordings: Annotated[
        list[str] | None,
        typer.Argument(help="Files, directories or globs. May be left out with --cameras.", show_default=False),
    ] = None,
    model: Annotated[Path | None, typer.Option("--model", help="The candidate.", show_default=False)] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="The model in service; the shipped one if left out.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the results of both.")] = Path("shadow"),
    cameras: Annotated[Path | None, typer.Option("--cameras", help="City file (YAML) with cameras and zones.")] = None,
    camera: Annotated[str | None, typer.Option("--camera", help="All recordings are this camera's.")] = None,
    every: Annotated[str | None, typer.Option("--every", help="Pictures to look at, as for streetorder score.")] = None,
    dwell: Annotated[
        list[str] | None, typer.Option("--dwell", metavar="KEY=SECONDS", help="How long a thing must stay, by type.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the verdict.")] = False,
) -> None:
    """Compare a candidate model with the old one before a switch; what the old one finds stays what is reported.

    Exit code 0: all was read; 1: some files were not; 2: wrong use; 3: results could not be written.
    """
    with told_plainly(as_json):
        if model is None:
            fail("shadow which model? Name the candidate: --model FILE")
        city = load_city(cameras) if cameras else None
        if not recordings and city is None:
            fail("shadow on what? Name files, directories or globs, or give --cameras city.yaml")
        request = Request(tuple(recordings or ()), out, city, camera_id=camera, every=every, dwell=dwells(dwell or []))
        old, new = load_detector(against), load_detector(model)
        if old.card.sha256 == new.card.sha256:
            fail(f"{model}: it is the model in service itself; there is nothing to compare")
        key, _ = load_or_make(default_key_path())
        with Display(quiet=quiet or as_json) as display, naming(out):
            found = run_shadow(request, old, new, key, display.watching)
        with naming(out / "shadow.html"):
            page = write_page(found, out)
            write_durably(out / "shadow.json", json.dumps(found.to_dict(), ensure_ascii=False, indent=1).encode())
    for file, message in found.old.summary.failures:
        typer.echo(f"{file}: {message}", err=True)
    if as_json:
        typer.echo(json.dumps({**found.to_dict(), "page": str(page)}, ensure_ascii=False))
    else:
        typer.echo(found.verdict())
        typer.echo(f"pictures of the disagreements: {page}; reported: {found.old.summary.report}")
    if found.old.summary.failures:
        raise typer.Exit(SOME_FAILED)

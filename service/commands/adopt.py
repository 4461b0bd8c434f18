"""``streetorder adopt``: a model of another project becomes a model file of ours."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from labels.source_classes import load_source_classes
from models.adapters import pixels
from models.adopt import adopt as adopt_model
from service.commands.failing import fail, told_plainly

PixelForm = StrEnum("PixelForm", {name: name for name in pixels.FORMS})  # type: ignore[misc]


def adopt(
    theirs: Annotated[Path, typer.Argument(help="An ONNX export of YOLOX, D-FINE, DEIM or RT-DETR.")],
    out: Annotated[Path, typer.Argument(help="The copy to write, .onnx.")],
    source: Annotated[str, typer.Option(help="Which classes it was trained on: a shipped name or a .yaml.")],
    licence: Annotated[str, typer.Option(help="Of its weights, as their publisher states it, e.g. Apache-2.0.")],
    pixel_form: Annotated[
        PixelForm | None, typer.Option("--pixels", help="How it wants its pixels, where that is not the usual way.")
    ] = None,
    start: Annotated[
        list[str] | None, typer.Option(metavar="KEY=SCORE", help="Score that opens a track of this class.")
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option(metavar="KEY=SCORE", help="Score that keeps a track of this class.")
    ] = None,
) -> None:
    """Say what a foreign model file leaves out: classes, licence, pixels, thresholds. Needs the package onnx."""
    thresholds = {"start": _scores("--start", start or ()), "keep": _scores("--keep", keep or ())}
    with told_plainly():
        classes = load_source_classes(source)
        card = adopt_model(
            theirs,
            out,
            classes,
            licence=licence,
            pixel_form=pixel_form.value if pixel_form else "",
            thresholds=thresholds,
        )
    seen = ", ".join(f"{key} (start {card.start[key]:g}, keep {card.keep[key]:g})" for key in card.keys)
    typer.echo(f"{card.path}: {card.recipe}; {card.licence}; sees {seen}; sha256 {card.sha256}")


def _scores(option: str, said: Sequence[str]) -> dict[str, float]:
    """What stands behind the option, as numbers; the model file itself says which are allowed."""
    found: dict[str, float] = {}
    for text in said:
        key, _, value = text.partition("=")
        try:
            found[key] = float(value)
        except ValueError:
            fail(f"{option} {text}: KEY=SCORE is wanted, e.g. {option} overflowing_bin=0.4")
    return found

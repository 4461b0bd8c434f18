"""``streetorder export``: a model file of the detector's contract, from weights or in another precision."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from labels.source_classes import SourceClassesError
from models.export import Order, make_model, told
from service.commands.failing import fail, told_plainly


class PrecisionName(StrEnum):
    """As on the command line."""

    fp32 = "fp32"
    fp16 = "fp16"
    int8 = "int8"


def export(
    weights: Annotated[
        Path, typer.Argument(help="Ultralytics weights (.pt, or an ONNX export), or a model file in fp32.")
    ],
    out: Annotated[Path, typer.Argument(help="The model file to write, .onnx.")],
    source: Annotated[
        str, typer.Option("--source", help="Which classes the weights know: a shipped name or a .yaml.")
    ] = "coco",
    facts: Annotated[
        Path | None,
        typer.Option("--facts", help="YAML with what only people know: name, licence, thresholds, figures."),
    ] = None,
    beside: Annotated[
        Path | None,
        typer.Option(help="COCO weights that it was trained to run beside: what these know stays as it is."),
    ] = None,
    precision: Annotated[
        PrecisionName, typer.Option("--precision", help="fp16 halves the file; int8 is also faster.")
    ] = PrecisionName.fp32,
    calibration: Annotated[
        Path | None,
        typer.Option("--calibration", help="Real street pictures (64 are used) that int8 is calibrated on."),
    ] = None,
    openvino: Annotated[
        bool, typer.Option("--openvino", help="Write OpenVINO's form, .xml and .bin, beside it as well.")
    ] = False,
) -> None:
    """Make a model file that the program runs. Needs the extra train (and openvino for --openvino)."""
    with told_plainly():
        order = Order(weights, out, source, facts, precision.value, calibration, openvino, beside)
        try:
            made = make_model(order)
        except SourceClassesError as error:
            fail(str(error))
    typer.echo(told(made))

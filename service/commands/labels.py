"""``streetorder labels``: labelled pictures: read, counted, compared, split; made, and gathered from decisions."""

import json
from pathlib import Path
from typing import Annotated

import typer

from labels.datasets.contact_sheet import write_contact_sheet
from labels.datasets.export import Form, write_set
from labels.datasets.groups import BLOCK
from labels.datasets.likeness import NEAR, straddling
from labels.datasets.load import load_set
from labels.datasets.pack import pack
from labels.datasets.records import LabelsError, PictureSet
from labels.datasets.split import GUARD, split
from labels.datasets.statistics import statistics
from labels.datasets.yolo import PICTURES
from service.commands.failing import told_plainly
from service.commands.labels_flywheel import export_decisions, propose_pictures
from service.commands.synthesise import synthesise
from service.commands.tables import console, table

app = typer.Typer(help="Labelled pictures: made, compared, and gathered from decisions.", no_args_is_help=True)
app.command("synthesise")(synthesise)
app.command("export")(export_decisions)
app.command("propose")(propose_pictures)

Source = Annotated[
    str, typer.Option("--source", metavar="NAME", help="Whose classes the labels are: coco, ..., or a .yaml file.")
]
Images = Annotated[
    Path, typer.Option("--images", metavar="DIR", help="The set: YOLO or COCO, as CVAT or Label Studio export it.")
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or empty folder.")]
To = Annotated[Form, typer.Option("--to", help="How the labels are written.")]


@app.command("stats")
def stats(
    source: Source,
    images: Images,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="FILE", help="Draw boxes of each class into this picture (.webp).")
    ] = None,
) -> None:
    """What a set holds, in our types: boxes, their widths, empty pictures, licence."""
    with told_plainly():
        pictures = load_set(source, images)
        if sheet:
            write_contact_sheet(pictures, sheet)
    told, out = statistics(pictures), console()
    out.print(f"{told.name}: {told.pictures} pictures, {told.empty} of them without a box", markup=False)
    out.print(f"licence: {told.licence or 'none is stated: it may evaluate a model and never train one'}", markup=False)
    if pictures.notes:
        out.print(pictures.notes, markup=False)
    rows = table("class", "boxes", "pictures", "width of a box, % of the picture (5th, 50th, 95th percentile)")
    for key, of in told.classes.items():
        widths = "  ".join(f"{100 * w:.1f}" for w in of.width) if of.width else ""
        rows.add_row(key, str(of.boxes), str(of.pictures), widths)
    for key, boxes in told.look_alikes.items():
        rows.add_row(f"looks like {key}", str(boxes), "", "")
    if told.ignored:
        rows.add_row("ignored regions", str(told.ignored), "", "")
    out.print(rows)
    sizes = [f"{w}x{h} ({count})" for (w, h), count in told.sizes.items()]
    out.print(f"sizes: {', '.join(sizes[:6])}{f' and {len(sizes) - 6} more' if len(sizes) > 6 else ''}")


@app.command("convert")
def convert(source: Source, images: Images, out: Out, to: To = Form.YOLO) -> None:
    """Write a set in our types, with its pictures and a source.yaml that keeps licence and what is known."""
    with told_plainly():
        pictures = load_set(source, images)
        write_set(out, pictures, to, f"converted from {pictures.name}")
    typer.echo(f"{out}: {len(pictures.pictures)} pictures; read it again with --source {out / 'source.yaml'}")
    _tell_notes(pictures)


@app.command("split")
def split_set(
    source: Source,
    images: Images,
    out: Out,
    share: Annotated[float, typer.Option(help="Part of the pictures that becomes the test part.")] = 0.15,
    seed: Annotated[int, typer.Option(help="The same seed gives the same split.")] = 0,
    block: Annotated[int, typer.Option(min=1, help="Neighbouring numbers that stay together.")] = BLOCK,
    guard: Annotated[int, typer.Option(min=0, help="Numbers beside a test picture that teach nothing.")] = GUARD,
    to: To = Form.YOLO,
) -> None:
    """Split a set into OUT/train and OUT/test so that no place is in both."""
    with told_plainly():
        pictures = load_set(source, images)
        parts = split(pictures, share, seed, block, guard)
        crossing = straddling([p.path for p in parts.train.pictures], [p.path for p in parts.test.pictures])
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise LabelsError(f"{out}: it is not empty; name a new folder")
        for name, part in (("train", parts.train), ("test", parts.test)):
            write_set(out / name, part, to, f"split from {pictures.name} with seed {seed}")
    typer.echo(f"train {len(parts.train.pictures)}, test {len(parts.test.pictures)} pictures")
    typer.echo(f"left out: {len(parts.left_out)}, within {guard} numbers of a test picture")
    typer.echo(f"near-duplicates across the split: {len(crossing)}")
    _tell_notes(pictures)


@app.command("duplicates")
def duplicates(
    train: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the training pictures.")],
    test: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the test pictures.")],
    bits: Annotated[int, typer.Option(min=0, max=32, help="Bits of 64 in which near-duplicates may differ.")] = NEAR,
    source: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Compare what load leaves of this set, not whole folders: DIR holds labels."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Near-duplicates between training and test pictures. Exit code 1: there are some."""
    with told_plainly(as_json):
        sides = [load_set(source, side) for side in (train, test)] if source else []
        paths = [[p.path for p in side.pictures] for side in sides] or [_pictures(train), _pictures(test)]
        pairs = straddling(paths[0], paths[1], bits)
    if as_json:
        typer.echo(json.dumps({"pairs": [{"train": str(a), "test": str(b), "bits": n} for a, b, n in pairs]}))
    else:
        rows = table("training picture", "test picture", "bits")
        for ours, theirs, different in sorted(pairs, key=lambda pair: pair[2]):
            rows.add_row(ours.name, theirs.name, str(different))
        if pairs:
            console().print(rows)
        for name, side in zip(("train", "test"), sides, strict=False):
            console().print(f"{name}: {len(side.pictures)} pictures{side.notes and '; '}{side.notes}", markup=False)
        tests = len({theirs for _, theirs, _ in pairs})
        console().print(f"{len(pairs)} near-duplicate pairs, {tests} test pictures")
    if pairs:
        raise typer.Exit(1)


@app.command("pack")
def pack_sets(
    names: Annotated[list[str], typer.Argument(metavar="SET...", help="Folders of the data folder.")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the picture sets.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The archive to write, .tar.")],
    longest: Annotated[int, typer.Option(min=64, help="Longer side of the pictures, pixels.")] = 640,
    megabytes: Annotated[float, typer.Option(min=0.1, help="Most it may take.")] = 40.0,
) -> None:
    """Pack picture sets, made smaller, for the machine that trains; tar xf gives a data folder again."""
    with told_plainly():
        packed = pack(data, names, out, longest, int(megabytes * 1e6))
    typer.echo(f"{out}: {packed.pictures} pictures, {packed.size / 1e6:.1f} MB, quality {packed.quality}")


def _tell_notes(pictures: PictureSet) -> None:
    if pictures.notes:
        typer.echo(f"{pictures.name}: {pictures.notes}")


def _pictures(directory: Path) -> list[Path]:
    if not directory.is_dir():
        raise LabelsError(f"{directory}: there is no such directory")
    return sorted(path for path in directory.rglob("*") if path.suffix.lower() in PICTURES)

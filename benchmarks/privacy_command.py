"""``streetorder benchmark privacy``: whether copies that leave hide what they have to."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.hidden_people import CLIPS, FROM_SCORE, OTHER, SETS, Comparison, counted, images
from benchmarks.machine import machine, save
from models.detector import load_detector
from service.commands.failing import fail, told_plainly


def privacy(
    shared: Annotated[Path, typer.Argument(help="Folder of the evaluation material; pictures and clips in data/.")],
    model: Annotated[Path | None, typer.Option(help="Model that hides; the shipped one if left out.")] = None,
    most: Annotated[int | None, typer.Option(min=1, help="Pictures of each set; all if left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    save_to: Annotated[Path | None, typer.Option("--save", help="Write the JSON to this file as well.")] = None,
) -> None:
    """Heads and plate regions that another model finds: how many of them copies hide, by height in pixels."""
    with told_plainly(as_json):
        clips = [shared / "data/videos" / name for name in CLIPS]
        needed = [shared / OTHER, *(shared / "data" / name for name in SETS), *clips]
        for path in needed:
            if not path.exists():
                fail(f"{path}: no such file; the evaluation material is needed")
        detector, other = load_detector(model), load_detector(shared / OTHER)
        comparison = Comparison(detector, other)
        found: dict[str, Any] = {"machine": machine(), "model": detector.card.sha256, "other": other.card.sha256}
        results: list[dict[str, Any]] = []
        for name in SETS:
            chosen = images(shared / "data" / name)[:most]
            parts = [part for path in chosen for part in comparison.of_picture(path)]
            results.append({"of": name, "pictures": len(chosen), "parts": counted(parts)})
        if most is None:
            results += [{"of": clip.name, "parts": counted([*comparison.of_clip(clip)])} for clip in clips]
        found |= {"from_score": FROM_SCORE, "results": results}
        if save_to is not None:
            save(save_to, found)
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("of", "what", "height (px)", "there", "hidden")
    for result in results:
        for row in result["parts"]:
            high = "" if row["to_px"] is None else row["to_px"]
            counts = str(row["there"]), f"{row['hidden']} ({row['hidden'] / row['there']:.1%})"
            table.add_row(result["of"], row["what"], f"{row['from_px']} to {high}", *counts)
    Console().print(table)

"""``streetorder models``: what models are at hand, what each sees and how well that is known."""

from pathlib import Path
from typing import Annotated

import typer
from models.listing import list_models
from rich.console import Console
from rich.table import Table

from labels.catalogue import load_catalogue
from models.detector import load_detector
from service.commands.failing import told_plainly


def models(
    files: Annotated[list[Path] | None, typer.Argument(help="Model files to look at besides the shipped ones.")] = None,
) -> None:
    """List models: classes, what is proven, licence."""
    with told_plainly():
        cards = [*list_models(), *(load_detector(file).card for file in files or [])]
    catalogue = load_catalogue()
    names = {key: (t.zh, t.en) for key, t in catalogue.types.items()}
    names |= {key: (c.zh, c.en) for key, c in catalogue.auxiliary.items()}
    console = Console()
    for card in cards:
        sizes = ", ".join(f"{w}x{h}" for w, h in card.sizes)
        console.print(f"[bold]{card.name}[/bold] {card.version}  {sizes} {card.resize}", highlight=False)
        console.print(f"licence: {card.licence}", highlight=False, markup=False)
        console.print(f"sha256 {card.sha256}", highlight=False)
        table = Table("class", "", "", "proven", "start", "keep")
        for key in card.keys:
            proven = "yes" if card.proven.get(key) else "unproven"
            table.add_row(key, *names.get(key, ("", "")), proven, f"{card.start[key]:.2f}", f"{card.keep[key]:.2f}")
        console.print(table)
        unseen = [key for key in catalogue.types if key not in card.keys]
        if unseen:
            console.print(f"does not see: {', '.join(unseen)}", highlight=False)

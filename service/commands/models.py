"""``streetorder models``: what models are at hand, what each sees and how well that is known."""

from pathlib import Path
from typing import Annotated

import typer

from labels.catalogue import load_catalogue
from models.detector import load_detector
from models.listing import list_models
from service.commands.failing import told_plainly
from service.commands.tables import console, table


def models(
    files: Annotated[list[Path] | None, typer.Argument(help="Model files to look at besides the shipped ones.")] = None,
) -> None:
    """List models: classes, what is proven, licence."""
    with told_plainly():
        cards = [*list_models(), *(load_detector(file).card for file in files or [])]
    catalogue = load_catalogue()
    names = {key: (t.zh, t.en) for key, t in catalogue.types.items()}
    names |= {key: (c.zh, c.en) for key, c in catalogue.auxiliary.items()}
    out = console()
    for card in cards:
        sizes = ", ".join(f"{w}x{h}" for w, h in card.sizes)
        out.print(f"{card.name} {card.version}  {sizes} {card.resize}", style="bold", markup=False)
        out.print(f"licence: {card.licence}", markup=False)
        out.print(f"sha256 {card.sha256}")
        rows = table("class", "", "", "proven", "start", "keep")
        for key in card.keys:
            proven = "yes" if card.proven.get(key) else "unproven"
            rows.add_row(key, *names.get(key, ("", "")), proven, f"{card.start[key]:.2f}", f"{card.keep[key]:.2f}")
        out.print(rows)
        unseen = [key for key in catalogue.types if key not in card.keys]
        if unseen:
            out.print(f"does not see: {', '.join(unseen)}")

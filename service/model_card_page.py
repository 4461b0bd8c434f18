"""The card as a page that people read: Markdown beside the model file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from labels.catalogue import load_catalogue
from labels.source_classes import load_source_classes
from models.card import ModelCard
from models.evaluation.operating_point import operating_point
from models.evaluation.ranking import rank
from service.model_card_sets import TeachingSet
from service.model_curve import curve_svg
from service.model_measured import Measured, TestedSet
from service.model_sheets import cases

START = load_source_classes("coco")
"""What the weights that training starts from know already."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class on the page. taught_by: names of sets. measured: in words."""

    key: str
    zh: str
    taught_by: str
    taught: bool
    start: float
    keep: float
    proven: bool
    measured: str


@dataclass(frozen=True, slots=True)
class SheetRow:
    """Hits and misses of one class. file: None where no picture may be shown."""

    key: str
    file: str | None
    origins: str
    hits: int
    misses: int
    false: int


def page(
    out: Path, card: ModelCard, account: Mapping[str, Any], sets: Sequence[TeachingSet], measured: Measured
) -> None:
    """Writes ``out/NAME.md`` and the learning curve beside it. account: what the training wrote about itself."""
    curve = f"{card.name}-curve.svg"
    (out / curve).write_text(curve_svg(account["curve"]), encoding="utf-8")
    environment = Environment(  # no HTML comes out, so nothing is escaped
        loader=PackageLoader("service", "templates"),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["figure"] = lambda value: "–" if value is None else f"{value:.3f}"
    rows = _classes(card, sets, measured)
    text = environment.get_template("model_card.md.j2").render(
        card=card,
        account=account,
        measured=measured,
        curve=curve,
        megabytes=card.path.stat().st_size / 1e6,
        rows=rows,
        blind=[row.key for row in rows if not row.taught],
        sets=sets,
        sheets=[row for key in card.keys for row in _sheet_rows(key, card, measured)],
        kept=[f"`{key}`" for key in card.keys if key in START.key_of.values()],
        unseen=[key for key in load_catalogue().types if key not in card.keys],
    )
    (out / f"{card.name}.md").write_text(text, encoding="utf-8")


def _classes(card: ModelCard, sets: Sequence[TeachingSet], measured: Measured) -> list[ClassRow]:
    catalogue = load_catalogue()
    names = {key: t.zh for key, t in catalogue.types.items()} | {key: c.zh for key, c in catalogue.auxiliary.items()}
    rows = []
    for key in card.keys:
        taught_by = ["COCO (starting weights)"] if key in START.key_of.values() else []
        if "beside" in card.provenance and taught_by:
            taught_by = ["COCO alone: its weights, unchanged"]
        else:
            taught_by += [f"{s.name} (composed)" if s.composed else s.name for s in sets if key in s.keys]
        said = _measured(measured.parts, key, card.start[key])
        taught = ", ".join(taught_by)
        rows.append(
            ClassRow(key, names[key], taught, bool(taught), card.start[key], card.keep[key], card.proven[key], said)
        )
    return rows


def _measured(parts: Sequence[TestedSet], key: str, threshold: float) -> str:
    ranking = rank([e for part in parts for e in part.examined], key)
    if not ranking.complete or not ranking.boxes:
        return "not measured: no labelled test pictures"
    point = operating_point(ranking, threshold)
    right = "nothing found" if point.precision is None else f"precision {point.precision:.2f}"
    return f"{ranking.boxes} things in test pictures: {right}, recall {point.recall:.2f}"


def _sheet_rows(key: str, card: ModelCard, measured: Measured) -> list[SheetRow]:
    """One row for the sets whose pictures are shown, one for those whose pictures may not be."""
    rows = []
    for shown in (True, False):
        parts = [p for p in measured.parts if key in p.source.labelled and p.may_be_shown is shown]
        found = cases(parts, key, card.start[key])
        if not found.hits and not found.misses:
            continue
        origins = "; ".join(f"{p.name}, {p.source.licence or 'no licence'}, {p.source.origin}" for p in parts)
        file = measured.sheets.get(key) if shown else None
        rows.append(SheetRow(key, file, origins, len(found.hits), len(found.misses), len(found.false)))
    return rows

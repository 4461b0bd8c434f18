"""The card of a trained model, made by the program: thresholds, figures, what is proven, and the pictures behind it."""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from labels.source_classes import load_source_classes
from models.card import ModelCard
from models.detector import load_detector
from models.training.recipe import Recipe, RecipeError
from models.training.run import ACCOUNT, HELD, WEIGHTS
from service.model_card_page import page
from service.model_card_sets import teaching_sets
from service.model_measured import Measured, TestedSet, checked, chosen, figures, held_back, proven, sets_measured_on
from service.model_sheets import cases, write_sheet

MEASURED_HERE = ("proven", "figures")
"""Facts that a person may have written and that are measured instead."""


@dataclass(frozen=True, slots=True)
class Order:
    """run: folder of a finished training. data: folder of the picture sets, for their test parts. facts: YAML with what
    only people know. out: folder for model file, page and pictures. precision: what thresholds are chosen for;
    precisions: by class, where that is another. tested_on: source classes and folder of further sets that are measured
    on. beside: the teacher, where the recipe shares layers with it. half: weights are stored in 16 bits."""

    run: Path
    data: Path
    facts: Path | None
    out: Path
    precision: float
    tested_on: tuple[tuple[str, Path], ...] = ()
    beside: Path | None = None
    half: bool = False
    precisions: Mapping[str, float] = field(default_factory=dict)


def make_card(order: Order, told: Callable[[str], None]) -> ModelCard:
    """Exports, chooses, measures, exports for good and writes the page with its pictures.

    Raises ``LabelsError``, ``RecipeError``, ``ModelRefused``, and ``ImportError`` without the extra ``train``.
    """
    from models.export import export, load_facts
    from models.precision import convert
    from models.ultralytics_weights import load_weights

    account, recipe = read_account(order.run)
    checked(order.data)
    if bool(recipe.shares) != (order.beside is not None):
        raise RecipeError(
            f"{order.run}: by its recipe it shares {recipe.shares} layers with its teacher: --beside"
            f" {'names that file' if recipe.shares else 'is for models that share some'}"
        )
    facts = {"name": recipe.name, **(load_facts(order.facts) if order.facts else {})}
    for fact in (fact for fact in MEASURED_HERE if fact in facts):
        told(f"{order.facts}: {fact!r} is measured here, what is written there is not used")
        facts.pop(fact)
    facts["training_sets"] = [
        *facts.get("training_sets", []),
        *(f"{s['name']} ({s['licence']})" for s in account["sets"]),
    ]
    with tempfile.TemporaryDirectory() as folder:
        provisional = Path(folder) / "provisional.onnx"
        beside = load_weights(order.beside) if order.beside else None
        export(load_weights(order.run / WEIGHTS), provisional, load_source_classes("ours"), facts, beside)
        if order.half:  # before anything is measured: the figures are those of the file itself
            whole, provisional = provisional, Path(folder) / "half.onnx"
            convert(whole, provisional, "fp16", measured=False)
        return describe(provisional, order, account, recipe, told)


def describe(
    model: Path, order: Order, account: Mapping[str, Any], recipe: Recipe, told: Callable[[str], None]
) -> ModelCard:
    """From a model file with provisional thresholds to the final one with its page. The graph stays as it is, so what
    was measured is what is written."""
    detector = load_detector(model, threads=1)
    card = detector.card
    told("choosing thresholds on the pictures held back")
    thresholds = chosen(held_back(order.run / HELD, recipe, detector), card.keys, order.precision, order.precisions)
    start = card.start | {key: t.start.threshold for key, (t, _) in thresholds.items()}
    keep = card.keep | {key: t.keep.threshold for key, (t, _) in thresholds.items()}
    parts = []
    for part in sets_measured_on(order.data, detector, order.tested_on):
        told(f"{part.name}: {len(part.examined)} test pictures")
        parts.append(part)
    card = replace(card, start=start, keep=keep, proven=proven(parts, start))
    order.out.mkdir(parents=True, exist_ok=True)
    measured = Measured(
        order.precision, thresholds, figures(parts, card), tuple(parts), _sheets(order.out, parts, card)
    )
    final = _written(model, order.out / f"{card.name}.onnx", card, account, recipe, measured)
    sets = teaching_sets(account, recipe, order.run, order.data)
    page(order.out, final, account, sets, measured)
    return final


def read_account(run: Path) -> tuple[dict[str, Any], Recipe]:
    """What a training wrote about itself. Raises ``RecipeError``."""
    file = run / ACCOUNT
    try:
        account = json.loads(file.read_text(encoding="utf-8"))
        recipe = Recipe.model_validate(YAML(typ="safe", pure=True).load(account["recipe"]))
    except FileNotFoundError:
        raise RecipeError(
            f"{file} is missing: the training in {run} is not done; `streetorder train` goes on"
        ) from None
    except (ValueError, KeyError, TypeError, YAMLError, ValidationError) as error:
        raise RecipeError(f"{file}: it is no account of a training: {' '.join(str(error).split())[:200]}") from None
    return account, recipe


def _sheets(out: Path, parts: list[TestedSet], card: ModelCard) -> dict[str, str]:
    shown = [part for part in parts if part.may_be_shown]
    sheets = {}
    for key in card.keys:
        all_cases = cases([p for p in shown if key in p.source.labelled], key, card.start[key])
        if all_cases.hits or all_cases.misses:
            sheets[key] = f"{card.name}-{key}.webp"
            write_sheet(out / sheets[key], all_cases, key, card.start[key])
    return sheets


def _written(
    model: Path, out: Path, card: ModelCard, account: Mapping[str, Any], recipe: Recipe, measured: Measured
) -> ModelCard:
    from models.precision import need_onnx, stored_card, write_model

    onnx = need_onnx(out)
    graph = onnx.load(model)
    stored = stored_card(model, {p.key: p.value for p in graph.metadata_props})
    stored |= {"start": card.start, "keep": card.keep, "proven": card.proven}
    stored["figures"] = {
        "rule": measured.rule,
        "precision_asked_for": measured.precision,
        "thresholds": {key: {**t.to_dict(), "boxes": n} for key, (t, n) in measured.thresholds.items()},
        "test": {key: {s: f.to_dict() for s, f in sets.items()} for key, sets in measured.figures.items()},
    }
    stored["recipe"] = f"{stored['recipe']}; taught by the recipe {recipe.name!r}, {account['samples']} samples"
    stored["provenance"] |= {
        "start_weights": account["start"]["file"],
        "start_weights_sha256": account["start"]["sha256"],
    }
    return write_model(graph, out, stored)

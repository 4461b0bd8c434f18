"""``streetorder evaluate events``: were the right things reported, once each, and how soon?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from labels.catalogue import load_catalogue
from service.commands.failing import fail, told_plainly
from service.commands.tables import console, table
from service.event_timeline import timeline_svg
from vision.durable import write_durably
from vision.evaluation.accounts import AccountProblem, read_both
from vision.evaluation.event_figures import EventFigures, figures
from vision.evaluation.event_matching import LEAST_IOU, Matched, match

ALL = "all types"


def events(
    truth: Annotated[Path, typer.Option("--truth", metavar="FILE", help="What really happened: JSONL or CSV.")],
    found: Annotated[
        Path, typer.Option("--found", metavar="FILE", help="What was found: a folder of results, JSONL or CSV.")
    ],
    slack: Annotated[
        float, typer.Option("--slack", metavar="S", help="Seconds that two events may lie apart and be one.")
    ] = 0.0,
    overlap: Annotated[
        float, typer.Option("--iou", help="How much two boxes of one thing overlap at least, where both are known.")
    ] = LEAST_IOU,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE.svg", help="Draw both along the time.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Events found, missed, false and found twice; how late; how long an outage splits one into two.

    Exit code 0: measured; 2: a file or an option cannot be used.
    """
    with told_plainly(as_json):
        if not slack >= 0 or not 0 <= overlap <= 1:
            fail(f"--slack {slack:g}, --iou {overlap:g}: 0 or more seconds and an overlap from 0 to 1 are allowed")
        try:
            true, said = read_both(truth, found, frozenset(load_catalogue().types))
        except AccountProblem as problem:
            fail(str(problem))
        matched = match(true.happenings, said.happenings, slack, overlap)
        whole = figures(matched, true)
        by_key = {key: figures(_of(matched, key), true) for key in sorted(_keys(matched))}
        if picture is not None:
            write_durably(picture, timeline_svg(matched).encode())
    if as_json:
        classes = {key: one.to_dict() for key, one in by_key.items()}
        typer.echo(json.dumps(whole.to_dict() | {"types": classes}, ensure_ascii=False))
        return
    _show({**by_key, ALL: whole} if len(by_key) != 1 else by_key)
    for true_one, again in matched.duplicates:
        typer.echo(f"found again: {again.source}, shows {true_one.source}")
    for false in matched.false:
        typer.echo(f"false alarm: {false.source}")
    for missed in matched.missed:
        typer.echo(f"missed: {missed.source}")


def _keys(matched: Matched) -> set[str]:
    both = [*matched.pairs, *matched.duplicates]
    return {h.key for pair in both for h in pair} | {h.key for h in (*matched.missed, *matched.false)}


def _of(matched: Matched, key: str) -> Matched:
    return Matched(
        tuple(p for p in matched.pairs if p[0].key == key),
        tuple(h for h in matched.missed if h.key == key),
        tuple(p for p in matched.duplicates if p[0].key == key),
        tuple(h for h in matched.false if h.key == key),
    )


def _show(rows: dict[str, EventFigures]) -> None:
    shown = table(
        "type", "found", "missed", "false", "twice", "precision", "recall", "F1", "delay p50, p95", "false a camera-day"
    )
    for name, one in rows.items():
        d = one.to_dict()
        cells = [d[k] for k in ("tp", "missed", "fp", "duplicates", "precision", "recall", "f1")]
        delay = "-" if d["delay_p50_s"] is None else f"{d['delay_p50_s']:.1f} s, {d['delay_p95_s']:.1f} s"
        shown.add_row(name, *("-" if c is None else str(c) for c in cells), delay, str(d["fa_per_camera_day"] or "-"))
    console().print(shown)

"""The report of ``streetorder evaluate detector`` as tables for people."""

from typing import Any

from rich.console import Console

from service.commands.tables import console, table


def show(report: dict[str, Any]) -> None:
    out = console()
    out.print(f"{report['model']} on {report['images']} pictures of {report['source']}", style="bold", markup=False)
    rows = table("class", "AP50", "95 %", "AP", "boxes", "precision", "recall", "at score")
    unseen, partly = [], []
    for key, f in report["classes"].items():
        interval = "-" if f["ci95"] is None else f"{number(f['ci95'][0])} to {number(f['ci95'][1])}"
        used = "not seen" if f["threshold"] is None else f"{f['threshold']:.2f}"
        figures = (number(f["precision"]), number(f["recall"]), used)
        rows.add_row(key, number(f["ap50"]), interval, number(f["ap"]), str(f["boxes"]), *figures)
        if f["threshold"] is None:
            unseen.append(key)
        if f["ap50"] is None:
            partly.append(key)
    out.print(rows)
    if unseen:
        out.print(f"not seen by this model: {', '.join(unseen)}", markup=False)
    if partly:
        out.print(f"labelled only in part, so that no AP and no precision can be had: {', '.join(partly)}")
    for way, classes in report.get("by_size", {}).items():
        _by_size(out, way, classes)
    if "confusion" in report:
        _confusion(out, report["confusion"])
    for key, found in report.get("reliability", {}).items():
        _reliability(out, key, found)
    if "empty" in report:
        _empty(out, report["empty"])
    if "chosen" in report:
        _chosen(out, report["chosen"])


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _by_size(out: Console, way: str, classes: dict[str, list[dict[str, Any]]]) -> None:
    out.print(f"\nby size, {'whole pictures' if way == 'whole' else 'with tiles'}", style="bold")
    rows = table("class", "longer side at 1080p", "boxes", "recall", "found", "precision")
    for key, sizes in classes.items():
        for s in sizes:
            figures = (str(s["boxes"]), number(s["recall"]), str(s["found"]), number(s["precision"]))
            rows.add_row(key, s["size"], *figures)
    out.print(rows)


def _confusion(out: Console, counts: dict[str, dict[str, int]]) -> None:
    out.print("\nwhat is taken for what (rows: what is there)", style="bold")
    columns = list(dict.fromkeys(found for row in counts.values() for found in row if found != "missed"))
    rows = table("", *columns, "missed")
    for truth, row in counts.items():
        rows.add_row(truth, *(str(row.get(found, "")) for found in (*columns, "missed")))
    out.print(rows)


def _reliability(out: Console, key: str, found: dict[str, Any]) -> None:
    out.print(f"\nreliability of {key}, expected calibration error {number(found['ece'])}", style="bold")
    rows = table("scores", "boxes", "mean score", "right")
    for b in found["bins"]:
        rows.add_row(f"{b['low']:.1f} to {b['high']:.1f}", str(b["boxes"]), number(b["score"]), number(b["precision"]))
    out.print(rows)


def _empty(out: Console, empty: dict[str, Any]) -> None:
    out.print(f"\nfalse boxes in {empty['images']} empty pictures", style="bold")
    rows = table("class", "boxes", "per thousand pictures", "95 %")
    for key, f in empty["classes"].items():
        rows.add_row(key, str(f["boxes"]), f"{f['per_thousand']:.1f}", f"{f['ci95'][0]:.1f} to {f['ci95'][1]:.1f}")
    out.print(rows)


def _chosen(out: Console, chosen: dict[str, dict[str, Any]]) -> None:
    out.print("\nthresholds chosen on these pictures", style="bold")
    rows = table("class", "", "score", "precision", "recall", "")
    for key, c in chosen.items():
        for name in ("start", "keep"):
            short = name == "start" and not c["reached"]
            note = "no score that finds a fifth has the precision asked for" if short else ""
            point = c[name]
            score, found = f"{point['threshold']:.2f}", (number(point["precision"]), number(point["recall"]))
            rows.add_row(key, name, score, *found, note)
    out.print(rows)

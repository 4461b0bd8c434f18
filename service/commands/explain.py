"""``streetorder explain``: why a thing was confirmed as a violation, or what kept it from being one."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from service.commands.failing import fail, told_plainly
from service.commands.tables import console, table
from service.results import TRACKS, VIOLATIONS, open_results, read_lines

SHOWN = 24


def explain(
    wanted: Annotated[
        str | None, typer.Argument(metavar="ID", help="Id or its beginning; lists all if left out.")
    ] = None,
    results: Annotated[Path, typer.Option("--results", "--out", help="Folder of results.")] = Path("results"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every sighting, not only the first and last.")] = False,
) -> None:
    """Every sighting, the rule's values, and why: for violations and for what stood a while without becoming one."""
    with told_plainly(as_json):
        open_results(results)
        violations = read_lines(results / VIOLATIONS)
        tracks = read_lines(results / TRACKS)
        if wanted is None:
            _list(violations, tracks, as_json)
        else:
            _show(_account(results, violations, tracks, wanted), as_json, everything)


def _account(
    results: Path, violations: list[dict[str, Any]], tracks: list[dict[str, Any]], wanted: str
) -> dict[str, Any]:
    if confirmed := _matching(violations, wanted):
        return _grounds(results, confirmed[0]) | {"confirmed": confirmed[0]}
    missed = _matching(tracks, wanted)
    if not missed:
        fail(f"{wanted}: nothing in {results} has this id; list all with: streetorder explain --results {results}")
    return missed[0]


def _matching(records: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    found = [r for r in records if r["id"].startswith(wanted)]
    if len(found) > 1:
        fail(f"{wanted}: {len(found)} ids begin so; give more of it: {', '.join(r['id'] for r in found[:5])}")
    return found


def _grounds(results: Path, violation: dict[str, Any]) -> dict[str, Any]:
    if violation["evidence"] is None:
        fail(f"{violation['id']}: its evidence is not written yet; run the same streetorder score again")
    try:
        manifest = json.loads((results / violation["evidence"] / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        fail(f"{violation['id']}: its evidence cannot be read; see: streetorder verify {results}")
    grounds: dict[str, Any] = manifest["record"]["grounds"]
    return grounds


def _list(violations: list[dict[str, Any]], tracks: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"violations": violations, "tracks": tracks}, ensure_ascii=False))
        return
    rows = table("id", "camera", "type", "from s", "to s", "")
    for v in violations:
        until = f"{v['cleared_s']:.1f}" if v["cleared_s"] is not None else "stands"
        rows.add_row(v["id"][:8], v["camera_id"], v["key"], f"{v['onset_s']:.1f}", until, "confirmed")
    for t in tracks:
        rows.add_row(t["id"][:8], t["camera_id"], t["key"], f"{t['first_s']:.1f}", f"{t['last_s']:.1f}", t["kept_from"])
    console().print(rows)


def _show(account: dict[str, Any], as_json: bool, everything: bool) -> None:
    if as_json:
        typer.echo(json.dumps(account, ensure_ascii=False))
        return
    rule = account["rule"]
    until = "until it was confirmed: " if account.get("confirmed") else ""
    lines = [
        f"{account['id']}  {account['key']}  camera {account['camera_id']}, view {account['view_id']}",
        f"rule: dwell {rule['dwell_s']:g} s, share of sightings {rule['share']:.0%}, absence {rule['absence_s']:g} s"
        + (f", zone {account['zone_id']}" if account["zone_id"] else ", the whole picture counts"),
        f"{until}first seen {account['first_s']:.2f} s, last seen {account['last_s']:.2f} s:"
        f" {account['seen']} sightings,"
        f" {account['missed']} times not seen while its place could be seen, {account['hidden']} times hidden;"
        f" stood still in {account['share']:.0%} of the observations, mean score {account['score']:.2f}",
    ]
    confirmed = account.get("confirmed")
    if confirmed:
        lines.append(
            f"confirmed at {confirmed['confirmed_s']:.2f} s: stood"
            f" {confirmed['confirmed_s'] - confirmed['onset_s']:.1f} s (asked {rule['dwell_s']:g} s)"
        )
        if confirmed["cleared_s"] is not None:
            lines.append(f"cleared: first seen to be gone at {confirmed['cleared_s']:.2f} s")
    else:
        lines.append(f"no violation: {account['kept_from']}")
    lines += ["", "      s     x1     y1     x2     y2  score   like   (box relative to the picture)"]
    rows = account["sightings"]
    if len(rows) > SHOWN and not everything:
        half = SHOWN // 2
        shown = [*rows[:half], None, *rows[-half:]]
    else:
        shown = rows
    for row in shown:
        if row is None:
            lines.append(f"    ... {len(rows) - SHOWN} more, see --all")
        else:
            lines.append(
                f"{row[0]:>7.2f} " + " ".join(f"{v:>6.3f}" for v in row[1:5]) + f"  {row[5]:>5.2f}  {row[6]:>5.2f}"
            )
    if account["sightings_kept_every"] > 1:
        lines.append(f"(of {account['seen']} sightings one in {account['sightings_kept_every']} was kept)")
    typer.echo("\n".join(lines))

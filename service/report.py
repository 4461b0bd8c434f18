"""The report: one page that opens from disk, without a network, and shows what was found and what proves it."""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from labels.violation import ViolationType
from service import report_data
from service.report_data import CameraRun, Moment
from service.report_pictures import CloseUp, Picture, Region, around, crop, decode, embed, link
from vision.durable import write_durably
from vision.manifest import NotARecord, read_record, signature_of

MOST_EMBEDDED = 300
"""Beyond so many violations the pictures are links that load as one scrolls, or the page would not open any more."""

SHOTS = (("onset", "First seen", "首次发现"), ("trigger", "Confirmed", "确认"), ("cleared", "Cleared", "消除"))


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a card. ``file``: link to the sealed file in full size."""

    name: str
    title: str
    zh: str
    picture: Picture
    file: str


@dataclass(frozen=True, slots=True)
class Seal:
    """What the manifest says of itself: the key that signed, when, and whether the signature fits it."""

    key: str
    sealed_at: str
    fits: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One violation as the page shows it."""

    violation: dict[str, Any]
    type: ViolationType | None
    onset: Moment | None
    confirmed: Moment | None
    cleared: Moment | None
    box: Region
    shots: tuple[Shot, ...]
    close_up: CloseUp | None
    clip: str | None
    playable: bool
    seal: Seal | None
    unproven: bool


def write_report(
    results: Path,
    violations: Sequence[dict[str, Any]],
    runs: Sequence[CameraRun],
    *,
    types: Mapping[str, ViolationType],
    dwells: Mapping[str, float] | None = None,
    dwell_option: str | None = None,
    unproven: frozenset[str] = frozenset(),
    wall_s: float | None = None,
    zone: tzinfo = UTC,
    now: datetime | None = None,
    most_embedded: int = MOST_EMBEDDED,
) -> Path:
    """Write ``results/report.html`` and return its path.

    violations: the lines of ``violations.jsonl``. types: the catalogue, in its order. dwells: what was looked for and
    how long it must stay, seconds, by key; the catalogue's rules where it is not given. dwell_option: how a shorter
    dwell is asked for, named where the recordings were too short. unproven: keys whose detection the model's card does
    not call proven. wall_s: how long the whole run took; the sum over the cameras where it is not given. zone: for
    times of day. Raises ``OSError`` where the page cannot be written.
    """
    ordered = report_data.by_time(violations)
    cards = [_card(results, v, types, unproven, zone, number < most_embedded) for number, v in enumerate(ordered)]
    counts = Counter(v["key"] for v in ordered)
    keys = [key for key in types if key in counts] + sorted(counts.keys() - types.keys())
    duration = sum(run.duration_s for run in runs)
    wall = sum(run.wall_s for run in runs) if wall_s is None else wall_s
    script = _text("report.js")
    page = _environment().get_template("report.html.j2")
    html = page.render(
        css=Markup(_text("report.css")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        cards=cards,
        types=types,
        counts=[(key, types.get(key), counts[key]) for key in keys],
        colours={key: number % 14 for number, key in enumerate([*types, *sorted(counts.keys() - types.keys())])},
        cameras=sorted({v["camera_id"] for v in ordered}),
        standing=sum(v["cleared_s"] is None for v in ordered),
        runs=runs,
        timelines=report_data.timelines(ordered, runs, {key: t.zh for key, t in types.items()}, zone),
        duration=duration,
        speed=duration / wall if wall > 0 and duration > 0 else None,
        wall=wall,
        fingerprints=sorted({card.seal.key for card in cards if card.seal}),
        empty=_why_empty(runs, types, dwells, dwell_option),
        looked_for=[(types.get(key), key, dwell) for key, dwell in _dwells(types, dwells).items()],
        unproven=unproven,
        data=[{"id": v["id"], "key": v["key"], "camera": v["camera_id"]} for v in ordered],
        written=report_data.moment((now or datetime.now(UTC)).isoformat(), None, zone),
    )
    path = results / "report.html"
    write_durably(path, html.encode("utf-8", "replace"))
    return path


def _card(
    results: Path,
    violation: dict[str, Any],
    types: Mapping[str, ViolationType],
    unproven: frozenset[str],
    zone: tzinfo,
    embedded: bool,
) -> Card:
    parts = PurePosixPath(violation["evidence"] or "").parts
    folder = results.joinpath(*parts)
    inside = bool(parts) and folder.resolve().is_relative_to(results.resolve())
    box = report_data.relative_box(violation)
    region = around(box)
    shots: list[Shot] = []
    close_up: CloseUp | None = None
    for name, title, zh in SHOTS if inside else ():
        path, file = folder / f"{name}.jpg", link(*parts, f"{name}.jpg")
        if embedded:
            if (pixels := decode(path, 0 if name == "trigger" else violation["size"][0])) is None:
                continue
            shots.append(Shot(name, title, zh, embed(pixels), file))
            if name == "trigger":
                close_up = CloseUp(embed(crop(pixels, region)), None)
        elif path.is_file():
            shots.append(Shot(name, title, zh, Picture(file, *violation["size"]), file))
            if name == "trigger":
                close_up = CloseUp(shots[-1].picture, region)
    clips = [folder / "preview.mp4", *sorted(folder.glob("clip.*"))] if inside else []
    clip = next((path.name for path in clips if path.is_file()), None)
    return Card(
        violation=violation,
        type=types.get(violation["key"]),
        onset=report_data.moment(violation["onset"], violation["onset_s"], zone),
        confirmed=report_data.moment(violation["confirmed_at"], violation["confirmed_s"], zone),
        cleared=report_data.moment(violation["cleared_at"], violation["cleared_s"], zone),
        box=box,
        shots=tuple(shots),
        close_up=close_up,
        clip=None if clip is None else link(*parts, clip),
        playable=clip is not None and clip.endswith(".mp4"),
        seal=_seal(folder) if inside else None,
        unproven=violation["key"] in unproven,
    )


def _seal(folder: Path) -> Seal | None:
    """None where there is no manifest to read. The files' hashes are left to ``streetorder verify``."""
    try:
        data, signature = (folder / "manifest.json").read_bytes(), signature_of((folder / "manifest.sig").read_bytes())
        record = read_record(data)
    except (OSError, NotARecord):
        return None
    return Seal(record.entry.key, record.sealed_at, signature is not None and record.key.accepts(signature, data))


def _dwells(types: Mapping[str, ViolationType], dwells: Mapping[str, float] | None) -> Mapping[str, float]:
    return {key: t.rule.dwell_s for key, t in types.items()} if dwells is None else dwells


def _why_empty(
    runs: Sequence[CameraRun],
    types: Mapping[str, ViolationType],
    dwells: Mapping[str, float] | None,
    option: str | None,
) -> list[str]:
    """What explains that nothing was found, the likeliest first."""
    if not any(run.duration_s > 0 for run in runs):
        return ["No video could be read."]
    reasons = []
    longest = max(run.duration_s for run in runs)
    wanted = _dwells(types, dwells)
    if not wanted:
        reasons.append("The model looks for none of the types.")
    elif longest < min(wanted.values()):
        key = min(wanted, key=lambda key: wanted[key])
        name = f"{types[key].zh} ({types[key].en})" if key in types else key
        reasons.append(
            f"The longest recording is {report_data.in_words(longest)}, but a thing must stay for at least "
            f"{report_data.in_words(wanted[key])} to be a violation: that is the shortest dwell looked for, {name}."
            + (f" The option {option} asks for a shorter one." if option else " Give a longer recording.")
        )
    else:
        reasons.append("Nothing that was looked for stayed long enough at a place where it is not allowed.")
    if any(run.failures for run in runs):
        reasons.append("Some files could not be read; they are listed below.")
    return reasons


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("service", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clock": report_data.clock, "in_words": report_data.in_words}
    return environment


def _text(name: str) -> str:
    return (files("service") / "templates" / name).read_text(encoding="utf-8")

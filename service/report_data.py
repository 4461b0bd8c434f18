"""What the report page shows, worked out from violations and runs: plain values, no HTML and no pictures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

TICK_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
MOST_TICKS = 6


class RecordedFile(NamedTuple):
    """One file of a camera and where it lies on the camera's timeline (seconds); ``start_utc`` where it is known."""

    name: str
    start_s: float
    end_s: float
    start_utc: datetime | None


@dataclass(frozen=True, slots=True)
class CameraRun:
    """What was done for one camera.

    files: in the order of the timeline; what lies between two of them was not recorded. frames: pictures in the video.
    decoded: how many of them were decoded and looked at. duration_s: length of the video. wall_s: how long the work
    took. notes: what the operator should know. failures: ``(file, message)`` of what could not be read.
    """

    camera_id: str
    files: Sequence[RecordedFile]
    frames: int
    decoded: int
    duration_s: float
    wall_s: float
    notes: Sequence[str] = ()
    failures: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as people read it, and as machines do (ISO 8601, None in recording time)."""

    text: str
    iso: str | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One violation in a timeline; positions are percent of its width. ``lane`` counts rows from 0."""

    id: str
    key: str
    left: float
    width: float
    confirmed: float
    lane: int
    open: bool
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """One camera from the first to the last second of its video. ``gaps``: ``(left, width, label)`` in percent."""

    run: CameraRun
    bars: tuple[Bar, ...]
    lanes: int
    gaps: tuple[tuple[float, float, str], ...]
    ticks: tuple[tuple[float, str], ...]


def clock(seconds: float) -> str:
    """Recording time as ``h:mm:ss``."""
    whole = max(0, round(seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def in_words(seconds: float) -> str:
    """A duration in words: ``45 s``, ``1 min 15 s``, ``3 h 20 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    parts = (whole // 3600, "h", whole // 60 % 60, "min") if whole >= 3600 else (whole // 60, "min", whole % 60, "s")
    return f"{parts[0]} {parts[1]} {parts[2]} {parts[3]}" if parts[2] else f"{parts[0]} {parts[1]}"


def moment(iso: str | None, seconds: float | None, zone: tzinfo) -> Moment | None:
    """Local time with its offset where the time is known, else time in the recording; None for what never was."""
    if iso is not None:
        local = datetime.fromisoformat(iso).astimezone(zone)
        return Moment(f"{local:%Y-%m-%d %H:%M:%S} {_offset(local)}", iso)
    return None if seconds is None else Moment(f"{clock(seconds)} in the recording", None)


def relative_box(violation: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Left, top, width and height relative to the picture, within it."""
    width, height = violation["size"]
    x1, y1, x2, y2 = violation["xyxy"]
    left, right = (min(max(x / max(width, 1), 0.0), 1.0) for x in sorted((x1, x2)))
    top, bottom = (min(max(y / max(height, 1), 0.0), 1.0) for y in sorted((y1, y2)))
    return left, top, right - left, bottom - top


def by_time(violations: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Oldest first; then, camera by camera, what has no clock time."""
    return sorted(
        violations, key=lambda v: (v["onset"] is None, v["onset"] or "", v["camera_id"], v["onset_s"], v["id"])
    )


def timelines(
    violations: Sequence[dict[str, Any]], runs: Sequence[CameraRun], names: Mapping[str, str], zone: tzinfo
) -> list[Timeline]:
    """One for each run, in their order."""
    return [_timeline([v for v in violations if v["camera_id"] == run.camera_id], run, names, zone) for run in runs]


def _timeline(violations: Sequence[dict[str, Any]], run: CameraRun, names: Mapping[str, str], zone: tzinfo) -> Timeline:
    files = sorted(run.files, key=lambda file: file.start_s)
    start = min([file.start_s for file in files] + [v["onset_s"] for v in violations], default=0.0)
    ends = [file.end_s for file in files] + [v["cleared_s"] or v["confirmed_s"] for v in violations]
    end = max(ends, default=start + run.duration_s)
    span = max(end - start, 1e-9)

    def percent(seconds: float) -> float:
        return round((seconds - start) / span * 100, 3)

    bars: list[Bar] = []
    free: list[float] = []  # where each lane ends
    for v in sorted(violations, key=lambda v: (v["onset_s"], v["id"])):
        over = end if v["cleared_s"] is None else v["cleared_s"]
        left, right = percent(v["onset_s"]), percent(over)
        right = min(100.0, max(right, left + 0.8))
        lane = next((lane for lane, taken in enumerate(free) if taken <= left), len(free))
        free[lane : lane + 1] = [right + 0.4]
        until = "not cleared by the end" if v["cleared_s"] is None else f"until {clock(over)}"
        label = f"{names.get(v['key'], v['key'])}, {clock(v['onset_s'])} {until}"
        confirmed = min(right, percent(v["confirmed_s"]))
        bars.append(Bar(v["id"], v["key"], left, right - left, confirmed, lane, v["cleared_s"] is None, label))
    gaps = []
    reached = start
    for file in files:
        if file.start_s - reached > 0.5:
            label = f"no recording from {clock(reached)} to {clock(file.start_s)}"
            gaps.append((percent(reached), percent(file.start_s) - percent(reached), label))
        reached = max(reached, file.end_s)
    return Timeline(run, tuple(bars), len(free), tuple(gaps), _ticks(start, end, files, zone))


def _ticks(start: float, end: float, files: Sequence[RecordedFile], zone: tzinfo) -> tuple[tuple[float, str], ...]:
    """At most ``MOST_TICKS`` round moments: of the clock where every file knows its start, else of the recording."""
    span = end - start
    if span <= 0:
        return ()
    step = next((step for step in TICK_STEPS_S if span / step <= MOST_TICKS - 1), max(86400.0, span / MOST_TICKS))
    first = files[0].start_utc if files and all(file.start_utc for file in files) else None
    local = None if first is None else first.astimezone(zone) - timedelta(seconds=files[0].start_s)
    base = 0.0 if local is None else local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6
    at = start + (-(start + base)) % step
    ticks: list[tuple[float, str]] = []
    while at <= end + 1e-6 and len(ticks) <= MOST_TICKS:
        text = clock(at) if local is None else f"{local + timedelta(seconds=at):%H:%M:%S}"
        ticks.append((round((at - start) / span * 100, 3), text))
        at += step
    return tuple(ticks)


def _offset(local: datetime) -> str:
    offset = local.strftime("%z")
    return "UTC" if offset in ("+0000", "") else f"UTC{offset[:3]}:{offset[3:5]}"

"""From what a person names on the command line to recordings: which files are one camera's, and in which order."""

import glob
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from streams.frame import Clock
from streams.likeness import same_view
from streams.source import Recording, Segment, is_url, natural_order, redact

MEDIA = frozenset(
    ".mp4 .m4v .mov .mkv .webm .avi .ts .m2ts .mts .mpg .mpeg .vob .flv .f4v .dav .h264 .264 .h265 .265 .hevc .mjpeg"
    " .mjpg .wmv .asf .3gp .ogv .mxf .ps .nut .ivf .m4s".split()
)
_NUMBER = re.compile(r"\d+")
_STAMP = re.compile(r"(?<!\d)(19|20)\d{2}[-_]?\d{2}[-_]?\d{2}(?!\d{3})|\d{2}[-_.:]\d{2}[-_.:]\d{2}")
_UNSAFE = re.compile(r"[^\w.-]+")


class SourceProblem(Exception):
    """What was named does not exist or holds no recording; the message says which and what is allowed."""


def expand(sources: Sequence[str]) -> list[str]:
    """Files and URLs behind names, directories (searched through) and globs, without repeats, in natural order."""
    found: dict[str, None] = {}
    for source in sources:
        for path in _expand_one(source):
            found.setdefault(path)
    return list(found)


def _expand_one(source: str) -> Iterable[str]:
    if is_url(source):
        return [source]
    path = Path(source)
    if path.is_dir():
        files = [str(p) for p in path.rglob("*") if p.is_file() and p.suffix.lower() in MEDIA]
        if not files:
            raise SourceProblem(f"{source}: no recording in this directory (looked for {' '.join(sorted(MEDIA))})")
        return sorted(files, key=natural_order)
    if path.exists():
        return [source]
    files = sorted((p for p in glob.glob(source, recursive=True) if Path(p).is_file()), key=natural_order)
    if not files:
        raise SourceProblem(f"{redact(source)}: no such file, directory or match")
    return files


def file_start(path: str, pattern: str, zone: tzinfo) -> datetime | None:
    """The start that a file's name states by a strptime pattern such as ``cam1_%Y%m%d_%H%M%S``.

    The pattern may stand for a part of the name; a time without an offset is in ``zone``.
    """
    two_digits = r"\d{2}"
    directives = {"Y": r"\d{4}", "z": r"[+-]\d{2}:?\d{2}|Z", "f": r"\d{1,6}", "j": r"\d{3}", "s": r"\d{9,11}"}
    parts = re.split(r"(%.)", pattern)
    regex = "".join(
        directives.get(part[1], two_digits) if re.fullmatch("%.", part) else re.escape(part) for part in parts
    )
    match = re.search(regex, Path(path).name)
    if match is None:
        return None
    if pattern == "%s":
        return datetime.fromtimestamp(int(match[0]), UTC)
    try:
        time = datetime.strptime(match[0], pattern)
    except ValueError as error:
        raise SourceProblem(f"--start-pattern {pattern}: {Path(path).name}: {error}") from None
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)


def one_camera(
    camera_id: str, paths: Sequence[str], view_id: str = "home", starts: "Starts | None" = None
) -> Recording:
    """All the files as one camera's recording: in the order of their starts where known, else of their names."""
    segments = [starts(path) if starts else Segment(path) for path in paths]
    if all(s.start is not None for s in segments):
        segments.sort(key=lambda s: (s.start or datetime.min.replace(tzinfo=UTC), natural_order(s.url)))
    return Recording(camera_id, view_id, tuple(segments))


def group_by_camera(paths: Sequence[str], starts: "Starts | None" = None) -> list[Recording]:
    """Guess which files belong together when nobody says.

    Files of one folder whose names differ only in their numbers are one camera's segments if the numbers are time
    stamps, or if neighbouring files show the same view; ``cam1.mp4`` and ``cam2.mp4`` do not. A lone file is a camera.
    """
    families: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        families.setdefault(_family(path), []).append(path)
    recordings: list[Recording] = []
    taken: set[str] = set()
    for (_, stem), members in families.items():
        for run in _runs(members):
            name = _camera_name(stem if len(run) > 1 else Path(run[0]).stem, run[0], taken)
            recordings.append(one_camera(name, run, starts=starts))
    return recordings


class Starts:
    """Start times as a person gave them: a start for the first file, or a pattern for the names of all."""

    def __init__(self, start: datetime | None = None, pattern: str | None = None, zone: tzinfo = UTC):
        self.start, self.pattern, self.zone = start, pattern, zone

    def __call__(self, path: str) -> Segment:
        if self.pattern and not is_url(path):
            start = file_start(path, self.pattern, self.zone)
            return Segment(path, start, Clock.FILENAME if start else None)
        return Segment(path)

    def first(self, recording: Recording) -> Recording:
        """The recording with ``start`` as the start of its first file."""
        if self.start is None or not recording.segments:
            return recording
        first = replace(recording.segments[0], start=self.start, clock=Clock.OPTION)
        return replace(recording, segments=(first, *recording.segments[1:]))


def _family(path: str) -> tuple[str, str]:
    if is_url(path):
        return path, path
    p = Path(path)
    return str(p.parent), _NUMBER.sub("#", p.stem) + p.suffix.lower()


def _runs(members: Sequence[str], alike: Callable[[str, str], bool] = same_view) -> list[list[str]]:
    members = sorted(members, key=natural_order)
    runs = [[members[0]]]
    for path in members[1:]:
        stamped = _STAMP.search(Path(path).stem) is not None
        if stamped or alike(runs[-1][-1], path):
            runs[-1].append(path)
        else:
            runs.append([path])
    return runs


def _camera_name(stem: str, path: str, taken: set[str]) -> str:
    """A name that is safe for files and says where it comes from."""
    base = redact(stem) if is_url(path) else Path(stem).stem if "#" in stem else stem
    name = _UNSAFE.sub("_", base.replace("#", "")).strip("_.-") or Path(path).parent.name or "camera"
    name = re.sub(r"[_.-]{2,}", "_", name)
    unique, n = name, 2
    while unique in taken:
        unique, n = f"{name}-{n}", n + 1
    taken.add(unique)
    return unique

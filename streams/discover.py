"""From what a person names on the command line to recordings: which files are one camera's, and in which order."""

import glob
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from streams.filename_time import file_start
from streams.frame import Clock
from streams.likeness import same_view
from streams.source import Recording, Segment, is_url, natural_order, redact

MEDIA = frozenset(
    ".mp4 .m4v .mov .mkv .webm .avi .ts .m2ts .mts .mpg .mpeg .vob .flv .f4v .dav .h264 .264 .h265 .265 .hevc .mjpeg"
    " .mjpg .wmv .asf .3gp .ogv .mxf .ps .nut .ivf .m4s".split()
)
_NUMBER = re.compile(r"\d+")
_STAMP = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?P<a>[-_.]?)(?:0[1-9]|1[0-2])(?P=a)(?:0[1-9]|[12]\d|3[01])"  # a date, with its time,
    r"(?:[-_.T ]{0,2}(?:[01]\d|2[0-3])(?P<b>[-_.:h]?)[0-5]\d(?:(?P=b)[0-5]\d\d{0,3})?)?(?:Z|[+-]\d{4})?(?!\d)"
    r"|(?<!\d)(?:[01]\d|2[0-3])(?P<c>[-_.:h])[0-5]\d(?P=c)[0-5]\d(?!\d)"  # a time alone,
    r"|(?<!\d)1\d{9}(?:\d{3})?(?!\d)"  # seconds or milliseconds since 1970
)
_UNSAFE = re.compile(r"[^\w.-]+")


LONGEST_ID = 100
"""Bytes of a guessed camera id: it becomes part of file names."""


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
    try:
        return _files(source.removeprefix("file://"))
    except (OSError, ValueError, re.error) as error:
        raise SourceProblem(f"{redact(source)}: {getattr(error, 'strerror', None) or error}") from None


def _files(source: str) -> Sequence[str]:
    path = Path(source)
    if source and path.is_dir():
        files = [str(p) for p in path.rglob("*") if p.suffix.lower() in MEDIA and p.is_file() and not _hidden(p, path)]
        if not files:
            raise SourceProblem(f"{source}: no recording in this directory (looked for {' '.join(sorted(MEDIA))})")
        return sorted(files, key=natural_order)
    if source and path.exists():
        return [str(path)]
    matches = sorted((str(Path(p)) for p in glob.glob(source, recursive=True) if Path(p).is_file()), key=natural_order)
    if not matches:
        raise SourceProblem(f"{redact(source)}: no such file, directory or match")
    return matches


def _hidden(path: Path, below: Path) -> bool:
    """Thumbnails, waste bins and the ``._name`` companions that some systems write beside a copy."""
    return any(part.startswith(".") for part in path.relative_to(below).parts)


def one_camera(
    camera_id: str, paths: Sequence[str], view_id: str = "home", starts: "Starts | None" = None
) -> Recording:
    """All the files as one camera's recording: in the order of their starts where known, else of their names.

    Raises ``SourceProblem`` where a pattern for the starts is wrong or fits none of the names.
    """
    recording = _recording(camera_id, paths, view_id, starts)
    _check_starts([recording], starts)
    return recording


def _recording(camera_id: str, paths: Sequence[str], view_id: str, starts: "Starts | None") -> Recording:
    segments = [starts(path) if starts else Segment(path) for path in paths]
    if all(s.start is not None for s in segments):
        segments.sort(key=lambda s: (s.start or datetime.min.replace(tzinfo=UTC), natural_order(s.url)))
    elif not any(s.live for s in segments):
        segments.sort(key=lambda s: natural_order(s.url))  # a shell's list puts part10 before part2
    return Recording(camera_id, view_id, tuple(segments))


def _check_starts(recordings: Sequence[Recording], starts: "Starts | None") -> None:
    files = [s for recording in recordings for s in recording.segments if not s.live]
    if starts is not None and starts.pattern and files and not any(s.start for s in files):
        name = Path(files[0].url).name
        raise SourceProblem(f"--start-pattern {starts.pattern}: none of {len(files)} names has this form, as {name}")


def group_by_camera(paths: Sequence[str], starts: "Starts | None" = None) -> list[Recording]:
    """Guess which files belong together when nobody says.

    Files of one folder whose names differ only in their time stamps are one camera's segments; no file is opened for
    that. Names that differ in other numbers are one camera's if neighbouring files show the same view: ``part1.mp4``
    and ``part2.mp4`` do, ``cam1.mp4`` and ``cam2.mp4`` do not. A lone file is a camera.
    """
    families: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        families.setdefault(_family(path), []).append(path)
    recordings: list[Recording] = []
    taken: set[str] = set()
    for members in families.values():
        for run in _runs(members):
            name = _camera_name(run, taken)
            recordings.append(_recording(name, run, "home", starts))
    _check_starts(recordings, starts)
    return recordings


@dataclass(frozen=True, slots=True)
class Starts:
    """Start times as a person gave them: a start for the first file, or a pattern for the names of all."""

    start: datetime | None = None
    pattern: str | None = None
    zone: tzinfo = UTC

    def __call__(self, path: str) -> Segment:
        if self.pattern and not is_url(path):
            try:
                start = file_start(path, self.pattern, self.zone)
            except ValueError as error:
                raise SourceProblem(f"--start-pattern {self.pattern}: {error}") from None
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
    return str(p.parent), _NUMBER.sub("#", _STAMP.sub("", p.stem)) + p.suffix.lower()


def _runs(members: Sequence[str], alike: Callable[[str, str], bool] = same_view) -> list[list[str]]:
    """One family's files as one list a camera."""
    stamped: dict[str, list[str]] = {}
    for path in sorted(members, key=natural_order):
        stamped.setdefault(path if is_url(path) else _STAMP.sub("", Path(path).stem), []).append(path)
    if any(len(run) > 1 for run in stamped.values()):
        return list(stamped.values())
    runs: list[list[str]] = []
    for path in sorted(members, key=natural_order):
        if runs and alike(runs[-1][-1], path):
            runs[-1].append(path)
        else:
            runs.append([path])
    return runs


def stamped(path: str) -> bool:
    """Whether a file's name seems to hold a time."""
    return _STAMP.search(Path(path).stem) is not None


def _camera_name(run: Sequence[str], taken: set[str]) -> str:
    """A name that is safe for files: what the names of the files have in common."""
    path = run[0]
    if is_url(path):
        base = redact(path)
    elif len(run) == 1:
        base = Path(path).stem
    else:
        stems = {_STAMP.sub("", Path(p).stem) for p in run}
        base = stems.pop() if len(stems) == 1 else _NUMBER.sub("", stems.pop())
    name = re.sub(r"[_.-]{2,}", "_", _UNSAFE.sub("_", base)).strip("_.-") or Path(path).parent.name or "camera"
    name = name.encode()[:LONGEST_ID].decode(errors="ignore")
    unique, n = name, 2
    while unique in taken:
        unique, n = f"{name}-{n}", n + 1
    taken.add(unique)
    return unique

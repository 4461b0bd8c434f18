"""Which files of a folder are new and complete, and which was read already."""

import glob
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from streams.discover import MEDIA, SourceProblem, Starts, expand, one_camera
from streams.source import Segment, natural_order

PATIENCE_S = 60.0
"""A file that grows no further and still cannot be opened may yet be finished; after this long it is not waited for."""
KEPT_S = 7 * 24 * 3600.0
"""A folder may be away for a while, with its network drive: names are forgotten only when gone for so long."""
_ESCAPED = re.compile(r"\[([*?[])\]")


class Folder:
    """A folder's files, or those of a glob. clock: seconds, any zero.

    done: names of files not to be read any more, relative to the folder.
    """

    def __init__(self, source: str, starts: Starts | None, clock: Callable[[], float], done: Iterable[str] = ()):
        self.source = source
        self.base = _base(source)
        self.done: dict[str, float] = dict.fromkeys(done, clock())
        self.problems: dict[str, str] = {}
        self._starts = starts
        self._clock = clock
        self._seen: dict[str, _Look] = {}
        self._waiting: list[Segment] = []

    @property
    def there(self) -> bool:
        return self.base.is_dir()

    def look(self) -> None:
        """What is there now."""
        try:
            paths = expand([self.source])
        except SourceProblem:
            paths = []
        now_s, new = self._clock(), []
        for path in paths:
            name = self.name(path)
            if name in self.done:
                self.done[name] = now_s
            else:
                new.append(path)
        self.done = {name: seen_s for name, seen_s in self.done.items() if now_s - seen_s <= KEPT_S}
        self._seen = {path: look for path in new if (look := _look(path, self._seen.get(path), now_s)) is not None}
        self._waiting = self._in_order([path for path in new if path in self._seen])

    def next(self) -> Segment | None:
        """The next file as of the last look, if it is whole. None where there is none, or it is still written: then
        those after it wait too.
        """
        if self._waiting and self._seen[self._waiting[0].url].quiet:
            return self._waiting[0]
        return None

    def patient(self, segment: Segment) -> bool:
        """Whether a file that does not open may be one that is not finished."""
        return self._clock() - self._seen[segment.url].since_s < PATIENCE_S

    def grew(self, segment: Segment) -> bool:
        """Whether a file is another than it was at the last look."""
        look = _look(segment.url, self._seen.get(segment.url), 0.0)
        return look is not None and not look.quiet

    def finish(self, segment: Segment) -> None:
        """It is not read again."""
        self.done[self.name(segment.url)] = self._clock()
        self._waiting = [other for other in self._waiting if other.url != segment.url]

    def name(self, path: str) -> str:
        return os.path.relpath(path, self.base)

    def _in_order(self, paths: list[str]) -> list[Segment]:
        try:
            return list(one_camera("", paths, starts=self._starts).segments)
        except SourceProblem as problem:  # one name that states a time of day 25:00 does not stop the others
            self.problems["start"] = str(problem)
            return [Segment(path) for path in sorted(paths, key=natural_order)]


class _Look(NamedTuple):
    """What a file was when it was looked at, unchanged ``since_s``. quiet: as it was at the look before."""

    size: int
    modified_ns: int
    since_s: float
    quiet: bool


def _look(path: str, before: _Look | None, now_s: float) -> _Look | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    if before is not None and (before.size, before.modified_ns) == (found.st_size, found.st_mtime_ns):
        return before._replace(quiet=True)
    return _Look(found.st_size, found.st_mtime_ns, now_s, False)


def _base(source: str) -> Path:
    """The folder that holds everything a source can stand for; it may not be there yet."""
    if Path(source).is_dir() or not (glob.has_magic(source) or Path(source).suffix.lower() in MEDIA):
        return Path(source)
    base = Path(Path(source).anchor)
    for part in Path(source).parts[bool(base.anchor) : -1]:
        literal = _ESCAPED.sub(r"\1", part)
        if glob.has_magic(part) and glob.escape(literal) != part:
            break
        base /= literal
    return base

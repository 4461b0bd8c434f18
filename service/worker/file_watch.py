"""A file that people edit while the worker runs: what changes in it counts at once, a mistake in it changes nothing."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from labels.datasets.records import LabelsError
from service.city import CityFileError

LOOK_S = 2.0

_log = structlog.get_logger("worker")


class FileWatch:
    """Looks at the file by its content, every two seconds: that works on every disk, mount and editor.

    use: reads the file and does what it says. refused: gets what is wrong with it, or "" when it is sound again.
    """

    def __init__(self, path: Path, use: Callable[[], None], refused: Callable[[str], None]):
        self.path = path
        self._use = use
        self._refused = refused
        self._seen = self._content()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {path.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set()

    def look(self) -> None:
        """Once. A file that is not there for a moment (an editor writes it anew) is no change."""
        content = self._content()
        if content is None or content == self._seen:
            return
        self._seen = content
        try:
            self._use()
        except (CityFileError, LabelsError, OSError) as error:
            _log.error("a file is not usable; what it said before holds", file=str(self.path), problems=str(error))
            self._refused(str(error))
            return
        self._refused("")

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            self.look()

    def _content(self) -> bytes | None:
        try:
            return hashlib.sha256(self.path.read_bytes()).digest()
        except OSError:
            return None

"""The city file while the worker runs: whoever edits it changes what is watched; a mistake in it changes nothing."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from service.city import City, CityFileError, load_city

LOOK_S = 2.0

_log = structlog.get_logger("worker")


class CityWatch:
    """Looks at the file by its content, every two seconds: that works on every disk, mount and editor.

    changed: gets a city that is sound. refused: gets what is wrong, or "" when the file is sound again.
    """

    def __init__(self, path: Path, changed: Callable[[City], None], refused: Callable[[str], None]):
        self.path = path
        self._changed = changed
        self._refused = refused
        self._seen = self._content()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="city file", daemon=True)

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
            self._changed(load_city(self.path))
        except (CityFileError, OSError) as error:
            _log.error("the city file is not usable; what was watched is watched on", problems=str(error))
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

"""What operators decided of a worker's violations while it runs: what they rejected stays quiet, and how often it was
right is counted."""

from collections import Counter
from pathlib import Path
from typing import get_args

from labels.catalogue import load_catalogue
from labels.flywheel.decisions import Verdict, read_decisions
from service.decided import Decided, decided_of
from vision.journal import Journal

VERDICTS: tuple[str, ...] = get_args(Verdict)


class Decisions:
    """path: the file that people's decisions come into, None for none. Read by one thread at a time.

    counts: decisions of this worker's violations, by camera, type and verdict; the last of each violation counts.
    """

    def __init__(self, path: Path | None, journal: Journal):
        self.path = path
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self._journal = journal
        self._whose = {} if path is None else {v.id: (v.camera_id, v.key) for v in journal.archived()}

    def read(self) -> Decided:
        """As the file stands now. Raises ``LabelsError`` naming file and line."""
        if self.path is None:
            return Decided()
        found = read_decisions(self.path, load_catalogue().types)
        for id, events in list(self._journal.events.items()):
            self._whose[id] = events[0].violation.camera_id, events[0].violation.key
        known = {id: d for id, d in found.items() if id in self._whose}
        counts = Counter({(*self._whose[id], verdict): 0 for id in known for verdict in VERDICTS})
        counts.update((*self._whose[id], d.verdict) for id, d in known.items())
        self.counts = counts
        return decided_of(found, self._whose)

    def of_camera(self, camera_id: str) -> dict[str, int]:
        """How many of a camera's violations were confirmed and how many rejected."""
        said = dict.fromkeys(VERDICTS, 0)
        for (camera, _, verdict), number in list(self.counts.items()):
            if camera == camera_id:
                said[verdict] += number
        return said

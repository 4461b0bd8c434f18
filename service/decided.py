"""What operators decided of earlier violations: what was rejected stays quiet, and who errs too often is muted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cases.muting import Muted, muted
from labels.catalogue import load_catalogue
from labels.flywheel.decisions import Decision, read_decisions
from service.results import VIOLATIONS, read_lines


@dataclass(frozen=True, slots=True)
class Decided:
    """rejected: ids of violations. muted: cameras that are not believed for a type any more."""

    rejected: frozenset[str] = frozenset()
    muted: tuple[Muted, ...] = field(default=())

    def mutes(self, camera_id: str, key: str) -> bool:
        return any((m.camera_id, m.key) == (camera_id, key) for m in self.muted)


def read_decided(decisions: Path, results: Path) -> Decided:
    """decisions: as ``labels export`` takes them. results: where the violations stand, whose cameras are counted.

    Raises ``LabelsError`` naming file and line.
    """
    whose = {line["id"]: (line["camera_id"], line["key"]) for line in read_lines(results / VIOLATIONS)}
    return decided_of(read_decisions(decisions, load_catalogue().types), whose)


def decided_of(found: Mapping[str, Decision], whose: Mapping[str, tuple[str, str]]) -> Decided:
    """found: decisions by violation, oldest first. whose: camera and type of each violation that is known."""
    said = [(*whose[id], d.verdict == "rejected") for id, d in found.items() if id in whose]
    rejected = frozenset(id for id, d in found.items() if d.verdict == "rejected")
    return Decided(rejected, tuple(muted(said)))

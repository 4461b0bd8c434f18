"""Which cameras are no longer believed for a type, because people rejected most of what they said."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

FEWEST, MOST_REJECTED, NEWEST = 20, 0.8, 50
"""From so many decisions on, and while more than this part of the newest were rejections."""


@dataclass(frozen=True, slots=True)
class Muted:
    """rejected of decided: those that count, the newest ones."""

    camera_id: str
    key: str
    rejected: int
    decided: int

    def __str__(self) -> str:
        return (
            f"{self.camera_id}: {self.rejected} of the last {self.decided} decided {self.key} were rejected;"
            " it is muted for this type until somebody changes its zones or its rules"
        )


def muted(decided: Iterable[tuple[str, str, bool]]) -> list[Muted]:
    """decided: camera, type and whether it was rejected of each decision, oldest first. By camera and type."""
    said: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for camera_id, key, rejected in decided:
        said[camera_id, key].append(rejected)
    newest = {who: verdicts[-NEWEST:] for who, verdicts in said.items()}
    return [
        Muted(camera_id, key, sum(verdicts), len(verdicts))
        for (camera_id, key), verdicts in sorted(newest.items())
        if len(verdicts) >= FEWEST and sum(verdicts) > MOST_REJECTED * len(verdicts)
    ]

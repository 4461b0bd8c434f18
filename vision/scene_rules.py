"""What a scene judges by: zones, rule values and thresholds from the city file and the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from labels.violation import ViolationType
from vision.records import Box, Place
from vision.zones import Zones


class Locator(Protocol):
    def locate(self, xyxy: Box, on_ground: bool) -> Place | None: ...


@dataclass(frozen=True, slots=True)
class SceneRules:
    """What a scene judges by. The hashes and thresholds come from the model and the city file.

    rejected: ids of violations that a person rejected.
    types: those that the model can see or a zone watches for, with the camera's own rule values.
    start, keep: score thresholds per class.
    """

    zones: Zones
    locator: Locator
    types: Mapping[str, ViolationType]
    start: Mapping[str, float]
    keep: Mapping[str, float]
    proven: Mapping[str, bool]
    model: str
    config: str
    rule_hashes: Mapping[str, str]
    rejected: frozenset[str] = frozenset()

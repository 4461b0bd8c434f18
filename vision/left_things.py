"""What stays in the zones that watch for it, as detections beside the detector's: candidates for a person to name.

The detector comes first: what it is sure of, now or lately, is nobody's change.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.frame import Frame
from vision.boxes import Boxes
from vision.picture import describe
from vision.records import Detections
from vision.static_change import StaticChange
from vision.track import Track
from vision.zones import Zones

NAMED_SIGHTINGS = 3
"""What the detector saw as another type so often, and was sure of on the whole, keeps its place when it is not seen."""
NO_NAME = ("bin",)
"""A bin that was not there before is itself a thing that was put there; and much that is put there looks like one."""


class LeftThings:
    """Watches the zones of a view that ask for it (``Zone.left_things``)."""

    def __init__(self, zones: Zones, start: Mapping[str, float]):
        self._start = start
        self._watched = [(zone.left_things, StaticChange(zone.polygon)) for zone in zones.zones if zone.left_things]

    def go_on(self, zones: Zones, start: Mapping[str, float]) -> "LeftThings":
        """Watch other zones: one that stays where it was is not learned anew."""
        after = LeftThings(zones, start)
        learned = {watch.polygon.tobytes(): watch for _, watch in self._watched}
        after._watched = [(key, learned.get(watch.polygon.tobytes(), watch)) for key, watch in after._watched]
        return after

    def __bool__(self) -> bool:
        return bool(self._watched)

    def look(
        self, frame: Frame, detected: Detections, tracks: Sequence[Track], shift: tuple[float, float]
    ) -> Detections:
        """What stands there now; ``score`` is its likeness to how it has looked lately.

        frame: with pictures, put right by ``shift`` (``vision.scene``); detected: what the detector is sure of in it.
        """
        crop, region = frame.crops[0], frame.regions[0]
        names = detected.only(np.array([key not in NO_NAME for key in detected.names()], bool))
        known = np.concatenate([names.xyxy.astype(np.float64), _outside(shift)])
        standing = [t for t in tracks if t.seen >= NAMED_SIGHTINGS and self._is_sure(t)]
        found: list[tuple[str, Boxes, NDArray[np.float64]]] = []
        for key, watch in self._watched:
            named = [track.box for track in standing if track.key != key]
            boxes, likeness = watch.look(
                frame.elapsed_s, crop, region, np.concatenate([known, *(b[None] for b in named)])
            )
            known = np.concatenate([known, boxes])  # where zones overlap the first one decides
            found.append((key, boxes, likeness))
        keys = tuple(dict.fromkeys(key for key, _, _ in found))
        cls = np.concatenate([np.full(len(boxes), keys.index(key)) for key, boxes, _ in found])
        xyxy = np.concatenate([boxes for _, boxes, _ in found]).astype(np.float32)
        score = np.concatenate([likeness for _, _, likeness in found]).astype(np.float32)
        return Detections(xyxy, score, cls, keys, describe(crop, region, xyxy))

    def _is_sure(self, track: Track) -> bool:
        return track.violation is not None or track.score >= self._start.get(track.key, 0.0)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """What the zones look like when they are empty, for a snapshot."""
        states = [watch.to_arrays() for _, watch in self._watched]
        return {f"zone{n}_{name}": array for n, state in enumerate(states) for name, array in state.items()}

    def from_arrays(self, kept: Mapping[str, NDArray[Any]]) -> None:
        """Go on from ``to_arrays``."""
        for n, (_, watch) in enumerate(self._watched):
            mark = f"zone{n}_"
            if state := {name.removeprefix(mark): array for name, array in kept.items() if name.startswith(mark)}:
                watch.from_arrays(state)


def _outside(shift: tuple[float, float]) -> Boxes:
    """``(n, 4)`` what of the view a nudged camera does not show any more: nobody knows what stands there."""
    x, y = shift
    strips = [(0, 0, -x, 1), (1 - x, 0, 1, 1), (0, 0, 1, -y), (0, 1 - y, 1, 1)]
    return np.array([s for s in strips if s[2] > s[0] and s[3] > s[1]], np.float64).reshape(-1, 4)

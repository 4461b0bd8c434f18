"""A scene that goes on after a restart agrees with the journal: what counts is there, everything else is not.

The snapshot is some seconds old, the journal is not. What was confirmed in between is an anchor again, so that nothing
is confirmed twice. A scene is saved only when the journal holds all that it said, so the snapshot never knows more.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from vision.records import Event, Violation
from vision.scene import Scene
from vision.sightings import Sighting
from vision.track import Track
from vision.track_rows import LAST_BOX


def agree(scene: Scene, events: Mapping[str, Sequence[Event]]) -> int:
    """Bring the tracks of a fresh or restored scene in line. events: the journal's, by violation.

    Returns how many violations are open. Types that nobody looks for any more are let go.
    """
    newest = {id: history[-1] for id, history in events.items() if _is_of(scene, history[-1].violation)}
    open_ = {id: event.violation for id, event in newest.items() if event.kind != "cleared"}
    for track in list(scene.tracker.tracks):
        id = scene.identify(track) if track.violation is None else track.violation.id
        if id in open_:
            _confirm(track, open_.pop(id))
        elif id in newest or track.violation is not None:  # over; long ago, if the journal has archived it
            scene.tracker.remove(track)
    anchors = [_anchor(violation) for violation in open_.values()]
    scene.tracker.add(*anchors)
    return sum(track.violation is not None for track in scene.tracker.tracks)


def _is_of(scene: Scene, violation: Violation) -> bool:
    here = (violation.camera_id, violation.view_id) == tuple(scene.view)
    return here and violation.key in scene.rules.types


def _confirm(track: Track, violation: Violation) -> None:
    track.violation, track.onset = violation, None
    if not track.next_extension_s:
        track.next_extension_s = track.first_s + 2 * (violation.confirmed_s - track.first_s)


def _anchor(violation: Violation) -> Track:
    """A track that stands where the violation was confirmed, seen as often as its last event says."""
    track = Track(violation.key, violation.onset, violation.xyxy)
    track.first_s, track.last_s, track.looked_s = violation.onset_s, violation.confirmed_s, violation.confirmed_s
    track.last_at = violation.confirmed_at
    track.seen = track.strong = max(1, violation.sightings)
    track.score_sum = violation.score * track.seen
    track.steady = track.sure = track.surest = 1.0
    track.keep(Sighting(violation.confirmed_s, *violation.xyxy, violation.score, 1.0))
    track.box = np.array(violation.xyxy)
    track.row[LAST_BOX] = violation.xyxy
    _confirm(track, violation)
    return track

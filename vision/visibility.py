"""Whether a place where nothing was detected could be seen: what is hidden, blinded or only missed has not left."""

import numpy as np
from numpy.typing import NDArray

from streams.frame import Frame
from vision.boxes import Boxes, iou
from vision.place_look import FLAT, burnt_out, likeness, look_at
from vision.records import Detections
from vision.track import SAME_LOOK, Track
from vision.track_rows import ABSENCE, BOX, LAST, Rows

HIDDEN_COVER = 0.3
"""A place of which another thing covers this part cannot be judged."""
CUT_COVER = 0.1
"""A place of which another thing covers this part may get an odd box."""
PART_COVER = 0.8
"""A box that lies in the place by this much of itself may be the part of the thing that is still seen."""
NEARER = 0.1
"""A lower edge that is lower by this part of the thing's height is nearer to the camera."""
FAINT_IOU = 0.5


def hides(
    rows: Rows,
    boxes: Boxes,
    alike: NDArray[np.bool_],
    part: NDArray[np.bool_],
    begun_s: NDArray[np.float64],
    now_s: float,
) -> NDArray[np.bool_]:
    """``(k,)`` whether each detection hides the place that it covers a good part of, because it came after the thing.

    rows: ``(k, WIDTH)`` of the things (``vision.track_rows``); boxes: ``(k, 4)`` the detections. alike: whether both
    are of one kind. part: whether the detection lies in the place (``PART_COVER``). begun_s: since when the
    detection's own track is there, inf without one.

    A neighbour that was there while the thing was seen hides nothing. Nor does a thing of the same kind at the same
    depth: two vehicles cannot stand on one spot, so the first has left. What is nearer hides (its lower edge is
    lower), what is of another kind hides (people), and so does a part of the thing itself, until the part has
    stood there for as long as an absence takes: then it is something else.
    """
    places = rows[:, BOX]
    nearer = boxes[:, 3] > places[:, 3] + NEARER * (places[:, 3] - places[:, 1])
    lately = np.isinf(begun_s) | (now_s - begun_s < rows[:, ABSENCE])
    return np.asarray((begun_s > rows[:, LAST]) & (~alike | nearer | (part & lately)))


def maybe_there(track: Track, frame: Frame, faint: Detections) -> bool:
    """Whether a thing that the detector did not report may stand there all the same."""
    alike = faint.xyxy[np.array([key == track.key for key in faint.names()], bool)]
    if len(alike) and iou(track.box[None], alike.astype(np.float64)).max() >= FAINT_IOU:
        return True
    return looks_the_same(track, frame) or blinded(track, frame)


def looks_the_same(track: Track, frame: Frame) -> bool:
    """Whether the place looks as it did when the thing was last seen: then the detector missed it, and it stands."""
    if track.look is None or not frame.crops:
        return False
    now = look_at(frame.crops[0], frame.regions[0], track.look.box)
    return min(now.contrast, track.look.contrast) >= FLAT and likeness(track.look, now) >= SAME_LOOK


def blinded(track: Track, frame: Frame) -> bool:
    """Whether a lamp burns the place out, so that nothing there can be seen."""
    if track.look is None or not frame.crops or burnt_out(track.look):
        return False
    return burnt_out(look_at(frame.crops[0], frame.regions[0], track.look.box))

"""What a worker sees, drawn for whoever sets zones: zones, the place of each thing, and the clock of its dwell."""

from collections.abc import Sequence

import cv2
import numpy as np

from service.city_view import View
from service.view_drawing import draw_view
from streams.frame import Picture
from vision.place import Ground
from vision.scene import Scene
from vision.track import Track

OPEN, CANDIDATE, KEPT = (230, 40, 40), (255, 210, 0), (150, 150, 150)
"""RGB: a violation, a thing whose dwell runs, one that a zone or its doubtfulness keeps from being one."""


def draw_overlay(title: str, view: View, scene: Scene, now_s: float, picture: Picture) -> Picture:
    """``(H, W, 3)`` uint8 RGB, 1280 wide, the legend below it. now_s: the elapsed second of the picture."""
    ground = Ground([point.on_ground for point in view.control_points]) if view.control_points else None
    sheet = draw_view(title, view, ground, picture)
    height = round(picture.shape[0] * sheet.shape[1] / picture.shape[1])
    shown = sheet[:height]
    for track in sorted(scene.tracker.tracks, key=lambda t: t.violation is not None):
        _draw(shown, scene, track, now_s)
    return sheet


def clock_of(scene: Scene, track: Track, now_s: float) -> str:
    """How long it has stood, of how long it may."""
    rule = scene.account(track)["rule"]
    if track.violation is not None:
        gone = "" if track.gone_s is None else f", gone {now_s - track.gone_s:.0f}/{rule['absence_s']:g} s"
        return f"{track.key} open {now_s - track.first_s:.0f} s{gone}"
    stood_s = track.last_s - (track.first_s if track.qualifying_s is None else track.qualifying_s)
    why = f": {track.kept_from}" if track.qualifying_s is None and track.kept_from else ""
    return f"{track.key} {stood_s:.0f}/{rule['dwell_s']:g} s{why}"


def _draw(shown: Picture, scene: Scene, track: Track, now_s: float) -> None:
    colour = OPEN if track.violation is not None else CANDIDATE if track.qualifying_s is not None else KEPT
    left, top, right, bottom = _pixels(shown, track.box.tolist())
    cv2.rectangle(shown, (left, top), (right, bottom), colour, 2, cv2.LINE_AA)
    seen = _pixels(shown, track.last_box)
    cv2.rectangle(shown, seen[:2], seen[2:], (255, 255, 255), 1, cv2.LINE_AA)
    words = clock_of(scene, track, now_s)
    (width, tall), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 1)
    base = max(top - 4, tall + 2)
    ground = shown[base - tall - 2 : base + 3, left : left + width + 4]
    ground[:] = (ground * 0.25).astype(np.uint8)
    cv2.putText(shown, words, (left + 2, base), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)


def _pixels(shown: Picture, box: Sequence[float]) -> tuple[int, int, int, int]:
    height, width = shown.shape[:2]
    x1, y1, x2, y2 = (round(v * side) for v, side in zip(box, (width, height, width, height), strict=True))
    return x1, y1, x2, y2

"""Solid things drawn in perspective: flat faces, lit by a sun and the sky, painted from far to near.

Metres; x to the right, y away from the camera, z up; the ground is z = 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.synthesis.things.noise import fractal
from labels.synthesis.things.painting import Colour, Layer

Points = NDArray[np.float32]
"""``(n, 3)`` metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A flat polygon.

    points: its corners, clockwise seen from outside. paint: one colour, or a picture ``(h, w, 3 or 4)`` whose corners,
    from the top left clockwise, come to lie on the four points. order: within its group a face of higher order is
    painted later, whatever its distance. open: seen from both sides.
    """

    points: Points
    paint: Colour | Layer
    order: int = 0
    open: bool = False


Group = list[Face]
"""Faces of one thing; groups are painted whole, the farthest first."""


@dataclass(frozen=True, slots=True)
class Look:
    """From where it is seen: ``yaw`` turns the thing, ``pitch`` is how far the camera looks down (radians)."""

    yaw: float
    pitch: float
    distance_m: float


def some_look(rng: np.random.Generator, turn: float = 0.6, lowest: float = 0.05, highest: float = 0.5) -> Look:
    return Look(float(rng.uniform(-turn, turn)), float(rng.uniform(lowest, highest)), float(rng.uniform(7, 22)))


def drawn(groups: Sequence[Group], look: Look, rng: np.random.Generator, size: int = 320) -> tuple[Layer, float]:
    """The picture, its longer side ``size`` pixels, and its pixels per metre at the thing's middle."""
    faces = [face for group in _far_first(groups, look) for face in sorted(group, key=lambda f: f.order)]
    points = np.concatenate([face.points for face in faces])
    flat, depth = _projected(points, look)
    low, high = flat.min(0), flat.max(0)
    fine = 1.6  # drawn larger and shrunk, which smooths the edges
    scale = size * fine / float(max(high - low))
    flat = (flat - low) * scale + 2
    width, height = (int(v) + 5 for v in (high - low) * scale)
    canvas = np.zeros((height, width, 4), np.float32)
    starts = np.cumsum([0, *(len(face.points) for face in faces)])
    light, facing = _lights(_turned(points, look.yaw), starts[:-1], look, rng)
    for i, face in enumerate(faces):
        if facing[i] or face.open:
            own = slice(starts[i], starts[i + 1])
            _fill(canvas, flat[own], face.paint, float(light[i]), float(depth[own].mean()))
    seen = canvas[..., 3] > 0
    colour = canvas[..., :3] * _occlusion(canvas[..., 3], seen, scale / look.distance_m)[..., None]
    colour *= 1 + 0.1 * fractal(rng, height, width, 60, 5, 0.75)[..., None]
    layer = np.dstack([np.clip(colour, 0, 1) * seen[..., None], seen.astype(np.float32)])
    shrunk = max(round(width / fine), 1), max(round(height / fine), 1)
    small = np.asarray(cv2.resize(layer, shrunk, interpolation=cv2.INTER_AREA), np.float32)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-3)
    return small, scale / fine / look.distance_m


def _eye(look: Look) -> Points:
    return np.array([0, -np.cos(look.pitch), np.sin(look.pitch)], np.float32) * look.distance_m


def _turned(points: Points, yaw: float) -> Points:
    c, s = np.cos(yaw), np.sin(yaw)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]], np.float32)
    return np.asarray(points @ turn, np.float32)


def _projected(points: Points, look: Look) -> tuple[Points, NDArray[np.float32]]:
    ahead = np.array([0, np.cos(look.pitch), -np.sin(look.pitch)], np.float32)
    upward = np.array([0, np.sin(look.pitch), np.cos(look.pitch)], np.float32)
    away = _turned(points, look.yaw) - _eye(look)
    depth = np.maximum(away @ ahead, 0.5)
    return np.stack([away[:, 0] / depth, -(away @ upward) / depth], 1), depth


def _far_first(groups: Sequence[Group], look: Look) -> list[Group]:
    eye = _eye(look)

    def far(places: Points) -> NDArray[np.intp]:
        return np.argsort(-np.linalg.norm(_turned(places, look.yaw) - eye, axis=1), kind="stable")

    ordered: list[Group] = []
    middles = []
    for group in filter(None, groups):
        places = np.array([face.points.mean(0) for face in group], np.float32)
        ordered.append([group[i] for i in far(places)])
        middles.append(places.mean(0))
    return [ordered[i] for i in far(np.array(middles, np.float32))]


def _lights(
    points: Points, starts: NDArray[np.intp], look: Look, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How bright each face is, and whether it is seen from outside; its points begin at ``starts``."""
    azimuth, height = rng.uniform(np.pi, 2 * np.pi), rng.uniform(0.4, 1.2)
    level = np.cos(height)
    sun = np.array([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(height)], np.float32)
    sky = float(rng.uniform(0.5, 0.75))
    first = points[starts]
    normals = np.cross(points[starts + 2] - first, points[starts + 1] - first)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    facing = ((_eye(look) - first) * normals).sum(1) > 0
    normals[~facing] *= -1  # an open sheet is lit on the side that is seen
    light = sky * (0.75 + 0.25 * normals[:, 2]) + (1.1 - sky) * np.maximum(normals @ sun, 0)
    return light.astype(np.float32), facing


def _fill(canvas: Layer, corners: NDArray[np.float32], paint: Colour | Layer, light: float, depth: float) -> None:
    if not isinstance(paint, np.ndarray) or paint.ndim == 1:
        red, green, blue = (float(v) * light for v in paint)
        cv2.fillConvexPoly(canvas, np.round(corners).astype(np.int32), (red, green, blue, depth))
        return
    low = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, canvas.shape[1::-1])
    width, height = (int(v) for v in high - low)
    if width < 2 or height < 2:
        return
    h, w = paint.shape[:2]
    source = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    place = cv2.getPerspectiveTransform(source, (corners - low).astype(np.float32))
    if paint.shape[2] == 3:
        paint = np.dstack([paint, np.ones((h, w), np.float32)])
    picture = cv2.warpPerspective(paint, place, (width, height), flags=cv2.INTER_AREA)
    shown = picture[..., 3] > 0.5
    part = canvas[low[1] : high[1], low[0] : high[0]]
    part[shown, :3] = picture[shown, :3] * light
    part[shown, 3] = depth


def _occlusion(depth: Layer, seen: NDArray[np.bool_], px_per_m: float) -> NDArray[np.float32]:
    """Where something stands close in front, less of the sky is seen: the ground of corners and gaps is darker."""
    reach = max(int(0.25 * px_per_m) | 1, 3)
    weight = seen.astype(np.float32)
    mean = cv2.blur(depth, (reach, reach)) / np.maximum(cv2.blur(weight, (reach, reach)), 1e-3)
    return np.clip(1 - 1.2 * np.clip(depth - mean, 0, 0.35), 0.5, 1).astype(np.float32)

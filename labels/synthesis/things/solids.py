"""The plain solids that street things are built of, as faces."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labels.synthesis.things.mesh import Face, Group, Points
from labels.synthesis.things.painting import Colour, Layer

Triple = Sequence[float] | NDArray[np.floating[Any]]
"""x, y, z in metres."""


def box(
    middle: Triple,
    size: Triple,
    paint: Colour | Layer,
    yaw: float = 0.0,
    front: Colour | Layer | None = None,
    top: Colour | Layer | None = None,
    order: int = 0,
) -> Group:
    """A box standing at ``middle`` (centre of its bottom), ``size`` its width, depth and height.

    front: paint of the front and back where it differs; top: of the top.
    """
    w, d, h = size
    x0, x1, y0, y1 = -w / 2, w / 2, -d / 2, d / 2
    a, b, c, e = (x0, y0), (x1, y0), (x1, y1), (x0, y1)
    faces = [([(*e, h), (*c, h), (*b, h), (*a, h)], paint if top is None else top)]
    for p, q, side in ((a, b, front), (b, c, None), (c, e, front), (e, a, None)):
        faces.append(([(*p, h), (*q, h), (*q, 0), (*p, 0)], paint if side is None else side))
    return [Face(_placed(points, middle, yaw), colour, order) for points, colour in faces]


def tube(
    start: Triple, end: Triple, radius: float, paint: Colour, sides: int = 6, order: int = 0, cap: Colour | None = None
) -> Group:
    """A round bar between two points; ``cap`` closes its ends with a paint of their own."""
    a, b = np.asarray(start, np.float32), np.asarray(end, np.float32)
    axis = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
    helper = np.array([0, 0, 1] if abs(axis[2]) < 0.9 else [1, 0, 0], np.float32)
    u = np.cross(axis, helper)
    u /= np.linalg.norm(u)
    v = np.cross(axis, u)
    turn = np.arange(sides) * 2 * np.pi / sides
    ring = radius * (np.cos(turn)[:, None] * u + np.sin(turn)[:, None] * v)
    faces = []
    for i in range(sides):
        j = (i + 1) % sides
        faces.append(Face(_as_points([b + ring[i], b + ring[j], a + ring[j], a + ring[i]]), paint, order))
    if cap is not None:
        faces.append(Face(_as_points(a + ring), cap, order))
        faces.append(Face(_as_points((b + ring)[::-1]), cap, order))
    return faces


def cushion(
    middle: Triple, size: Triple, paint: Colour, yaw: float = 0.0, square: float = 0.6, order: int = 0
) -> Group:
    """A bulging body, as a sack: a superellipsoid whose exponent is ``square`` (1 an ellipsoid, 0 a box)."""
    across, around = 5, 10
    tilt = np.linspace(-np.pi / 2, np.pi / 2, across + 1)
    turn = np.linspace(0, 2 * np.pi, around + 1)

    def power(value: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.sign(value) * np.abs(value) ** square)

    t, u = np.meshgrid(tilt, turn, indexing="ij")
    w, d, h = size
    grid = np.stack(
        [
            w / 2 * power(np.cos(t)) * power(np.cos(u)),
            d / 2 * power(np.cos(t)) * power(np.sin(u)),
            h / 2 * power(np.sin(t)),
        ],
        -1,
    )
    grid[..., 2] += h / 2
    faces = []
    for i in range(across):
        for j in range(around):
            points = [grid[i + 1, j], grid[i + 1, j + 1], grid[i, j + 1], grid[i, j]]
            if i == 0:
                points = points[:3]
            elif i == across - 1:
                points = points[1:]
            faces.append(Face(_placed(points, middle, yaw), paint, order))
    return faces


def quad(corners: Sequence[Triple], paint: Colour | Layer, order: int = 0) -> Group:
    """A thin sheet seen from both sides; ``corners`` from the top left clockwise, as a picture on it is read."""
    return [Face(_as_points(corners), paint, order, open=True)]


def moved(group: Group, by: Triple, yaw: float = 0.0) -> Group:
    """The group turned about the upright and then shifted."""
    if not group:
        return []
    points = _placed(np.concatenate([face.points for face in group]), by, yaw)
    parts = np.split(points, np.cumsum([len(face.points) for face in group])[:-1])
    return [Face(part, face.paint, face.order, face.open) for part, face in zip(parts, group, strict=True)]


def _as_points(points: object) -> Points:
    return np.asarray(points, np.float32).reshape(-1, 3)


def _placed(points: object, middle: Triple, yaw: float) -> Points:
    c, s = np.cos(yaw), np.sin(yaw)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]], np.float32)
    return np.asarray(_as_points(points) @ turn + np.asarray(middle, np.float32), np.float32)

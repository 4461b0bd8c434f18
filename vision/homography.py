"""The map from a picture to the ground plane, fitted to control points by least squares on the ground.

Eight numbers h: ``east = (h0 x + h1 y + h2) / w``, ``north = (h3 x + h4 y + h5) / w``, ``w = h6 x + h7 y + 1``, where x
and y are counted from the mean of the control points, so that w is 0 on the horizon and positive on this side of it.
First the normalised linear solution, then Gauss-Newton (Hartley and Zisserman, Multiple View Geometry, 2nd ed., ch. 4).
"""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_STEPS = 10


class Homography:
    """Fitted to ``(n, 2)`` relative picture points and ``(n, 2)`` metres, n >= 4, not all but one on a line."""

    def __init__(self, picture: Array, ground: Array):
        self.centre: Array = picture.mean(axis=0)
        self.h = _linear(picture - self.centre, ground)
        for _ in range(_STEPS):
            errors = (ground - self.apply(picture)).ravel()
            step = np.linalg.lstsq(self.by_parameters(picture).reshape(-1, 8), errors, rcond=None)[0]
            self.h = self.h + step
            if np.abs(step).max() <= 1e-12 * np.abs(self.h).max():
                break

    def depth(self, points: Array) -> Array:
        """``(n,)`` w of each picture point: 1 at the control points' mean, 0 on the horizon, negative beyond it."""
        result: Array = (points - self.centre) @ self.h[6:] + 1.0
        return result

    def apply(self, points: Array) -> Array:
        """``(n, 2)`` metres east and north; meaningless beyond the horizon."""
        above = (points - self.centre) @ self.h[[0, 1, 3, 4]].reshape(2, 2).T + self.h[[2, 5]]
        result: Array = above / self.depth(points)[:, None]
        return result

    def invert(self, metres: Array) -> Array:
        """``(n, 2)`` picture points; NaN for ground that lies behind the camera."""
        matrix = np.linalg.inv(np.append(self.h, 1.0).reshape(3, 3))
        x, y, w = matrix @ _homogeneous(metres).T
        with np.errstate(divide="ignore", invalid="ignore"):
            points: Array = np.column_stack([x / w, y / w]) + self.centre
        points[~(self.depth(points) > 0)] = np.nan
        return points

    def by_parameters(self, points: Array) -> Array:
        """``(n, 2, 8)``: how metres east and north change with each parameter."""
        p = _homogeneous(points - self.centre) / self.depth(points)[:, None]
        metres, zero = self.apply(points), np.zeros((len(points), 3))
        east = np.hstack([p, zero, -metres[:, :1] * p[:, :2]])
        north = np.hstack([zero, p, -metres[:, 1:] * p[:, :2]])
        return np.stack([east, north], axis=1)

    def by_point(self, points: Array) -> Array:
        """``(n, 2, 2)``: how metres east and north change with the picture's x and y."""
        straight = self.h[[0, 1, 3, 4]].reshape(2, 2) - self.apply(points)[:, :, None] * self.h[6:]
        result: Array = straight / self.depth(points)[:, None, None]
        return result


def _linear(picture: Array, ground: Array) -> Array:
    to_picture, to_ground = _normaliser(picture), _normaliser(ground)
    p, g = _homogeneous(picture) @ to_picture.T, _homogeneous(ground) @ to_ground.T
    zero = np.zeros_like(p)
    rows = np.vstack([np.hstack([p, zero, -g[:, :1] * p]), np.hstack([zero, p, -g[:, 1:2] * p])])
    matrix = np.linalg.inv(to_ground) @ np.linalg.svd(rows)[2][-1].reshape(3, 3) @ to_picture
    h: Array = (matrix / matrix[2, 2]).ravel()[:8]
    return h


def _normaliser(points: Array) -> Array:
    """Moves the mean to 0 and the mean distance from it to sqrt(2), so that the linear solution is well conditioned."""
    mean = points.mean(axis=0)
    scale = math.sqrt(2) / np.hypot(*(points - mean).T).mean()
    return np.array([[scale, 0, -scale * mean[0]], [0, scale, -scale * mean[1]], [0, 0, 1]])


def _homogeneous(points: Array) -> Array:
    return np.column_stack([points, np.ones(len(points))])

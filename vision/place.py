"""Where on the ground a thing stands: from a relative picture point to WGS-84, with the radius of the error.

The radius comes from the control points and from the box. The covariance of the fit, ``s^2 (J'J)^-1``, says how well
each part of the plane is known, and the uncertainty of the box's bottom centre is carried through the map's Jacobian.
Both grow with the square of the distance, the first a good deal faster where it leaves the control points behind.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod, Proj

from vision.homography import Homography
from vision.records import Box, Place

SURVEY_M = 1.0
"""Standard error of a control point per axis, metres: what reading it off a map or an aerial picture allows."""
PICKED = (2 / 640, 2 / 360)
"""Standard error of a box's bottom centre, relative: two pixels of the 640 x 360 picture that a detector sees."""
BOX_SHARE = 0.01
"""The same downwards as a part of the box's height; the larger of both counts."""
COVER_95 = math.sqrt(-2 * math.log(0.05))
"""Radius in standard errors that holds 95 % of a two-dimensional normal distribution (Rayleigh)."""
FARTHEST_M = 500.0
"""A point known no better than this is no place."""
DEFAULT_REACH_M = 50.0

_WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """A point of the ground that is seen in the picture: relative x and y, and WGS-84 degrees."""

    x: float
    y: float
    lat: float
    lon: float


class GroundProblem(ValueError):
    """Control points that fix no ground plane; the message says what is wrong and what to do."""


class Ground:
    """The ground plane of a view, fitted to at least 4 control points. Raises ``GroundProblem``.

    metres: ``(n, 2)`` the control points, east and north of their mean.
    residuals_m: distance of each control point from where the fit puts it; all 0 for 4 points, which always fit.
    """

    def __init__(self, points: Sequence[ControlPoint]):
        if len(points) < 4:
            raise GroundProblem(f"{len(points)} control points; at least 4 are needed, 6 to 8 are better")
        lat, lon = float(np.mean([p.lat for p in points])), float(np.mean([p.lon for p in points]))
        # Azimuthal equidistant (Snyder, USGS Professional Paper 1395, ch. 25): distances from its centre are true, and
        # within a street all others are, to a millimetre.
        self._project = Proj(proj="aeqd", lat_0=lat, lon_0=lon, ellps="WGS84")
        picture = np.array([(p.x, p.y) for p in points])
        ground = np.column_stack(self._project([p.lon for p in points], [p.lat for p in points]))
        for side, where in ((picture, "in the picture"), (ground, "on the ground")):
            if _on_a_line(side):
                raise GroundProblem(f"all control points, or all but one, lie on one line {where}; spread them out")
        self.metres = ground
        self.homography = Homography(picture, ground)
        # From above, a picture's right and down are a right turn apart, for whatever way the camera is turned.
        mirrored = np.linalg.det(self.homography.by_point(self.homography.centre[None])[0]) > 0
        if mirrored or (self.homography.depth(picture) <= 0).any():
            how = "the ground would be mirrored" if mirrored else "the horizon would run between them"
            raise GroundProblem(f"the control points contradict each other ({how}); look for a swapped pair")
        errors = ground - self.homography.apply(picture)
        self.residuals_m = tuple(float(d) for d in np.hypot(*errors.T))
        jacobian = self.homography.by_parameters(picture).reshape(-1, 8)
        spare = len(jacobian) - 8
        # Four points fit exactly and five nearly, however wrong they are: never trust them beyond what a map allows.
        variance = max(SURVEY_M**2, float((errors**2).sum()) / spare if spare else 0.0)
        self._covariance = variance * np.linalg.pinv(jacobian.T @ jacobian)

    def locate(self, xyxy: Box) -> Place | None:
        """The place of a box's bottom centre; None above the horizon or where it is known no better than 500 m."""
        point = np.array([((xyxy[0] + xyxy[2]) / 2, xyxy[3])])
        if self.homography.depth(point)[0] <= 1e-6:
            return None
        picked = np.diag([PICKED[0] ** 2, max(PICKED[1], BOX_SHARE * (xyxy[3] - xyxy[1])) ** 2])
        by_h, by_point = self.homography.by_parameters(point)[0], self.homography.by_point(point)[0]
        spread = by_h @ self._covariance @ by_h.T + by_point @ picked @ by_point.T
        radius_m = COVER_95 * math.sqrt(float(np.linalg.eigvalsh(spread)[-1]))
        if radius_m > FARTHEST_M:
            return None
        east, north = self.homography.apply(point)[0]
        lon, lat = self._project(east, north, inverse=True)
        return Place(round(float(lat), 7), round(float(lon), 7), round(radius_m, 1))


def most_doubtful(points: Sequence[ControlPoint]) -> tuple[int, float] | None:
    """The control point that lies farthest, beyond all doubt, from where the others put it: its index and the metres.

    A point that is wrong draws the fit towards itself, so that its residual hides it; left out, it stands alone.
    """
    found: list[tuple[float, int, float]] = []
    for n, point in enumerate(points):
        try:
            place = Ground([*points[:n], *points[n + 1 :]]).locate((point.x, point.y, point.x, point.y))
        except GroundProblem:
            continue  # nothing can be said of a point that the others need
        if place is not None:
            away_m = distance_m((point.lat, point.lon), (place.lat, place.lon))
            found.append((away_m / math.hypot(place.radius_m, COVER_95 * SURVEY_M), n, away_m))
    ratio, number, away_m = max(found, default=(0.0, 0, 0.0))
    return (number, away_m) if ratio > 1 else None


@dataclass(frozen=True, slots=True)
class Locator:
    """Places the things of one view.

    ground: None without control points. camera: the camera's own place, its radius the distance it sees things at; None
    where nobody said. heading_deg: direction of the picture's middle, degrees clockwise from north. fov_deg: its width.
    """

    ground: Ground | None = None
    camera: Place | None = None
    heading_deg: float | None = None
    fov_deg: float | None = None

    def locate(self, xyxy: Box, on_ground: bool = True) -> Place | None:
        """The ground point of a relative box; the camera's place for what hangs, or without control points."""
        if on_ground and self.ground is not None:
            return self.ground.locate(xyxy)
        return self.camera

    def bearing_deg(self, xyxy: Box) -> float | None:
        """Direction from the camera to the box's middle, clockwise from north, of a lens without distortion."""
        if self.heading_deg is None or self.fov_deg is None:
            return None
        off = (xyxy[0] + xyxy[2] - 1) * math.tan(math.radians(self.fov_deg / 2))
        return (self.heading_deg + math.degrees(math.atan(off))) % 360


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two points (latitude, longitude) along the WGS-84 ellipsoid."""
    return float(_WGS84.inv(a[1], a[0], b[1], b[0])[2])


def _on_a_line(points: NDArray[np.float64]) -> bool:
    """Whether all points, or all but one, lie on a line (within a hundredth of their extent)."""

    def flat(some: NDArray[np.float64]) -> bool:
        spread = np.linalg.svd(some - some.mean(axis=0), compute_uv=False)
        return bool(spread[1] <= 0.01 * spread[0])

    return any(flat(np.delete(points, i, axis=0)) for i in range(len(points)))

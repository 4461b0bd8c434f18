"""From a box in the picture to a place on the map. The truth is a pinhole camera over a flat street."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from pyproj import Proj

from vision.homography import Homography
from vision.place import ControlPoint, Ground, GroundProblem, Locator, distance_m, most_doubtful
from vision.records import Box, Place

HOME = (24.4433, 118.0805)
PIXELS = [(0.12, 0.86), (0.55, 0.9), (0.9, 0.8), (0.2, 0.45), (0.5, 0.36), (0.82, 0.42)]


@dataclass(frozen=True)
class Pinhole:
    """Looks along ``heading_deg``, ``pitch_deg`` below the horizon, from ``height_m`` above the street; 16:9."""

    height_m: float = 8.0
    heading_deg: float = 45.0
    pitch_deg: float = 22.0
    fov_deg: float = 80.0

    def ground(self, x: float, y: float) -> tuple[float, float, float]:
        """Latitude and longitude of the ground seen at a relative point, and its distance in metres."""
        focal = 0.5 / math.tan(math.radians(self.fov_deg / 2))
        pitch, heading = math.radians(self.pitch_deg), math.radians(self.heading_deg)
        right, down = (x - 0.5) / focal, (y - 0.5) * 9 / 16 / focal
        t = self.height_m / (math.sin(pitch) + down * math.cos(pitch))
        forward, right = t * (math.cos(pitch) - down * math.sin(pitch)), t * right
        east = forward * math.sin(heading) + right * math.cos(heading)
        north = forward * math.cos(heading) - right * math.sin(heading)
        street = Proj(proj="aeqd", lat_0=HOME[0], lon_0=HOME[1], ellps="WGS84")
        lon, lat = street(east, north, inverse=True)
        return lat, lon, math.hypot(east, north)

    @property
    def horizon(self) -> float:
        """Relative y of the horizon, at any x."""
        focal = 0.5 / math.tan(math.radians(self.fov_deg / 2))
        return 0.5 - math.tan(math.radians(self.pitch_deg)) * focal * 16 / 9

    def points(self, pixels: list[tuple[float, float]] = PIXELS) -> list[ControlPoint]:
        return [ControlPoint(x, y, *self.ground(x, y)[:2]) for x, y in pixels]


def box(x: float, y: float, height: float = 0.1) -> Box:
    """A box whose bottom centre is the point."""
    return (x - 0.05, y - height, x + 0.05, y)


CAMERA = Pinhole()


@pytest.mark.parametrize("count", [4, 6])
def test_a_car_is_found_where_it_stands(count: int) -> None:
    pixels = PIXELS if count == 6 else [PIXELS[0], PIXELS[2], PIXELS[3], PIXELS[5]]
    ground = Ground(CAMERA.points(pixels))
    assert max(ground.residuals_m) < 1e-3
    for x, y in [(0.3, 0.7), (0.6, 0.5), (0.5, 0.98)]:
        place = ground.locate(box(x, y))
        assert place is not None
        assert distance_m((place.lat, place.lon), CAMERA.ground(x, y)[:2]) < 0.05


def test_the_radius_grows_about_with_the_square_of_the_distance() -> None:
    ground = Ground(CAMERA.points())
    found = []
    for y in (0.9, 0.45, 0.36, 0.24, 0.17, 0.14, 0.12):
        place = ground.locate(box(0.5, y, 0.02))
        assert place is not None
        found.append((CAMERA.ground(0.5, y)[2], place.radius_m))
    radii = [radius_m for _, radius_m in found]
    assert radii == sorted(radii)
    assert radii[1] < 3  # 23 m away, among the control points
    (near_m, near_radius_m), (far_m, far_radius_m) = found[-3], found[-1]
    assert 1.8 < math.log(far_radius_m / near_radius_m) / math.log(far_m / near_m) < 2.6


def test_places_lie_within_their_radius_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(7)
    inside = []
    for _ in range(100):
        points = []
        for p in CAMERA.points():
            north, east = rng.normal(0, 1.0, 2)
            lat, lon = p.lat + north / 110_800, p.lon + east / 101_400
            points.append(ControlPoint(p.x, p.y, lat, lon))
        ground = Ground(points)
        for x, y in [(0.3, 0.75), (0.6, 0.5), (0.8, 0.3)]:
            seen = box(x + rng.normal(0, 2 / 640), y + rng.normal(0, 2 / 360))
            place = ground.locate(seen)
            assert place is not None
            inside.append(distance_m((place.lat, place.lon), CAMERA.ground(x, y)[:2]) <= place.radius_m)
    assert 0.92 <= np.mean(inside) <= 1.0


def test_what_is_above_the_horizon_is_nowhere() -> None:
    ground = Ground(CAMERA.points())
    assert ground.locate(box(0.5, CAMERA.horizon - 0.02)) is None
    assert ground.locate(box(0.5, CAMERA.horizon + 0.001)) is None  # so far away that nobody knows where
    assert ground.locate(box(0.5, CAMERA.horizon + 0.1)) is not None


def test_a_horizon_at_the_upper_left_corner_disturbs_nothing() -> None:
    camera = Pinhole(pitch_deg=math.degrees(math.atan(0.5 * 9 / 16 * 2 * math.tan(math.radians(40)))))
    assert abs(camera.horizon) < 1e-9
    place = Ground(camera.points()).locate(box(0.4, 0.6))
    assert place is not None
    assert distance_m((place.lat, place.lon), camera.ground(0.4, 0.6)[:2]) < 0.05


def test_the_fit_is_the_least_squares_fit_that_opencv_finds() -> None:
    rng = np.random.default_rng(0)
    picture = rng.uniform(0.2, 0.9, (8, 2))
    matrix = np.array([[20, 3, -4], [1, -40, 30], [0.05, -0.9, 1.0]])
    ground = np.column_stack([picture, np.ones(8)]) @ matrix.T
    metres = ground[:, :2] / ground[:, 2:] + rng.normal(0, 0.3, (8, 2))
    theirs = np.column_stack([picture, np.ones(8)]) @ cv2.findHomography(picture, metres, 0)[0].T
    ours = Homography(picture, metres)
    assert np.abs(ours.apply(picture) - theirs[:, :2] / theirs[:, 2:]).max() < 1e-3
    assert np.abs(ours.invert(ours.apply(picture)) - picture).max() < 1e-9


def test_its_derivatives_are_those_of_the_map() -> None:
    points = CAMERA.points()
    fit = Ground(points).homography
    at, step = np.array([[0.4, 0.6]]), 1e-6
    moved = [(fit.apply(at + step * np.eye(2)[i]) - fit.apply(at)) / step for i in (0, 1)]
    assert np.allclose(np.column_stack([m[0] for m in moved]), fit.by_point(at)[0], rtol=1e-3)


def test_three_points_or_points_on_a_line_or_swapped_points_fix_no_ground() -> None:
    points = CAMERA.points()
    with pytest.raises(GroundProblem, match="3 control points; at least 4"):
        Ground(points[:3])
    on_a_line = [ControlPoint(0.1 * n, 0.4 + 0.1 * n, p.lat, p.lon) for n, p in enumerate(points[:5])]
    with pytest.raises(GroundProblem, match="on one line in the picture"):
        Ground([*on_a_line, points[5]])
    one_place = [ControlPoint(p.x, p.y, *HOME) for p in points]
    with pytest.raises(GroundProblem, match="on one line on the ground"):
        Ground(one_place)


@pytest.mark.parametrize("order", [(1, 0, 2, 3), (0, 1, 3, 2), (2, 1, 0, 3), (0, 2, 1, 3), (3, 1, 2, 0)])
def test_four_points_of_which_two_are_swapped_fix_no_ground(order: tuple[int, ...]) -> None:
    points = CAMERA.points([PIXELS[0], PIXELS[2], PIXELS[3], PIXELS[5]])
    swapped = [ControlPoint(p.x, p.y, points[n].lat, points[n].lon) for p, n in zip(points, order, strict=True)]
    with pytest.raises(GroundProblem, match="swapped pair"):
        Ground(swapped)


@pytest.mark.parametrize("heading_deg", [0.0, 100.0, 190.0, 280.0])
def test_a_camera_may_look_anywhere(heading_deg: float) -> None:
    assert max(Ground(Pinhole(heading_deg=heading_deg).points()).residuals_m) < 1e-3


def test_a_wrong_control_point_shows_in_the_residuals_and_widens_the_radius() -> None:
    points = CAMERA.points([*PIXELS, (0.3, 0.6), (0.7, 0.6)])
    wrong = points[6]
    points[6] = ControlPoint(wrong.x, wrong.y, wrong.lat + 10 / 110_800, wrong.lon)
    bad, good = Ground(points), Ground(CAMERA.points([*PIXELS, (0.3, 0.6), (0.7, 0.6)]))
    assert int(np.argmax(bad.residuals_m)) == 6
    assert bad.residuals_m[6] > 3
    a, b = bad.locate(box(0.5, 0.6)), good.locate(box(0.5, 0.6))
    assert a is not None
    assert b is not None
    assert a.radius_m > 2 * b.radius_m


@pytest.mark.parametrize("number", range(8))
def test_the_point_that_is_ten_metres_off_is_told_from_the_others(number: int) -> None:
    points = CAMERA.points([*PIXELS, (0.3, 0.6), (0.7, 0.6)])
    assert most_doubtful(points) is None
    wrong = points[number]
    points[number] = ControlPoint(wrong.x, wrong.y, wrong.lat + 10 / 110_800, wrong.lon)
    found = most_doubtful(points)
    assert found is not None
    assert found[0] == number
    assert found[1] == pytest.approx(10, abs=4)


def test_a_banner_or_a_camera_without_control_points_is_at_the_camera_within_its_reach() -> None:
    camera = Place(*HOME, 60.0)
    assert Locator(Ground(CAMERA.points()), camera).locate(box(0.5, 0.5), on_ground=False) == camera
    assert Locator(None, camera).locate(box(0.5, 0.5), on_ground=True) == camera
    assert Locator().locate(box(0.5, 0.5), on_ground=True) is None


def test_the_bearing_follows_the_lens() -> None:
    locator = Locator(heading_deg=350.0, fov_deg=90.0)
    assert locator.bearing_deg(box(0.5, 0.5)) == pytest.approx(350.0)
    assert locator.bearing_deg(box(1.0, 0.5)) == pytest.approx(35.0)
    assert locator.bearing_deg(box(0.75, 0.5)) == pytest.approx(350 + math.degrees(math.atan(0.5)) - 360)
    assert Locator(heading_deg=350.0).bearing_deg(box(0.5, 0.5)) is None

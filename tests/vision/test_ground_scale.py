"""The scale of a road, learned from boxes of vehicles on it, against a camera whose geometry is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.ground_scale import FOCAL, VEHICLE_M, GroundScale

ASPECT = 9 / 16


def boxes_of(
    height_m: float, horizon: float, across_m: np.ndarray, along_m: np.ndarray, side_m=VEHICLE_M
) -> np.ndarray:
    """Vehicles on a flat road as a level camera sees them, relative to the picture; horizon in picture widths."""
    side = FOCAL * side_m / along_m
    x, y = 0.5 + FOCAL * across_m / along_m, horizon + FOCAL * height_m / along_m
    return np.stack([x - side / 2, (y - side) / ASPECT, x + side / 2, y / ASPECT], axis=1)


def learned(height_m: float, horizon: float, seed: int, count: int = 3000) -> GroundScale:
    random = np.random.default_rng(seed)
    scale = GroundScale()
    for _ in range(count // 10):
        boxes = boxes_of(
            height_m,
            horizon,
            random.uniform(-8, 8, 10),
            random.uniform(20, 150, 10),
            VEHICLE_M * random.lognormal(0, 0.2, 10),
        )
        scale.learn(boxes, ASPECT)
    return scale


@settings(max_examples=30, deadline=None)
@given(st.floats(6, 15), st.floats(0.05, 0.2), st.integers(0, 1000))
def test_speed_on_the_road_comes_out_right_whatever_the_camera(height_m, horizon, seed):
    scale = learned(height_m, horizon, seed)
    at = np.linspace(30, 120, 10)
    for across, along in [(0.0, 0.5), (0.5, 0.0), (0.3, 0.4)]:
        before = boxes_of(height_m, horizon, np.full(10, 2.0), at)
        after = boxes_of(height_m, horizon, np.full(10, 2.0) + across, at + along)
        metres = scale.metres((before + after) / 2, after - before, ASPECT)
        assert metres == pytest.approx(np.full(10, 0.5), rel=0.5)


def test_nothing_is_said_before_a_vehicle_was_seen():
    assert np.isnan(GroundScale().metres(np.array([[0.4, 0.4, 0.5, 0.5]]), np.zeros((1, 4)), ASPECT)).all()


def test_a_vehicle_cut_by_the_edge_of_the_picture_teaches_nothing():
    scale = GroundScale()
    scale.learn(
        np.array([[0.0, 0.4, 0.1, 0.5], [0.4, 0.0, 0.5, 0.1], [0.9, 0.5, 1.0, 0.7], [0.4, 0.9, 0.5, 1.0]]), ASPECT
    )
    assert scale.seen == 0

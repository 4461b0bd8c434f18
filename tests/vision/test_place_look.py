"""The same thing at the same pixels is known again; another thing, or the same one moved, is not."""

import numpy as np
import pytest

from streams.frame import Region
from vision.place_look import likeness, look_at

REGION = Region(1 / 640, 1 / 384, 0.0, 0.0)
BOX = np.array([0.25, 0.25, 0.5, 0.5])


def street(seed: int) -> np.ndarray:
    """A picture with structure: blocks of 8 pixels in random grey."""
    blocks = np.random.default_rng(seed).integers(40, 200, (48, 80), np.uint8)
    return np.repeat(np.kron(blocks, np.ones((8, 8), np.uint8))[:, :, None], 3, axis=2)


def again(before: np.ndarray, after: np.ndarray, box: np.ndarray = BOX) -> float:
    return likeness(look_at(before, REGION, box), look_at(after, REGION, box))


def noisy(picture: np.ndarray, gain: float = 1.0, offset: float = 0.0) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, 4, picture.shape)
    return np.clip(picture * gain + offset + noise, 0, 255).astype(np.uint8)


def test_the_same_place_is_alike_in_spite_of_noise():
    assert again(street(0), noisy(street(0))) > 0.95


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0), (1.2, 10), (0.3, 90)])
def test_light_and_contrast_do_not_matter(gain, offset):
    assert again(street(0), noisy(street(0), gain, offset)) > 0.9


def test_another_thing_at_the_place_is_not_alike():
    assert again(street(0), street(1)) < 0.3


def test_the_same_thing_a_little_further_is_not_alike():
    moved = np.roll(street(0), 12, axis=1)
    assert again(street(0), moved) < 0.5


def test_what_happens_outside_the_place_does_not_matter():
    changed = street(0)
    changed[:90] = 255
    changed[200:] = 0
    assert again(street(0), changed) == pytest.approx(1.0)


def test_a_place_without_contrast_cannot_be_told():
    flat = np.full((384, 640, 3), 90, np.uint8)
    assert again(flat, flat) == 1.0


def test_the_letterboxed_picture_is_looked_at_in_the_same_place():
    boxed = np.full((512, 640, 3), 114, np.uint8)
    boxed[64:448] = street(0)
    region = Region(1 / 640, 1 / 384, 0.0, -64 / 384)
    assert likeness(look_at(street(0), REGION, BOX), look_at(boxed, region, BOX)) == pytest.approx(1.0)


def test_a_box_at_the_edge_of_the_picture_works():
    assert again(street(0), street(0), np.array([0.99, 0.99, 1.0, 1.0])) == pytest.approx(1.0)

"""Training samples: what a picture teaches, wherever it lands in a sample."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.datasets.records import Box, Picture
from models.training.samples import Example, Look, Samples, Taught, taught

KEYS = ("motor_vehicle_parking", "bin", "person")
RED, GREEN = (255, 0, 0), (0, 255, 0)


def street(*boxes: Box, labelled: frozenset[str] = frozenset({"bin"}), **more: object) -> Picture:
    return Picture(Path("street.png"), (200, 100), boxes, labelled=labelled, **more)  # type: ignore[arg-type]


def painted(picture: Picture) -> np.ndarray:
    """The picture in green, its boxes in red."""
    width, height = picture.size
    image = np.full((height, width, 3), GREEN, np.uint8)
    for box in picture.boxes:
        x1, y1, x2, y2 = (round(v * side) for v, side in zip(box.xyxy, (width, height) * 2, strict=True))
        image[y1:y2, x1:x2] = RED
    return image


def samples(*pictures: Picture, look: Look, size: int = 128) -> Samples:
    return Samples([(1.0, [Example(painted(p), taught(p, KEYS)) for p in pictures])], size, 3, look)


PLAIN = Look(light=(0, 0, 0))
BIN = street(Box("bin", (0.3, 0.2, 0.5, 0.8)))


def test_what_a_set_never_labels_is_unknown_everywhere_in_its_pictures() -> None:
    said = taught(BIN, KEYS)
    assert said.cls.tolist() == [1]
    assert said.regions.tolist() == [[0, 0, 1, 1]]
    assert said.unknown.tolist() == [[True, False, True]]


def test_an_ignored_region_says_nothing_of_any_class() -> None:
    said = taught(street(ignore=((0, 0, 0.5, 0.5),)), KEYS)
    assert said.regions[1].tolist() == [0, 0, 0.5, 0.5]
    assert said.unknown[1].all()


def test_where_a_teacher_was_unsure_only_its_class_is_unknown() -> None:
    said = taught(BIN, KEYS, [((0.1, 0.1, 0.2, 0.2), "person")])
    assert said.unknown[1].tolist() == [False, False, True]


def test_a_class_that_is_not_ours_teaches_nothing() -> None:
    assert taught(street(Box("kite", (0, 0, 1, 1))), KEYS).cls.size == 0


@settings(max_examples=60)
@given(number=st.integers(0, 10_000), side=st.integers(1, 4))
def test_a_box_stays_on_the_thing_it_boxes(number: int, side: int) -> None:
    image, said = samples(BIN, look=Look(light=(0, 0, 0), sides=((side, 1.0),)))[number]
    assert image.shape == (128, 128, 3)
    for x1, y1, x2, y2 in said.boxes:
        inner = image[round(y1) + 2 : round(y2) - 2, round(x1) + 2 : round(x2) - 2]
        if inner.size:  # worn samples are blurred or grey: compare brightness, red is darker than green
            assert inner.mean(axis=(0, 1))[1] < 120
    assert (said.boxes >= 0).all()
    assert (said.boxes <= 128).all()
    assert (said.boxes[:, 2:] > said.boxes[:, :2]).all()


@settings(max_examples=60)
@given(number=st.integers(0, 10_000))
def test_a_thing_cut_off_at_the_edge_is_no_example_but_no_background_either(number: int) -> None:
    image, said = samples(BIN, look=Look(zoom=(2.5, 4), light=(0, 0, 0), sides=((1, 1.0),)))[number]
    red = (image[..., 0].astype(int) - image[..., 1] > 100).sum()
    partly = [r for r, u in zip(said.regions, said.unknown, strict=True) if u.tolist() == [False, True, False]]
    if red > 60:
        assert len(said.boxes) or partly


def test_the_same_number_gives_the_same_sample_whoever_asks() -> None:
    one, other = (samples(BIN, street(), look=Look()) for _ in range(2))
    for number in (7, 3, 7, 1000):
        a, b = one[number], other[number]
        assert (a[0] == b[0]).all()
        assert all((getattr(a[1], n) == getattr(b[1], n)).all() for n in Taught.__slots__)


def test_regions_of_a_mosaic_lie_in_their_own_cells() -> None:
    known = street(labelled=frozenset(KEYS))
    _, said = samples(BIN, known, look=Look(light=(0, 0, 0), sides=((3, 1.0),)))[5]
    assert len(said.regions) >= 9
    areas = (said.regions[:, 2:] - said.regions[:, :2]).prod(1)
    assert areas.max() < 128 * 128 / 3


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_groups_are_drawn_by_their_share(share: float) -> None:
    empty = Example(painted(street()), taught(street(), KEYS))
    groups = [(share, [Example(painted(BIN), taught(BIN, KEYS))]), (1 - share, [empty])]
    drawn = Samples(groups, 64, 0, Look(sides=((1, 1.0),), zoom=(1.0, 1.0)))
    assert all(bool(len(drawn[i][1].boxes)) == bool(share) for i in range(10))


def test_an_example_of_double_weight_is_drawn_twice_as_often() -> None:
    examples = [Example(painted(p), taught(p, KEYS), weight) for p, weight in ((BIN, 2.0), (street(), 1.0))]
    drawn = Samples([(1.0, examples)], 64, 0, Look(sides=((1, 1.0),), zoom=(1.0, 1.0)))
    rng = np.random.default_rng(0)
    bins = sum(len(drawn._draw(rng)[1].boxes) for _ in range(3000))
    assert 1900 < bins < 2100


def test_a_place_judged_for_one_key_says_nothing_of_another() -> None:
    said = taught(street(unknown=(((0.5, 0, 1, 1), "bin"),)), KEYS)
    assert said.regions[1].tolist() == [0.5, 0, 1, 1]
    assert said.unknown[1].tolist() == [False, True, False]


def test_a_sample_seen_from_above_shows_the_street_and_teaches_no_box() -> None:
    image, said = samples(BIN, look=Look(light=(0, 0, 0), turned=0.999))[0]
    assert {RED, GREEN} <= {tuple(colour) for colour in image.reshape(-1, 3).tolist()}
    assert len(said.boxes) == len(said.cls) == 0
    assert said.unknown.all()
    assert said.regions.tolist() == [[0, 0, 128, 128]]


def test_without_turned_samples_every_sample_is_as_before() -> None:
    look = Look(light=(0, 0, 0))
    assert all(len(samples(BIN, look=look)[i][1].unknown) for i in range(20))
    assert any(len(samples(BIN, look=look)[i][1].boxes) for i in range(20))

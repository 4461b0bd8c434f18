import importlib.util
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from labels.catalogue import load_catalogue
from labels.synthesis.cutout import Cutout
from labels.synthesis.things import text
from labels.synthesis.things.catalogue import THINGS
from labels.synthesis.things.construction_waste import construction_waste
from labels.synthesis.things.mesh import Look, drawn
from labels.synthesis.things.noise import fractal
from labels.synthesis.things.painting import blank, finished, over, sheet
from labels.synthesis.things.solids import box, cushion, tube
from labels.synthesis.things.street_drying import street_drying
from labels.synthesis.things.street_furniture import FURNITURE

UNLETTERED: tuple[Callable[[np.random.Generator], Cutout], ...] = (construction_waste, street_drying)
"""What bears no writing needs neither Pillow nor a font."""

HEIGHTS_M = {
    "hanging_banner": (0.3, 14),
    "posted_bills": (0.1, 3),
    "street_drying": (0.4, 2.6),
    "street_umbrella": (1.8, 7),
    "shop_overflow": (0.15, 4),
    "piled_materials": (0.1, 4),
    "construction_waste": (0.2, 4),
    "illegal_advertising": (0.6, 7),
}


@pytest.fixture
def writing() -> None:
    """Skips where lettering cannot be drawn on this machine."""
    if importlib.util.find_spec("PIL") is None:
        pytest.skip("Pillow is not installed; it comes with the extra train")
    try:
        text.chinese_font()
    except text.NoChineseFont as missing:
        pytest.skip(str(missing))


def check(key: str, cutout: Cutout) -> None:
    height, width = cutout.rgba.shape[:2]
    assert cutout.rgba.dtype == np.uint8
    assert cutout.key == key
    least, most = HEIGHTS_M[key]
    assert least <= cutout.size_m <= most
    assert min(height, width) >= 12
    assert max(height, width) <= 1100
    alpha = cutout.rgba[..., 3]
    for edge in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]):
        assert edge.max() > 0, "the cut-out is cropped to what is to be seen"
    assert 0.02 < (alpha > 127).mean() <= 1
    assert cutout.rgba[alpha > 127][:, :3].std() > 3, "it is not one flat colour"


@pytest.mark.parametrize("draw", UNLETTERED)
def test_heaps_and_laundry_are_drawn_without_any_font(draw: Callable[[np.random.Generator], Cutout]) -> None:
    for seed in range(6):
        cutout = draw(np.random.default_rng(seed))
        check(cutout.key, cutout)


@pytest.mark.usefixtures("writing")
@pytest.mark.parametrize("key", THINGS)
def test_every_thing_has_the_height_that_such_a_thing_has_in_the_street(key: str) -> None:
    for draw in THINGS[key]:
        for seed in range(8):
            check(key, draw(np.random.default_rng(seed)))


@pytest.mark.usefixtures("writing")
@pytest.mark.parametrize("key", THINGS)
def test_the_same_seed_draws_the_same_thing_and_another_seed_another_one(key: str) -> None:
    for draw in THINGS[key]:
        first, again, other = (draw(np.random.default_rng(seed)) for seed in (5, 5, 6))
        assert np.array_equal(first.rgba, again.rgba)
        assert first.size_m == again.size_m
        assert first.rgba.shape != other.rgba.shape or not np.array_equal(first.rgba, other.rgba)


def test_only_types_of_the_catalogue_are_drawn() -> None:
    assert set(THINGS) <= set(load_catalogue().types)


@pytest.mark.parametrize("draw", FURNITURE)
def test_street_furniture_is_drawn_with_its_height_in_metres(draw: Callable[..., tuple[np.ndarray, float]]) -> None:
    try:
        layer, metres = draw(np.random.default_rng(3))
    except text.NoChineseFont as missing:
        pytest.skip(str(missing))
    assert layer.shape[2] == 4
    assert 0.3 < metres < 6


def test_a_box_one_metre_high_is_as_many_pixels_high_as_its_scale_says() -> None:
    rng = np.random.default_rng(0)
    layer, px_per_m = drawn([box((0, 0, 0), (1, 0.02, 1), (0.5, 0.5, 0.5))], Look(0, 0, 50), rng, 200)
    assert layer.shape[0] / px_per_m == pytest.approx(1, abs=0.05)


def test_what_stands_in_front_hides_what_stands_behind() -> None:
    behind = box((0, 3, 0), (1, 0.2, 1), (1.0, 0.0, 0.0))
    front = box((0, -3, 0), (3, 0.2, 3), (0.0, 0.0, 1.0))
    for groups in ([behind, front], [front, behind]):
        layer, _ = drawn(groups, Look(0, 0, 12), np.random.default_rng(0), 100)
        seen = layer[layer[..., 3] > 0.9]
        assert (seen[:, 2] > seen[:, 0]).all()


@pytest.mark.parametrize(
    "solid", [tube((0, 0, 0), (0, 0, 1), 0.5, (1, 1, 1), 12, cap=(1, 1, 1)), cushion((0, 0, 0), (1, 1, 1), (1, 1, 1))]
)
def test_round_solids_have_no_holes_from_any_side(solid: list) -> None:
    for turn in np.linspace(0, 6, 7):
        layer, _ = drawn([solid], Look(float(turn), 0.5, 10), np.random.default_rng(0), 120)
        seen = (layer[..., 3] > 0.5).astype(np.uint8)
        background, _ = cv2.connectedComponents(np.pad(1 - seen, 1, constant_values=1))
        assert background == 2, "the solid and one piece of background around it"
        assert seen.mean() > 0.5


def test_paint_over_paint_keeps_the_colour_below_where_the_upper_one_is_clear() -> None:
    ground = sheet(4, 4, (1.0, 0.0, 0.0))
    upper = blank(4, 4)
    upper[:, :2] = (0.0, 1.0, 0.0, 1.0)
    over(ground, upper, 0, 0)
    assert ground[0, 0, :3] == pytest.approx([0, 1, 0])
    assert ground[0, 3, :3] == pytest.approx([1, 0, 0])


def test_paint_that_reaches_out_of_the_picture_is_cut_off() -> None:
    ground = blank(4, 4)
    over(ground, sheet(6, 6, (1.0, 1.0, 1.0)), -4, 2)
    assert (ground[..., 3] > 0).sum() == 4
    over(ground, sheet(6, 6, (1.0, 1.0, 1.0)), 9, 9)
    assert (ground[..., 3] > 0).sum() == 4


def test_an_empty_drawing_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="nothing much: the drawing is empty"):
        finished(blank(5, 5), np.random.default_rng(0), "posted_bills", "nothing much", 100, "wall")


def test_noise_has_no_preference_for_light_or_dark() -> None:
    noise = fractal(np.random.default_rng(1), 200, 300, 40)
    assert noise.shape == (200, 300)
    assert abs(float(noise.mean())) < 0.1
    assert np.abs(noise).max() < 1.4


def test_a_machine_without_a_chinese_font_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "FONTS", ())
    monkeypatch.setenv("PATH", "")
    text.chinese_font.cache_clear()
    with pytest.raises(text.NoChineseFont, match="fonts-wqy-microhei"):
        text.chinese_font()
    text.chinese_font.cache_clear()


def test_the_phone_numbers_on_bills_are_nobodys() -> None:
    for seed in range(20):
        number = text.phone_number(np.random.default_rng(seed))
        assert len(number) == 11
        assert number.startswith("10")

"""What is wrong with a view is noticed and named; a street's life, light and weather are nothing wrong."""

import cv2
import numpy as np
import pytest

from benchmarks.composed_views import ClipView, building_shadow, clouds, coded, dusk, exposed, night, noisy, rain
from streams.frame import Region
from vision.picture_quality import Fault, PictureQuality

CLIPS = (
    "ckuhn_traffic.mp4",
    "opencv_vtest.avi",
    "roadtrack_sample.mp4",
    "intel_car-detection.mp4",
    "bgs_video.avi",
    "bgs_video03.avi",
)
DETAILED = ("ckuhn_traffic.mp4", "opencv_vtest.avi", "roadtrack_sample.mp4")
"""Views with enough edges to say where they look."""
KNOWN_S = 200.0
"""How long the view is seen as it is before anything happens to it."""


class Drawn:
    """A street of lines and blocks, for where there are no clips."""

    def __init__(self):
        random = np.random.default_rng(5)
        picture = np.full((256, 448, 3), 110, np.uint8)
        for _ in range(70):
            x, y, w, h = random.integers((0, 0, 10, 8), (420, 240, 80, 60)).tolist()
            cv2.rectangle(
                picture, (x, y), (x + w, y + h), random.integers(30, 220, 3).tolist(), int(random.choice([-1, 2]))
            )
        self._picture = picture

    def picture(self, at_s):
        return noisy(self._picture, 2.5, at_s)


def watch(view, change, until_s=420.0, step_s=4.0):
    """``(time, quality)`` of each picture; ``change`` gets picture and time from ``KNOWN_S`` on."""
    quality, told = PictureQuality(), []
    for at_s in np.arange(0, until_s, step_s).tolist():
        picture = view.picture(at_s)
        if at_s >= KNOWN_S:
            picture = change(picture, at_s)
        picture = picture if change is frozen else coded(picture)
        height, width = picture.shape[:2]
        told.append((at_s, quality.look(at_s, picture, Region(1 / width, 1 / height, 0.0, 0.0))))
    return told


def black(picture, at_s):  # noqa: ARG001
    return np.zeros_like(picture)


def unlit(picture, at_s):
    return noisy(exposed(picture, 0.03), 2.0, at_s)


def covered(picture, at_s):
    return noisy(np.full_like(picture, (90, 70, 60)), 3.0, at_s)


def covered_for_the_most_part(picture, at_s):
    picture = picture.copy()
    edge = round(0.75 * picture.shape[1])
    picture[:, :edge] = noisy(np.full_like(picture[:, :edge], (90, 70, 60)), 3.0, at_s)
    return picture


def blurred(picture, at_s):
    return noisy(np.asarray(cv2.GaussianBlur(picture, (0, 0), 6.0), np.uint8), 2.0, at_s)


def pink(picture, at_s):  # noqa: ARG001
    """As a sensor shows it that has all but lost green; even grass is pink."""
    return exposed(picture, 1.0, 1.0, (1.3, 0.2, 1.3))


_last = {}


def frozen(picture, at_s):
    return _last.setdefault("picture", picture) if at_s > KNOWN_S else _last.update(picture=picture) or picture


def turned(picture, at_s):  # noqa: ARG001
    """By 20 of some 60 degrees: a third of the picture is new."""
    away = round(picture.shape[1] / 3)
    return np.concatenate([picture[:, away:], picture[:, :away][:, ::-1]], axis=1)


FAULTS = {
    black: Fault.BLACK,
    unlit: Fault.BLACK,
    covered: Fault.COVERED,
    covered_for_the_most_part: Fault.COVERED,
    blurred: Fault.DEFOCUSED,
    pink: Fault.COLOUR_CAST,
    turned: Fault.TURNED,
}
DRAWN = {change: fault for change, fault in FAULTS.items() if change is not blurred}
"""Blocks of one colour have nothing fine that could be blurred."""


def check_fault(view, change, fault):
    told = watch(view, change)
    assert all(q.fault is None for t, q in told if t < KNOWN_S)
    assert told[-1][1].fault is fault
    # What is not decided yet is not judged either; three looks may pass until then.
    assert not any(q.judgeable for t, q in told if t > KNOWN_S + 12)


@pytest.mark.parametrize(("change", "fault"), DRAWN.items(), ids=[f.__name__ for f in DRAWN])
def test_a_drawn_view_that_shows_nothing_is_told(change, fault):
    check_fault(Drawn(), change, fault)


def test_a_view_that_froze_is_told():
    told = watch(Drawn(), frozen)
    assert all(q.fault is None for t, q in told if t < KNOWN_S)
    assert told[-1][1].fault is Fault.FROZEN


@pytest.mark.shared
@pytest.mark.parametrize("clip", DETAILED)
@pytest.mark.parametrize(("change", "fault"), FAULTS.items(), ids=[f.__name__ for f in FAULTS])
def test_a_real_view_that_shows_nothing_is_told(shared, clip, change, fault):
    check_fault(ClipView(shared / "data/videos" / clip), change, fault)


def test_what_was_wrong_is_over_with_the_picture():
    told = watch(Drawn(), lambda picture, t: covered(picture, t) if t < 300 else picture, until_s=400)
    assert not any(q.judgeable for t, q in told if KNOWN_S + 12 < t < 300)
    assert all(q.fault is None and q.judgeable for t, q in told if t > 320)


LIGHTS = {
    "clouds": clouds,
    "dusk": dusk,
    "rain": rain,
    "shadow": building_shadow,
    "night": night,
}


@pytest.mark.shared
@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("light", LIGHTS)
def test_light_and_weather_are_nothing_wrong(shared, clip, light):
    told = watch(ClipView(shared / "data/videos" / clip), LIGHTS[light])
    assert [(t, q.fault) for t, q in told if q.fault is not None] == []


@pytest.mark.shared
@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("step_s", [1.0, 4.0])
def test_the_life_of_a_street_is_nothing_wrong(shared, clip, step_s):
    told = watch(ClipView(shared / "data/videos" / clip), lambda picture, _: picture, until_s=300, step_s=step_s)
    assert [(t, q.fault) for t, q in told if q.fault is not None] == []
    assert sum(q.judgeable for _, q in told) > 0.9 * len(told)


@pytest.mark.shared
@pytest.mark.parametrize("clip", DETAILED)
def test_a_nudge_is_measured(shared, clip):
    """By 20 pixels of 1280 to the right and 8 of 720 down: within one of these pixels."""
    view = ClipView(shared / "data/videos" / clip)
    height, width = view.picture(0).shape[:2]
    across, down = 20 / 1280, 8 / 720
    move = np.array([(1, 0, across * width), (0, 1, down * height)], np.float32)

    def nudged(picture, at_s):  # noqa: ARG001
        return cv2.warpAffine(picture, move, (width, height), borderMode=cv2.BORDER_REPLICATE)

    told = watch(view, nudged, until_s=300)
    assert all(q.fault is None for _, q in told)
    shifts = np.array([q.shift for t, q in told if t > KNOWN_S + 20])
    assert np.abs(np.median(shifts, axis=0) - (across, down)).max() < 1 / 720
    before = np.array([q.shift for t, q in told if t < KNOWN_S])
    assert np.abs(np.median(before, axis=0)).max() < 1 / 1280

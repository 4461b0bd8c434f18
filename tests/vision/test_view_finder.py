"""A PTZ camera's pictures come to the view that they show, and to none while it moves."""

from dataclasses import replace

import numpy as np
import pytest

from streams.frame import Frame, Picture, Region, ViewKey
from tests.scenery import Thing, picture
from tests.vision.street import NoPicture, scene
from vision.records import Detections
from vision.view_finder import ViewFinder

SIZE = (768, 432)
NOTHING = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), ("person",))


def frame(shown: Picture, at_s: float) -> Frame:
    region = Region(1 / SIZE[0], 1 / SIZE[1], 0.0, 0.0)
    return Frame(ViewKey("dome", "gate"), at_s, None, None, 0.0, SIZE, (shown,), (region,), NoPicture())


def look(seed: int, at_s: float, *things: Thing) -> Picture:
    """A street of its own for each seed, with drawn houses so that it has edges."""
    random = np.random.default_rng(seed)
    houses = []
    for _ in range(40):
        x, y, w, h = random.uniform(0, 0.9), random.uniform(0, 0.9), *random.uniform(0.03, 0.12, 2)
        houses.append(Thing(random.choice(["black", "grey", "white"]), (x, y, x + w, y + h)))
    return picture(SIZE, [*houses, *things], at_s, noise_seed=seed)


def watch(finder: ViewFinder, seed: int, from_s: float, seconds: int = 20) -> list[str | None]:
    found = []
    for n in range(seconds):
        shown = frame(look(seed, from_s + n), from_s + n)
        view = finder.find(shown)
        if view is not None:
            list(finder.scenes[view].observe(replace(shown, view=ViewKey("dome", view)), NOTHING))
        found.append(view)
    return found


@pytest.fixture
def finder() -> ViewFinder:
    return ViewFinder({"gate": scene(), "market": scene(), "bridge": scene()})


def test_views_that_were_told_once_are_known_again_by_their_looks(finder):
    assert set(watch(finder, 1, 0)) == {"gate"}
    finder.tell("market")
    assert set(watch(finder, 2, 20)) == {"market"}
    assert set(watch(finder, 1, 40)[1:]) == {"gate"}
    assert set(watch(finder, 2, 60)[1:]) == {"market"}


def test_what_nobody_knows_is_judged_by_nobody(finder):
    watch(finder, 1, 0)
    assert set(watch(finder, 9, 20)) == {None}
    assert finder.between == 20
    assert set(watch(finder, 1, 40)[1:]) == {"gate"}
    assert finder.scenes["gate"].faults.get("turned", 0) == 0


def test_a_view_can_be_known_from_a_picture(finder):
    finder.scenes["bridge"].quality.expect(look(3, 0))
    watch(finder, 1, 0)
    assert set(watch(finder, 3, 20)[1:]) == {"bridge"}


def test_a_view_that_does_not_exist_is_said(finder):
    with pytest.raises(KeyError, match="no view 'harbour'; there are gate, market, bridge"):
        finder.tell("harbour")

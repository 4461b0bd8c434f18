"""What is put down and stays is raised once and cleared when it is taken away; light raises nothing."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from labels.catalogue import load_catalogue
from streams.frame import Frame, Region, ViewKey
from vision.left_things import LeftThings
from vision.picture import describe
from vision.place import Locator
from vision.records import Detections
from vision.scene import Scene
from vision.scene_rules import SceneRules
from vision.snapshot import load_snapshot, save_snapshot
from vision.zones import Zone, Zones

VIEW = ViewKey("door", "home")
WIDTH, HEIGHT = 448, 256
KEY, OTHER = "piled_materials", "exposed_garbage"
THING = (0.40, 0.55, 0.48, 0.72)
STEP_S = 4.0
ZONE = Zone("door", "sidewalk", np.array([(0, 0.3), (1, 0.3), (1, 1), (0, 1)], float), left_things=KEY)


class Street:
    """Paving, a wall and a door, drawn; a box on the ground for a while, with a sensor's noise over all."""

    def __init__(self, seed: int = 3):
        random = np.random.default_rng(seed)
        ground = cv2.resize(
            random.integers(90, 150, (64, 112), np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
        )
        picture = np.repeat(ground[..., None], 3, axis=2)
        picture[: HEIGHT // 4] = (150, 120, 100)
        picture[40 : HEIGHT // 3, 300:340] = (60, 40, 30)
        for x in range(0, WIDTH, 32):
            cv2.line(picture, (x, HEIGHT // 4), (x - 60, HEIGHT), (80, 80, 80), 1)
        self._empty = picture
        self._random = random

    def picture(self, thing: bool, light: float = 1.0, box: tuple[float, ...] = THING):
        picture = self._empty.copy()
        if thing:
            x1, y1, x2, y2 = (round(v * s) for v, s in zip(box, (WIDTH, HEIGHT) * 2, strict=True))
            picture[y1:y2, x1:x2] = (40, 70, 130)
            picture[y1 : y1 + 8, x1:x2] = (200, 190, 60)
            picture[y1 + 18 : y1 + 24, x1 + 5 : x2 - 5] = (220, 220, 220)
        noise = self._random.normal(0, 2.0, picture.shape)
        return np.clip(picture * light + noise, 0, 255).astype(np.uint8)


def scene(zone: Zone = ZONE, keys: tuple[str, ...] = (KEY, OTHER)) -> Scene:
    types = load_catalogue().types
    chosen = {k: replace(types[k], rule=replace(types[k].rule, dwell_s=60.0, absence_s=40.0)) for k in keys}
    thresholds = {OTHER: 0.4}  # the model does not know the other type at all
    return Scene(
        VIEW,
        SceneRules(
            Zones((zone,)),
            Locator(),
            chosen,
            thresholds,
            {OTHER: 0.2},
            {OTHER: True},
            "m",
            "c",
            dict.fromkeys(keys, "r"),
        ),
    )


def look(scene: Scene, at_s: float, picture, seen: dict[tuple[float, ...], float] | None = None):
    """One picture; ``seen``: boxes that the detector calls exposed garbage, with their scores."""
    region = Region(1 / WIDTH, 1 / HEIGHT, 0.0, 0.0)
    frame = Frame(VIEW, at_s, None, None, 0.0, (WIDTH, HEIGHT), (picture,), (region,), None)
    boxes = np.array(list(seen or {}), np.float32).reshape(-1, 4)
    scores = np.array(list((seen or {}).values()), np.float32)
    found = Detections(boxes, scores, np.zeros(len(boxes), np.int64), (OTHER,), describe(picture, region, boxes))
    return list(scene.observe(frame, found))


def watch(
    scene: Scene, street: Street, until_s: float, there=(200.0, 400.0), light=lambda _: 1.0, seen=None, start_s=0.0
):
    events = []
    for at_s in np.arange(start_s, until_s, STEP_S).tolist():
        standing = there[0] <= at_s < there[1]
        found = {THING: seen} if seen is not None and standing else None
        events += look(scene, at_s, street.picture(standing, light(at_s)), found)
    return events


def test_what_is_put_down_is_raised_once_and_cleared_when_it_is_gone():
    events = watch(scene(), Street(), 520)
    assert [e.kind for e in events if e.kind != "extended"] == ["opened", "cleared"]
    raised = events[0].violation
    assert (raised.key, raised.cue, raised.proven) == (KEY, "change", False)
    assert np.abs(np.array(raised.xyxy) - THING).max() < 0.02
    assert 200 <= raised.onset_s <= 240
    assert 400 <= events[-1].violation.cleared_s <= 440


def test_a_zone_that_does_not_ask_for_it_raises_nothing():
    assert watch(scene(replace(ZONE, left_things=None)), Street(), 420) == []


@pytest.mark.parametrize(
    "light",
    [
        lambda t: 0.5 if t > 200 else 1.0,
        lambda t: 1.5 if t > 200 else 1.0,
        lambda t: 1 - 0.7 * min(1, max(0, (t - 100) / 400)),
        lambda t: (1.0, 0.6, 1.3, 0.8)[int(t // 60) % 4],
    ],
    ids=["darker", "brighter", "dusk", "clouds"],
)
def test_light_raises_nothing_and_takes_nothing_away(light):
    assert watch(scene(), Street(), 520, there=(900, 900), light=light) == []
    kinds = [e.kind for e in watch(scene(), Street(), 520, light=light)]
    assert (kinds.count("opened"), kinds.count("cleared")) == (1, 1)


def test_what_the_detector_is_sure_of_is_left_to_it():
    events = watch(scene(), Street(), 420, seen=0.8)
    assert [(e.violation.key, e.violation.cue) for e in events if e.kind == "opened"] == [(OTHER, "detector")]


def test_what_the_detector_only_suspects_is_raised():
    events = watch(scene(), Street(), 420, seen=0.3)
    assert [(e.violation.key, e.violation.cue) for e in events if e.kind == "opened"] == [(KEY, "change")]


def test_a_name_that_comes_later_makes_no_second_case():
    watched, street = scene(), Street()
    events = watch(watched, street, 320, there=(100, 900), seen=0.3)
    events += watch(watched, street, 520, there=(100, 900), seen=0.8, start_s=320)
    assert [(e.kind, e.violation.key) for e in events if e.kind in ("opened", "cleared")] == [("opened", KEY)]


def test_what_stood_there_from_the_beginning_is_no_change():
    events = watch(scene(), Street(), 420, there=(0, 200))
    assert [e for e in events if e.kind == "opened"] == []


def test_what_the_detector_cannot_see_any_more_in_a_nudged_picture_is_no_change():
    watch = LeftThings(Zones((ZONE,)), {})
    street, shift = Street(), (0.02, 0.0)
    for at_s in np.arange(0, 400, STEP_S).tolist():
        picture = street.picture(False)
        moved = (0.0, 0.0)
        if at_s > 200:  # the camera looks further left: a strip of the right edge is lost, grey comes in on the left
            picture, moved = np.roll(picture, 9, axis=1), shift
            picture[:, :9] = 114
        region = Region(1 / WIDTH, 1 / HEIGHT, -moved[0], -moved[1])
        frame = Frame(VIEW, at_s, None, None, 0.0, (WIDTH, HEIGHT), (picture,), (region,), None)
        none = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), (OTHER,))
        assert len(watch.look(frame, none, [], moved)) == 0, at_s


def test_a_snapshot_goes_on_with_the_empty_state(tmp_path):
    """Also in the first minute, while it is learned."""
    street, watched = Street(), scene()
    events = []
    for begin, end in ((0, 40), (40, 160), (160, 240), (240, 330), (330, 520)):
        events += watch(watched, street, end, start_s=begin)
        save_snapshot(tmp_path / "door.zip", watched, {})
        watched = scene()
        load_snapshot(tmp_path / "door.zip", watched)
    assert [e.kind for e in events if e.kind != "extended"] == ["opened", "cleared"]

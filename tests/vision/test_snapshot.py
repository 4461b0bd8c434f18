"""A scene that is saved and loaded goes on as if nothing had happened."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labels.catalogue import load_catalogue
from streams.frame import Clock, Frame, Picture, Region, StillLost, ViewKey
from tests.scenery import Thing, picture
from vision.picture import to_picture
from vision.records import Box, Detections, Event, Place
from vision.scene import Scene
from vision.scene_rules import SceneRules
from vision.snapshot import FORMAT, load_snapshot, read_extra, save_snapshot
from vision.zones import Zones

VIEW = ViewKey("gate", "home")
SIZE = (320, 192)
KEY = "motor_vehicle_parking"
START = datetime(2026, 5, 1, tzinfo=UTC)
STAYS, LEAVES, STOPS, LATE = (
    Thing("red", (0.1, 0.4, 0.3, 0.7), 2),
    Thing("blue", (0.6, 0.4, 0.8, 0.7), 4, 20),
    Thing("green", (0.35, 0.7, 0.5, 0.9), 5, 9),
    Thing("red", (0.35, 0.1, 0.5, 0.3), 22),
)
THINGS = (STAYS, LEAVES, STOPS, LATE)


class Shown:
    def __init__(self, shown: Picture):
        self.shown = shown

    def decode(self) -> Picture:
        return self.shown


class Lost:
    def decode(self) -> Picture:
        raise StillLost("gone")


class Nowhere:
    def locate(self, xyxy: Box, on_ground: bool) -> Place | None:  # noqa: ARG002
        return Place(24.48, 118.08, 5.0)


def scene() -> Scene:
    kind = load_catalogue().types[KEY]
    kind = replace(kind, rule=replace(kind.rule, dwell_s=6.0, absence_s=5.0))
    return Scene(
        VIEW, SceneRules(Zones(), Nowhere(), {KEY: kind}, {KEY: 0.5}, {KEY: 0.2}, {KEY: True}, "m", "c", {KEY: "r"})
    )


def frame(second: float) -> Frame:
    shown = picture(SIZE, THINGS, second)
    region = Region(1 / SIZE[0], 1 / SIZE[1], 0.0, 0.0)
    at = START + timedelta(seconds=second)
    return Frame(VIEW, second, at, Clock.FILENAME, 0.0, SIZE, (shown,), (region,), Shown(shown))


def seen(shown: Frame) -> Detections:
    boxes = [t.at(shown.elapsed_s) for t in THINGS]
    jitter = np.random.default_rng(round(shown.elapsed_s)).normal(0, 0.4, (len(boxes), 4))
    rows = [[*(np.array(b) * (320, 192, 320, 192) + j), 0.8, 0.0] for b, j in zip(boxes, jitter, strict=True) if b]
    return to_picture([np.array(rows, np.float32).reshape(-1, 6)], shown, (KEY,))


def watch(own: Scene, seconds: range) -> list[Event]:
    return [event for s in seconds for shown in [frame(float(s))] for event in own.observe(shown, seen(shown))]


def state(own: Scene) -> list[dict[str, Any]]:
    return [own.account(t) for t in (*own.finished, *own.tracker.tracks)]


@pytest.mark.parametrize("second", range(1, 36, 3))
def test_saved_and_loaded_at_any_second_the_street_is_judged_the_same(tmp_path: Path, second: int) -> None:
    straight = scene()
    expected = watch(straight, range(40))
    assert [e.kind for e in expected].count("opened") == 3

    first = scene()
    events = watch(first, range(second))
    save_snapshot(tmp_path / "gate.zip", first, {})
    second_half = scene()
    load_snapshot(tmp_path / "gate.zip", second_half)
    events += watch(second_half, range(second, 40))

    assert events == expected
    assert state(second_half) == state(straight)
    assert (second_half.frames, second_half.faults) == (straight.frames, straight.faults)


def test_the_first_picture_of_what_is_not_confirmed_yet_survives(tmp_path: Path) -> None:
    own = scene()
    watch(own, range(6))
    onsets = [t.onset for t in own.tracker.tracks]
    save_snapshot(tmp_path / "gate.zip", own, {})
    loaded = scene()
    load_snapshot(tmp_path / "gate.zip", loaded)
    for track, before in zip(loaded.tracker.tracks, onsets, strict=True):
        assert track.onset is not None
        assert before is not None
        assert np.abs(track.onset.decode().astype(int) - before.decode()).mean() < 3


def test_an_onset_that_does_not_decode_costs_only_itself(tmp_path: Path) -> None:
    own = scene()
    watch(own, range(6))
    own.tracker.tracks[0].onset = Lost()
    save_snapshot(tmp_path / "gate.zip", own, {})
    loaded = scene()
    load_snapshot(tmp_path / "gate.zip", loaded)
    assert [t.onset is None for t in loaded.tracker.tracks] == [True] + [False] * (len(loaded.tracker.tracks) - 1)


def test_what_the_caller_adds_comes_back(tmp_path: Path) -> None:
    save_snapshot(tmp_path / "gate.zip", scene(), {"observed_s": 12.5, "content": ["湖滨"]})
    assert read_extra(tmp_path / "gate.zip") == {"observed_s": 12.5, "content": ["湖滨"]}


@pytest.mark.parametrize(
    "damage",
    [
        lambda p: p.unlink(),
        lambda p: p.write_bytes(b""),
        lambda p: p.write_bytes(b"not a zip"),
        lambda p: p.write_bytes(p.read_bytes()[:-40]),
        lambda p: p.write_bytes(p.read_bytes().replace(b'"format": %d' % FORMAT, b'"format": 0')),
        lambda p: p.write_bytes(p.read_bytes().replace(b"first_at", b"first_xx", 1)),
    ],
    ids=["gone", "empty", "no zip", "cut", "another program's", "one byte changed"],
)
def test_a_state_that_cannot_be_trusted_is_none(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    own = scene()
    watch(own, range(6))
    save_snapshot(tmp_path / "gate.zip", own, {"observed_s": 5.0})
    damage(tmp_path / "gate.zip")
    assert read_extra(tmp_path / "gate.zip") is None


def test_a_state_that_is_saved_again_and_again_does_not_grow(tmp_path: Path) -> None:
    own = scene()
    watch(own, range(10))
    save_snapshot(tmp_path / "gate.zip", own, {})
    size = (tmp_path / "gate.zip").stat().st_size
    for _ in range(5):
        again = scene()
        load_snapshot(tmp_path / "gate.zip", again)
        save_snapshot(tmp_path / "gate.zip", again, {})
    assert (tmp_path / "gate.zip").stat().st_size == size

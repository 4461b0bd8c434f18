"""What the drills on live cameras count, and that the network they spoil is spoiled as they say."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.chaos_proxy import ChaosProxy
from benchmarks.kill_drill import compare
from streams.link import LinkState, Trouble
from streams.simulator.faults import Fault
from streams.simulator.simulator import Simulator
from tests.scenery import Thing, street
from tests.streams.live_camera import watching
from vision.records import Violation

START = datetime(2026, 5, 1, tzinfo=UTC)
CAR = Violation(
    id="a", camera_id="gate", view_id="home", key="motor_vehicle_parking", onset=START,
    confirmed_at=START + timedelta(seconds=8), cleared_at=START + timedelta(seconds=40), onset_s=0, confirmed_s=8,
    cleared_s=40, xyxy=(0.1, 0.4, 0.3, 0.7), size=(320, 192), place=None, score=0.9, sightings=9, proven=True,
)  # fmt: skip
UNTIL = START + timedelta(hours=1)


def later(seconds: float, **more) -> Violation:
    moved = {name: getattr(CAR, name) + timedelta(seconds=seconds) for name in ("onset", "confirmed_at", "cleared_at")}
    return replace(CAR, **moved, **more)


def test_what_both_have_is_neither_lost_nor_told_twice() -> None:
    assert compare([CAR, later(60)], [later(2), later(61)], UNTIL) == (0, 0, 0)


def test_what_is_missing_is_lost_and_what_came_twice_is_a_duplicate() -> None:
    assert compare([CAR, later(60)], [CAR], UNTIL) == (1, 0, 0)
    assert compare([CAR], [CAR, later(15, id="b")], UNTIL) == (0, 1, 0)
    assert compare([CAR], [CAR, later(0, id="c", camera_id="yard")], UNTIL) == (0, 0, 1)
    assert compare([CAR], [CAR, replace(CAR, id="d", xyxy=(0.6, 0.4, 0.8, 0.7))], UNTIL) == (0, 0, 1)


def test_what_one_side_could_not_confirm_yet_is_not_held_against_it() -> None:
    assert compare([CAR], [], CAR.confirmed_at) == (0, 0, 0)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    car = Thing("red", (0.1, 0.4, 0.3, 0.7))
    return street(tmp_path_factory.mktemp("live") / "gate.mp4", seconds=6, gop_s=1, things=[car])


def test_the_proxy_fails_as_cameras_do_and_heals(recording):
    with (
        Simulator([recording], cameras=2) as simulator,
        ChaosProxy(simulator.port, "cam001") as proxy,
        watching(proxy.url) as camera,
    ):
        camera.wait_for_frames(2)
        proxy.fault(Fault.CLOCK_JUMP, 3600.0)
        camera.wait(lambda c: c.clock.jumps == 1, "the clock jumps")
        proxy.fault(Fault.STALL)
        camera.wait_for(LinkState.STALLED)
        proxy.heal()
        camera.wait_for_frames(2)
        proxy.fault(Fault.DOWN)
        camera.wait(lambda c: c.reader.link.troubles[Trouble.REFUSED], "it is down")
        proxy.heal()
        camera.wait_for_frames(2)
        proxy.fault(Fault.UNAUTHORISED)
        camera.wait(lambda c: c.reader.link.troubles[Trouble.UNAUTHORISED], "the password is wrong")
        proxy.heal()
        camera.wait_for_frames(2)
        proxy.fault(Fault.LOSS, 0.5)
        time.sleep(1)
        proxy.heal()
        camera.wait_for_frames(2)

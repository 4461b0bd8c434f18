"""Live cameras in good and bad times, from real sockets: what is noticed, what is tried, and that it comes back."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from streams.frame import Clock
from streams.link import LinkState, Trouble
from streams.simulator.faults import Fault
from streams.simulator.simulator import Simulator
from tests.scenery import Thing, street
from tests.streams.live_camera import watching

CAR = Thing("red", (0.1, 0.4, 0.3, 0.7))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("live") / "gate.mp4", seconds=6, gop_s=1, things=[CAR])


@pytest.fixture
def simulator(recording: Path) -> Iterator[Simulator]:
    with Simulator([recording], cameras=2, own_ports=True) as simulator:
        yield simulator


def test_pictures_come_in_order_with_the_cameras_time(simulator):
    simulator.set_clock(0, 12.0)
    with watching(simulator.url(0)) as camera:
        camera.wait_for_frames(5)
    times = [f.elapsed_s for f in camera.frames]
    assert all(0.9 < after - before < 1.1 for before, after in pairwise(times[1:]))
    last = camera.frames[-1]
    assert last.clock is Clock.RTCP
    assert last.clock_offset_s == pytest.approx(12, abs=0.5)
    assert last.captured_at is not None
    assert abs((last.captured_at - datetime.now(UTC)).total_seconds() - 12) < 3
    assert last.crops[0].shape == (192, 320, 3)
    assert last.still.decode().shape == (192, 320, 3)
    assert [c.state for c in camera.changes] == [LinkState.CONNECTING, LinkState.LIVE, LinkState.DISABLED]
    assert camera.reader.sampler.interval.longest_s == pytest.approx(1, abs=0.15)


def test_a_camera_that_does_not_say_the_time_gets_ours(recording):
    with Simulator([recording], cameras=1, rtcp=False) as simulator, watching(simulator.url(0)) as camera:
        camera.wait_for_frames(3)
    last = camera.frames[-1]
    assert (last.clock, last.clock_offset_s) == (Clock.ARRIVAL, 0.0)
    assert abs((last.captured_at - datetime.now(UTC)).total_seconds()) < 3


def test_every_picture_is_decoded_on_and_on_where_that_is_asked_for(simulator):
    with watching(simulator.url(0), "all") as camera:
        camera.wait_for_frames(25)
    times = [f.elapsed_s for f in camera.frames]
    assert all(0.05 < after - before < 0.15 for before, after in pairwise(times[10:25]))


def test_a_camera_that_is_down_is_tried_again_until_it_is_up(simulator):
    simulator.fault(0, Fault.DOWN)
    with watching(simulator.url(0)) as camera:
        camera.wait(lambda c: c.reader.link.troubles[Trouble.REFUSED] >= 3)
        assert camera.reader.link.connects == 0
        simulator.heal(0)
        camera.wait_for_frames(2)
        assert camera.reader.link.state is LinkState.LIVE


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [(Fault.UNAUTHORISED, Trouble.UNAUTHORISED), (Fault.NOT_FOUND, Trouble.NOT_FOUND)],
)
def test_an_answer_that_says_no_is_told_apart(simulator, fault, trouble):
    simulator.fault(0, fault)
    with watching(simulator.url(0)) as camera:
        camera.wait(lambda c: c.reader.link.troubles[trouble] >= 2)
        simulator.heal(0)
        camera.wait_for_frames(1)


def test_a_wrong_password_never_shows(recording):
    with Simulator([recording], cameras=1, user="anna", password="right") as simulator:
        with watching(simulator.url(0, password="s3cret")) as camera:
            change = camera.wait_for(LinkState.BACKING_OFF)
            assert change.trouble is Trouble.UNAUTHORISED
            assert "s3cret" not in change.message
        with watching(simulator.url(0)) as camera:
            camera.wait_for_frames(1)


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.END])
def test_an_end_is_a_failure_and_is_connected_again(simulator, fault):
    with watching(simulator.url(0)) as camera:
        camera.wait_for_frames(2)
        before = len(camera.changes)
        simulator.fault(0, fault)
        assert camera.wait_for(LinkState.BACKING_OFF, before).trouble is Trouble.ENDED
        camera.wait_for_frames(2)
    times = [f.elapsed_s for f in camera.frames]
    assert times == sorted(times)


def test_a_stall_is_noticed_and_ended_and_the_neighbour_notices_nothing(simulator):
    with watching(simulator.url(0)) as camera, watching(simulator.url(1)) as neighbour:
        camera.wait_for_frames(2)
        neighbour.wait_for_frames(2)
        simulator.fault(0, Fault.STALL, seconds=4.5)
        camera.wait_for(LinkState.STALLED)
        camera.wait_for_frames(2)
        assert len(camera.reader.link.troubles) >= 1 or camera.reader.link.state is LinkState.LIVE
        times = [f.elapsed_s for f in neighbour.frames]
        assert all(after - before < 1.5 for before, after in pairwise(times[1:]))
        assert neighbour.reader.link.troubles == {}


def test_a_trickle_is_given_up_and_its_thread_ends_in_time(simulator):
    with watching(simulator.url(0)) as camera:
        camera.wait_for_frames(2)
        simulator.fault(0, Fault.SLOW, 300)
        camera.wait(lambda c: c.reader.link.troubles[Trouble.STALL] + c.reader.link.troubles[Trouble.LATE])
        simulator.heal(0)
        camera.wait_for_frames(2)
        camera.wait(lambda c: c.reader.left_behind == 0, "nobody hangs")


def test_what_decodes_into_nothing_is_no_camera(simulator):
    with watching(simulator.url(0)) as camera:
        camera.wait_for_frames(1)
        simulator.fault(0, Fault.GARBAGE)
        camera.wait(lambda c: sum(c.reader.link.troubles.values()), "garbage is noticed")
        simulator.heal(0)
        camera.wait_for_frames(2)


def test_another_size_within_the_connection_is_learnt_by_a_new_one(simulator, tmp_path):
    large = street(tmp_path / "large.mp4", seconds=4, gop_s=1, size=(640, 384), things=[CAR])
    with watching(simulator.url(0)) as camera:
        camera.wait_for_frames(2)
        simulator.fault(0, Fault.RESOLUTION, str(large))
        camera.wait(lambda c: c.frames[-1].size == (640, 384))
        assert camera.reader.link.troubles == {Trouble.CHANGED: 1}
        assert all(len({p.data[:0] for p in g.packets}) for g in camera.recorder.groups)
        camera.wait_for_frames(2)
        assert camera.frames[-1].still.decode().shape == (384, 640, 3)


def test_another_codec_after_a_reconnect_is_another_piece(simulator, tmp_path):
    other = street(tmp_path / "other.mp4", seconds=4, gop_s=1, codec="libx265", things=[CAR])
    with watching(simulator.url(0)) as camera:
        camera.wait_for_frames(2)
        simulator.fault(0, Fault.CODEC, str(other))
        camera.wait(lambda c: c.reader.parameters.codec == "hevc")
        camera.wait_for_frames(3)
        now_s = camera.clock.now_s()
        span = camera.recorder.clip(now_s - 20, now_s, now_s)
        assert span is not None
        assert span.group.parameters.codec == "hevc"


@pytest.mark.parametrize("jump_s", [-7200.0, 7200.0])
def test_a_clock_that_jumps_costs_no_picture(simulator, jump_s):
    with watching(simulator.url(0)) as camera:
        camera.wait_for_frames(3)
        simulator.fault(0, Fault.CLOCK_JUMP, jump_s)
        camera.wait(lambda c: c.clock.jumps >= 1 or c.reader.link.troubles)
        camera.wait_for_frames(3)
        times = [f.elapsed_s for f in camera.frames]
        assert times == sorted(times)
        assert all(after - before < 4 for before, after in pairwise(times[1:]))


def test_the_ring_holds_what_was_asked_for_and_no_more(simulator):
    with watching(simulator.url(0)) as camera:
        camera.recorder.longest_s = 3.0
        camera.wait(lambda c: c.clock.now_s() > 7)
        groups = list(camera.recorder.groups)
        assert 3.0 <= groups[-1].end_s - groups[0].start_s <= 5.5


def test_stopped_it_ends_soon_and_says_so(simulator):
    with watching(simulator.url(0)) as camera:
        camera.wait_for_frames(1)
        begun = time.monotonic()
        camera.reader.stop()
        assert camera.reader.join(5.0)
        assert time.monotonic() - begun < 3
        assert camera.reader.link.state is LinkState.DISABLED

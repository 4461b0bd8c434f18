"""Each fault as a client sees it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from streams.simulator.faults import Fault
from streams.simulator.simulator import Simulator
from tests.scenery import Thing, street
from tests.streams.rtsp_client import Wire, camera_time, packets, pictures, seconds, watching

FPS = 10


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    car = Thing("red", (0.1, 0.5, 0.2, 0.7), moving=(0.3, 0.0))
    return street(tmp_path_factory.mktemp("clip") / "street.mp4", seconds=2, fps=FPS, gop_s=0.5, things=[car])


@pytest.fixture(scope="module")
def other_size(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("size") / "small.mp4", seconds=2, fps=FPS, gop_s=0.5, size=(160, 96))


@pytest.fixture(scope="module")
def other_codec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("codec") / "h265.mp4"
    return street(path, seconds=2, fps=FPS, gop_s=0.5, codec="libx265")


@pytest.fixture
def simulator(clip: Path) -> Iterator[Simulator]:
    with Simulator([clip], cameras=2) as running:
        yield running


def test_a_camera_that_is_cut_off_ends_and_can_be_reached_again(simulator: Simulator) -> None:
    with watching(simulator.url(0)) as container, watching(simulator.url(1)) as neighbour:
        packets(container, 3)
        simulator.fault(0, Fault.CUT)
        packets(container)
        assert simulator.clients(0) == 0
        assert len(packets(neighbour, 5)) == 5
    with watching(simulator.url(0)) as container:
        assert packets(container, 2)


@pytest.mark.parametrize(("kind", "how"), [(Fault.CUT, ConnectionResetError), (Fault.END, EOFError)])
def test_a_cut_resets_the_connection_and_an_end_closes_it(
    simulator: Simulator, kind: Fault, how: type[Exception]
) -> None:
    with Wire(simulator.url(0)) as wire:
        wire.play()
        wire.packet()
        simulator.fault(0, kind)
        with pytest.raises(how):
            wire.read_on()


def test_a_camera_that_is_down_breaks_off_whoever_asks_and_its_neighbours_go_on(simulator: Simulator) -> None:
    with watching(simulator.url(0)) as container:
        packets(container, 2)
        simulator.fault("cam001", Fault.DOWN)
        packets(container)
    with Wire(simulator.url(0)) as wire, pytest.raises(ConnectionResetError):
        wire.ask("OPTIONS")
    with watching(simulator.url(1)) as container:
        assert packets(container, 2)
    simulator.heal("cam001")
    with watching(simulator.url(0)) as container:
        assert packets(container, 2)


def test_a_camera_with_its_own_port_refuses_connections_while_it_is_down(clip: Path) -> None:
    with Simulator([clip], cameras=2, own_ports=True) as simulator:
        simulator.fault(1, Fault.DOWN)
        with pytest.raises(ConnectionRefusedError):
            av.open(simulator.url(1), options={"rtsp_transport": "tcp"})
        with watching(simulator.url(0)) as container:
            assert packets(container, 2)
        simulator.heal(1)
        with watching(simulator.url(1)) as container:
            assert packets(container, 2)
        with pytest.raises(av.error.HTTPNotFoundError):
            av.open(simulator.url(1).replace("cam002", "cam001"), options={"rtsp_transport": "tcp"})


@pytest.mark.parametrize(
    ("kind", "error"),
    [(Fault.UNAUTHORISED, av.error.HTTPUnauthorizedError), (Fault.NOT_FOUND, av.error.HTTPNotFoundError)],
)
def test_a_camera_can_refuse_who_it_should_know(clip: Path, kind: Fault, error: type[Exception]) -> None:
    with Simulator([clip], cameras=1, user="admin", password="secret") as simulator:
        simulator.fault(0, kind)
        with pytest.raises(error):
            av.open(simulator.url(0), options={"rtsp_transport": "tcp"})
        simulator.heal(0)
        with watching(simulator.url(0)) as container:
            assert packets(container, 2)


def test_a_stalled_camera_keeps_the_line_and_says_nothing(simulator: Simulator) -> None:
    with watching(simulator.url(0), timeout="300000") as container:
        packets(container, 2)
        simulator.fault(0, Fault.STALL)
        assert simulator.clients(0) == 1
        with pytest.raises(TimeoutError):
            packets(container)


def test_a_fault_ends_by_itself_and_the_stream_goes_on_with_a_key_frame(simulator: Simulator) -> None:
    with watching(simulator.url(0)) as container:
        packets(container, 2)
        simulator.fault(0, Fault.STALL, seconds=1.0)
        seen = packets(container, 12)
    gap = next(i for i in range(1, len(seen)) if seconds(seen[i]) - seconds(seen[i - 1]) > 0.7)
    assert seen[gap].is_keyframe
    assert 0.9 < seconds(seen[gap]) - seconds(seen[gap - 1]) < 1.8


def test_a_frozen_camera_sends_the_same_picture_with_time_going_on(simulator: Simulator) -> None:
    with watching(simulator.url(0)) as container:
        packets(container, 2)
        simulator.fault(0, Fault.FREEZE)
        frames = pictures(container, 16)[8:]
        times = [float(frame.time) for frame in frames]
        assert times == pytest.approx([times[0] + i / FPS for i in range(8)], abs=0.02)
        first = frames[0].to_ndarray(format="gray")
        assert all(np.array_equal(first, frame.to_ndarray(format="gray")) for frame in frames)
        simulator.heal(0)
        moved = pictures(container, 12)[-1].to_ndarray(format="gray")
    assert not np.array_equal(first, moved)


def test_garbage_arrives_in_good_packets_and_does_not_decode(simulator: Simulator) -> None:
    with watching(simulator.url(0)) as container:
        packets(container, 2)
        simulator.fault(0, Fault.GARBAGE)
        packets(container, 4)
        bad = 0
        for packet in packets(container, 15):
            assert packet.pts is not None
            try:
                bad += all(frame.is_corrupt for frame in packet.decode())
            except av.error.FFmpegError:
                bad += 1
    assert bad >= 10


def test_lost_packets_leave_gaps_in_the_sequence_numbers(simulator: Simulator) -> None:
    simulator.fault(0, Fault.LOSS, 0.3)
    with Wire(simulator.url(0)) as wire:
        wire.play()
        numbers: list[int] = []
        while len(numbers) < 60:
            channel, content = wire.packet()
            if channel == 0:
                numbers.append(int.from_bytes(content[2:4], "big"))
    sent = (numbers[-1] - numbers[0]) % 65536 + 1
    assert 0.5 < len(numbers) / sent < 0.9


def test_another_codec_ends_the_session_and_shows_in_the_next(simulator: Simulator, other_codec: Path) -> None:
    with watching(simulator.url(0)) as container:
        packets(container, 2)
        simulator.fault(0, Fault.CODEC, str(other_codec))
        packets(container)
    with watching(simulator.url(0)) as container:
        assert container.streams.video[0].codec_context.name == "hevc"
        assert pictures(container, 3)
        simulator.heal(0)
        packets(container)
    with watching(simulator.url(0)) as container:
        assert container.streams.video[0].codec_context.name == "h264"


def test_another_size_comes_within_the_running_session(simulator: Simulator, other_size: Path) -> None:
    with watching(simulator.url(0)) as container:
        frames = pictures(container, 3)
        simulator.fault(0, Fault.RESOLUTION, str(other_size))
        frames += pictures(container, 8)
        simulator.heal(0)
        frames += pictures(container, 8)
    sizes = [(frame.width, frame.height) for frame in frames]
    assert sizes[0] == sizes[-1] == (320, 192)
    assert (160, 96) in sizes
    assert not [frame for frame in frames if frame.is_corrupt]
    times = [float(frame.time) for frame in frames if frame.pts is not None]
    assert all(0 < b - a < 0.5 for a, b in pairwise(times))


def test_a_clock_that_jumps_takes_the_time_stamps_with_it_and_stays(simulator: Simulator) -> None:
    with watching(simulator.url(0)) as container:
        before = packets(container, 3)[-1]
        simulator.fault(0, Fault.CLOCK_JUMP, 100)
        simulator.heal(0)
        after = packets(container, 20)[-1]
        now = datetime.now(UTC)
    assert seconds(after) - seconds(before) == pytest.approx(100 + 20 / FPS, abs=0.2)
    at = camera_time(after)
    assert at is not None
    assert (at - now).total_seconds() == pytest.approx(100, abs=0.5)


def test_a_slow_line_lets_through_so_many_bytes_a_second(simulator: Simulator) -> None:
    with Wire(simulator.url(0)) as wire:
        wire.play()
        wire.packet()
        simulator.fault(0, Fault.SLOW, 20_000)
        wire.socket.settimeout(2)
        began_s, taken = time.monotonic(), 0
        while taken < 40_000:
            taken += len(wire.socket.recv(65536))
        took_s = time.monotonic() - began_s
    assert 1.0 < took_s < 3.5


def test_a_fault_with_a_wrong_value_says_what_is_allowed(simulator: Simulator, other_codec: Path) -> None:
    for kind, value, told in (
        (Fault.LOSS, 2, "from 0 to 1"),
        (Fault.SLOW, None, "bytes per second above 0"),
        (Fault.CLOCK_JUMP, "soon", "seconds from"),
        (Fault.STALL, 3, "takes no value"),
        (Fault.CODEC, None, "path of another recording"),
        (Fault.RESOLUTION, str(other_codec), r"is H265, cam001 sends H264"),
    ):
        with pytest.raises(ValueError, match=told):
            simulator.fault(0, kind, value)
    with pytest.raises(KeyError, match="no camera 'cam009'; there are cam001 to cam002"):
        simulator.fault("cam009", Fault.STALL)

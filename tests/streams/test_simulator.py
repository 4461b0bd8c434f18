"""Recordings as cameras: what FFmpeg, the client that the program itself uses, sees of them."""

import time
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import av
import pytest

from streams.opening import Unreadable
from streams.simulator.simulator import Simulator
from streams.simulator.track import load_track
from tests.odd_recordings import changing_resolution, starting_inside_a_group, with_b_frames, without_pts
from tests.scenery import street
from tests.streams.rtsp_client import Wire, camera_time, packets, pictures, seconds, watching

FPS, SECONDS = 10, 2.0


@pytest.fixture(scope="module")
def h264(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("h264") / "street.mp4", seconds=SECONDS, fps=FPS, gop_s=0.5)


@pytest.fixture(scope="module")
def h265(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("h265") / "street.mp4", seconds=SECONDS, fps=FPS, gop_s=0.5, codec="libx265")


def test_a_recording_is_served_as_so_many_cameras_and_its_pictures_arrive(h264: Path) -> None:
    with Simulator([h264], cameras=3) as simulator:
        assert simulator.names == ["cam001", "cam002", "cam003"]
        assert simulator.url(2) == simulator.url("cam003") == f"rtsp://127.0.0.1:{simulator.port}/cam003"
        for camera in simulator.names:
            with watching(simulator.url(camera)) as container:
                frames = pictures(container, 4)
                assert [(f.width, f.height) for f in frames] == [(320, 192)] * 4
                assert simulator.clients(camera) == 1


def test_h265_is_served_too(h265: Path) -> None:
    with Simulator([h265], cameras=1) as simulator, watching(simulator.url(0)) as container:
        assert container.streams.video[0].codec_context.name == "hevc"
        assert len(pictures(container, 8)) == 8


def test_cameras_take_the_recordings_in_turn(h264: Path, h265: Path) -> None:
    with Simulator([h264, h265], cameras=3) as simulator:
        codecs = []
        for camera in simulator.names:
            with watching(simulator.url(camera)) as container:
                codecs.append(container.streams.video[0].codec_context.name)
    assert codecs == ["h264", "hevc", "h264"]


def test_the_loop_goes_on_in_time_with_time_stamps_that_rise_and_every_picture_there(h264: Path) -> None:
    with Simulator([h264], cameras=1) as simulator, watching(simulator.url(0)) as container:
        began_s = time.monotonic()
        seen = packets(container, round(2.5 * SECONDS * FPS))[1:]
        took_s = time.monotonic() - began_s
    steps = [seconds(b) - seconds(a) for a, b in pairwise(seen)]
    assert steps == pytest.approx([1 / FPS] * len(steps), abs=1e-3)
    assert took_s == pytest.approx(2.5 * SECONDS, abs=1.0)
    keys = [i for i, packet in enumerate(seen) if packet.is_keyframe]
    assert {b - a for a, b in pairwise(keys)} == {5}


def test_what_decodes_is_what_was_recorded_over_the_end_of_the_loop(h265: Path) -> None:
    """Nothing is damaged where the recording begins again."""
    with Simulator([h265], cameras=1) as simulator, watching(simulator.url(0)) as container:
        frames = pictures(container, round(1.5 * SECONDS * FPS))
    assert not [frame for frame in frames if frame.is_corrupt]


def test_cameras_of_one_recording_do_not_send_their_key_frames_at_once(tmp_path: Path) -> None:
    path = street(tmp_path / "street.mp4", seconds=2, fps=5, gop_s=2)
    with Simulator([path], cameras=4) as simulator, ExitStack() as stack:
        wires = [stack.enter_context(Wire(simulator.url(camera))) for camera in simulator.names]
        for wire in wires:
            wire.play()
        starts = sorted(wire.first_picture_s() % 2 for wire in wires)
    assert min(b - a for a, b in pairwise(starts)) > 0.1


def test_without_a_loop_each_client_sees_the_recording_once_from_its_beginning(h264: Path) -> None:
    with Simulator([h264], cameras=1, loop=False) as simulator:
        for _ in range(2):
            with watching(simulator.url(0)) as container:
                assert len(packets(container)) == SECONDS * FPS
        assert simulator.clients(0) == 0


def test_two_clients_watch_one_camera(h264: Path) -> None:
    with (
        Simulator([h264], cameras=1) as simulator,
        watching(simulator.url(0)) as first,
        watching(simulator.url(0)) as second,
    ):
        assert len(packets(second, 6)) == len(packets(first, 6)) == 6
        assert simulator.clients(0) == 2


def test_the_cameras_clock_comes_with_every_picture(h264: Path) -> None:
    with Simulator([h264], cameras=2) as simulator:
        simulator.set_clock(1, -3600)
        for camera, offset_s in ((0, 0), (1, -3600)):
            with watching(simulator.url(camera)) as container:
                times = [at for packet in packets(container, 12) if (at := camera_time(packet)) is not None]
                now = datetime.now(UTC)
                assert len(times) == 12
                assert (times[-1] - now).total_seconds() == pytest.approx(offset_s, abs=0.5)
                assert container.start_time_realtime is not None


def test_a_camera_without_a_clock_tells_none(h264: Path) -> None:
    with Simulator([h264], cameras=1, rtcp=False) as simulator, watching(simulator.url(0)) as container:
        assert {camera_time(packet) for packet in packets(container, 8)} == {None}


@pytest.mark.parametrize(("user", "password"), [("admin", "p@ss:/word"), ("操作员", "密码")])
def test_who_has_the_password_sees_the_camera(h264: Path, user: str, password: str) -> None:
    with Simulator([h264], cameras=1, user=user, password=password) as simulator:
        with watching(simulator.url(0)) as container:
            assert packets(container, 2)
        for wrong in (simulator.url(0, user, "wrong"), simulator.url(0, "other", password), simulator.url(0, "", "")):
            with pytest.raises(av.error.HTTPUnauthorizedError):
                av.open(wrong, options={"rtsp_transport": "tcp"})


@pytest.mark.parametrize("make", [with_b_frames, without_pts, starting_inside_a_group])
def test_odd_recordings_are_served_from_their_first_key_frame(make, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = make(tmp_path / "odd.mkv", seconds=2, fps=FPS, gop_s=1)
    with Simulator([path], cameras=1, loop=False) as simulator, watching(simulator.url(0)) as container:
        frames = list(container.decode(video=0))
    assert not [frame for frame in frames if frame.is_corrupt]
    assert 9 <= len(frames) <= 20


def test_a_recording_that_changes_its_size_carries_the_parameter_sets_of_each(tmp_path: Path) -> None:
    path = changing_resolution(tmp_path / "change.ts", seconds=1)
    with Simulator([path], cameras=1, loop=False) as simulator, watching(simulator.url(0)) as container:
        sizes = {(frame.width, frame.height) for frame in container.decode(video=0)}
    assert sizes == {(320, 192), (640, 384)}


def test_a_recording_of_another_codec_is_refused_by_name_and_codec(tmp_path: Path) -> None:
    path = street(tmp_path / "old.avi", seconds=1, codec="mpeg4")
    with pytest.raises(Unreadable, match=r"old\.avi: its codec is mpeg4; the simulator serves H\.264 and H\.265"):
        Simulator([path], cameras=1)
    with pytest.raises(Unreadable, match=r"missing\.mp4: no such file"):
        Simulator([tmp_path / "missing.mp4"], cameras=1)


def test_a_recording_is_packetised_once_for_all_its_cameras(h264: Path) -> None:
    track = load_track(h264)
    assert len(track.pictures) == SECONDS * FPS
    assert track.duration == SECONDS * 90_000
    assert [p.keyframe for p in track.pictures[:6]] == [True, False, False, False, False, True]


def test_a_port_that_is_taken_is_an_error_at_the_start(h264: Path) -> None:
    with Simulator([h264], cameras=1) as simulator:
        other = Simulator([h264], cameras=1, port=simulator.port)
        with pytest.raises(OSError, match="in use"):
            other.start()
        other.stop()


def test_it_ends_with_clients_connected_and_can_be_ended_twice(h264: Path) -> None:
    simulator = Simulator([h264], cameras=2)
    simulator.start()
    with watching(simulator.url(0)) as container:
        packets(container, 2)
        simulator.stop()
        simulator.stop()
        packets(container)
    with pytest.raises(ConnectionRefusedError):
        av.open(f"rtsp://127.0.0.1:{simulator.port}/cam001", options={"rtsp_transport": "tcp"})

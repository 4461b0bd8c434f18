"""Live cameras that are no RTSP cameras, in good and bad times, from real sockets.

Most of the time is waiting: each test takes all its servers at once, a thread each.
"""

from itertools import pairwise, product
from pathlib import Path

import av
import pytest

from streams.clip import write_clip
from streams.frame import Clock
from streams.link import LinkState, Trouble
from tests.streams.live_camera import Watched
from tests.streams.live_sources import LARGE, SMALL, SOURCES, Clips, served, side_by_side


def assert_plays(camera: Watched, folder: Path, size: tuple[int, int]) -> None:
    """A clip of the newest pictures: the packets' framing and the codec parameters fit."""
    folder.mkdir()
    now_s = camera.recorder.newest_s
    span = camera.recorder.clip(now_s - 1.0, now_s, now_s)
    assert span is not None
    clip = write_clip(span, folder)
    assert clip.suffix == ".mp4"
    with av.open(str(clip)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == len(span.packets)
    assert not any(f.is_corrupt for f in frames)
    assert {(f.width, f.height) for f in frames} == {size}
    assert all(0.0 < b.time - a.time < 0.4 for a, b in pairwise(frames))
    assert frames[-1].time > 0.8


def test_each_opens_soon_its_pictures_rise_and_its_clip_plays(live_clips: Clips, tmp_path: Path) -> None:
    def check(source: str) -> None:
        with served(source, live_clips) as (_, camera):
            camera.wait_for(LinkState.LIVE)
            connecting, live = camera.changes[:2]
            assert live.at_s - connecting.at_s < 2.0
            apart_s = 0.1 if source == "mjpeg" else 0.5
            camera.wait_for_frames(20 if source == "mjpeg" else 7)
            times = [f.elapsed_s for f in camera.frames]
            assert all(a < b for a, b in pairwise(times))
            steady = times[4:]  # what came before FFmpeg knew the format comes at once
            assert all(b - a == pytest.approx(apart_s, abs=0.15) for a, b in pairwise(steady))
            assert abs(camera.clock.now_s() - times[-1]) < 1.0
            assert camera.frames[-1].clock is Clock.ARRIVAL
            assert camera.frames[-1].still.decode().shape == (192, 320, 3)
            assert_plays(camera, tmp_path / source, SMALL)
            assert camera.reader.link.troubles == {}

    side_by_side(check, [(source,) for source in SOURCES])


def test_an_end_and_a_cut_are_noticed_at_once_and_connected_again(live_clips: Clips) -> None:
    def check(source: str, cut: bool) -> None:
        with served(source, live_clips) as (server, camera):
            camera.wait_for_frames(2)
            begun_s = camera.clock.clock()
            server.cut() if cut else server.playing.end()
            change = camera.wait_for(LinkState.BACKING_OFF)
            assert change.trouble is Trouble.ENDED
            assert change.at_s - begun_s < 1.0
            camera.wait_for_frames(2)
            times = [f.elapsed_s for f in camera.frames]
            assert times == sorted(times)

    side_by_side(check, product(["rtmp", "flv", "ts", "mjpeg"], [False, True]))


def test_hls_that_ends_or_is_taken_away_is_looked_for_again(live_clips: Clips) -> None:
    def check(ended: bool) -> None:
        with served("hls", live_clips) as (server, camera):
            camera.wait_for_frames(2)
            if ended:
                server.playing.end()
            else:
                server.status = 404
            assert camera.wait_for(LinkState.BACKING_OFF).trouble is Trouble.ENDED
            if ended:
                server.on_air()
            else:
                camera.wait(lambda c: c.reader.link.troubles[Trouble.NOT_FOUND] >= 1)
                server.status = 200
            camera.wait_for_frames(2)

    side_by_side(check, [(True,), (False,)])


def test_silence_on_an_open_connection_is_noticed_ended_and_got_over(live_clips: Clips) -> None:
    def check(source: str) -> None:
        with served(source, live_clips) as (server, camera):
            camera.wait_for_frames(1)
            server.playing.stall()
            begun_s = camera.clock.clock()
            # What HLS has in store is shown first.
            assert camera.wait_for_another(LinkState.LIVE).at_s - begun_s < (4.0 if "hls" in source else 2.0)
            ended = camera.wait_for(LinkState.BACKING_OFF)
            assert ended.trouble in (Trouble.TIMEOUT, Trouble.STALL, Trouble.ENDED)
            server.playing.heal()
            camera.wait_for_frames(1)
            camera.wait(lambda c: c.reader.left_behind == 0, "nobody hangs")

    side_by_side(check, [(source,) for source in SOURCES])


def test_another_size_within_the_connection_is_learnt(live_clips: Clips, tmp_path: Path) -> None:
    def check(source: str) -> None:
        with served(source, live_clips) as (server, camera):
            camera.wait_for_frames(2)
            server.playing.recording = live_clips["large.avi" if source == "mjpeg" else "large.mp4"]
            camera.wait(lambda c: c.frames[-1].size == LARGE)
            assert camera.reader.link.troubles == {Trouble.CHANGED: 1}
            begun_s = camera.frames[-1].elapsed_s
            camera.wait(lambda c: c.recorder.newest_s > begun_s + 1.6)
            assert_plays(camera, tmp_path / source, LARGE)

    side_by_side(check, [("rtmp",), ("flv",), ("ts",), ("mjpeg",), ("udp",)])


def test_codec_parameters_said_again_are_no_change(live_clips: Clips) -> None:
    with served("flv", live_clips) as (_, camera):
        camera.wait(lambda c: c.clock.now_s() > 4.0)  # the recording of three seconds began again
        assert camera.reader.link.troubles == {}


def test_a_video_that_stops_while_its_sound_goes_on_is_a_stall_and_leaves_nobody_behind(live_clips: Clips) -> None:
    with served("flv", live_clips | {"clip.mp4": live_clips["sound.mp4"]}) as (server, camera):
        camera.wait_for_frames(1)
        server.playing.mute = True
        camera.wait(lambda c: c.reader.link.troubles[Trouble.STALL])
        camera.wait(lambda c: c.reader.left_behind == 0, "nobody hangs")
        server.playing.heal()
        camera.wait_for_frames(1)

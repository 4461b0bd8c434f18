"""The ring keeps what clips may need and forgets the rest."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.recorder import Recorder
from tests import odd_recordings as odd
from tests.streams.test_reader import B_FRAMES
from tests.streams.wall_clock import cut, watch

Make = Callable[..., Path]


@pytest.fixture
def ring(clock_street: Make) -> Recorder:
    """Ten seconds in groups of two."""
    recorder = Recorder()
    watch(clock_street("c.mp4", seconds=10), "keyframe", recorder=recorder)
    return recorder


def test_an_empty_ring_has_nothing() -> None:
    recorder = Recorder()
    assert (recorder.newest_s, recorder.size_bytes) == (float("-inf"), 0)
    assert recorder.clip(0, 10, 5) is None
    recorder.release(10)


def test_release_forgets_whole_groups_that_lie_before(ring: Recorder) -> None:
    before = ring.size_bytes
    ring.release(5.9)
    assert [g.start_s for g in ring.groups] == [4, 6, 8]
    assert ring.size_bytes < before
    ring.release(1e9)
    assert [g.start_s for g in ring.groups] == [8]  # the newest group is still growing
    assert ring.newest_s == pytest.approx(9.9)


def test_a_clip_starts_with_the_key_frame_at_or_before_its_start(ring: Recorder) -> None:
    span = ring.clip(3.3, 7.05, 5)
    assert span is not None
    assert span.packets[0].keyframe
    assert span.start_s == 2
    assert span.end_s == pytest.approx(7.1)
    exactly = ring.clip(4, 6, 5)
    assert exactly is not None
    assert exactly.start_s == 4
    assert exactly.end_s == pytest.approx(6.1)


def test_a_clip_outlives_the_release_of_its_packets(ring: Recorder) -> None:
    span = ring.clip(2, 4, 3)
    ring.release(1e9)
    assert span is not None
    assert len(span.packets) == 21


def test_a_clip_of_what_was_released_is_none(ring: Recorder) -> None:
    ring.release(8)
    assert ring.clip(0, 5, 3) is None
    part = ring.clip(0, 9, 5)
    assert part is not None
    assert part.start_s == 8


def test_a_clip_with_b_frames_has_all_that_its_pictures_refer_to(clock_street: Make) -> None:
    recorder = Recorder()
    watch(clock_street("c.mp4", encoder=B_FRAMES), "keyframe", recorder=recorder)
    span = recorder.clip(2, 3, 3)
    assert span is not None
    shown = sorted(round(p.elapsed_s, 3) for p in span.packets)
    assert shown[:11] == [round(2 + i / 10, 3) for i in range(11)]


def test_a_clip_runs_over_the_ends_of_files_of_one_codec(clock_street: Make) -> None:
    recorder = Recorder()
    watch(cut(clock_street("c.mp4"), 3, "mp4", reset=True), "keyframe", recorder=recorder)
    span = recorder.clip(1, 5, 3)
    assert span is not None
    assert span.start_s == 0
    assert span.end_s == pytest.approx(5.1, abs=0.002)


@pytest.mark.parametrize(("anchor_s", "codec", "start_s"), [(5.5, "h264", 4), (6.5, "hevc", 6)])
def test_a_clip_over_a_change_of_codec_is_the_piece_around_its_moment(
    clock_street: Make, anchor_s: float, codec: str, start_s: float
) -> None:
    recorder = Recorder()
    watch([clock_street("c.mp4"), clock_street("c.mp4", codec="libx265")], "keyframe", recorder=recorder)
    span = recorder.clip(5, 8, anchor_s)
    assert span is not None
    assert span.group.parameters.codec == codec
    assert span.start_s == pytest.approx(start_s)
    assert {g.parameters.codec for g in recorder.groups} == {"h264", "hevc"}


def test_a_clip_does_not_begin_inside_a_group_if_it_can_begin_with_a_key_frame(clock_street: Make) -> None:
    recorder = Recorder()
    watch(clock_street("inside.ts", writer=odd.starting_inside_a_group, lost=7), "keyframe", recorder=recorder)
    span = recorder.clip(0, 4, 2)
    assert span is not None
    assert span.packets[0].keyframe
    assert span.start_s == pytest.approx(1.3)


def test_a_stream_without_key_frames_is_kept_in_pieces_of_a_minute(clock_street: Make) -> None:
    recorder = Recorder()
    path = clock_street("refresh.mp4", seconds=130, fps=2, writer=odd.intra_refresh, recovery_points=True)
    for frame in watch(path, "auto", recorder=recorder):
        recorder.release(frame.elapsed_s - 30)
    assert [round(g.start_s) for g in recorder.groups] == [60, 120]

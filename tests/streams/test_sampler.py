"""Which pictures are looked at: the command line's words for it."""

import json

import pytest

from streams.crops import Cropper, InputShape
from streams.reader import RecordingReader
from streams.recorder import Recorder
from streams.sampler import All, Auto, Every, KeyFrames, make_sampler
from streams.source import Recording, Segment


def test_the_policies_have_names() -> None:
    assert isinstance(make_sampler("auto"), Auto)
    assert isinstance(make_sampler("keyframe"), KeyFrames)
    assert isinstance(make_sampler("all"), All)
    assert make_sampler("2.5") == Every(2.5)


@pytest.mark.parametrize("wrong", ["", "often", "0", "-1", "nan", "inf", "0.001", "1e9", "2s"])
def test_other_words_are_answered_with_what_is_allowed(wrong: str) -> None:
    with pytest.raises(ValueError, match="allowed are auto, keyframe, all, or seconds") as problem:
        make_sampler(wrong)
    assert f"--every {wrong}:" in str(problem.value)


@pytest.mark.parametrize("every", ["auto", "keyframe", "all", "3"])
def test_a_policys_state_survives_being_written_down(every: str) -> None:
    before, after = make_sampler(every), make_sampler(every)
    after.restore(json.loads(json.dumps(before.state())))
    assert after.state() == before.state()


@pytest.mark.parametrize("gop_s", [1.0, 2.0, 5.0])
def test_a_live_camera_is_asked_for_key_frames_where_they_come_often_enough(clock_street, gop_s):
    recording = Recording("c", "home", (Segment(str(clock_street("c.mp4", seconds=20, gop_s=gop_s))),))
    cropper = Cropper(InputShape(((320, 192),)))
    reader = RecordingReader(recording, make_sampler("4", live=True), cropper, Recorder())
    frames = list(reader.frames())
    assert [round(f.elapsed_s) for f in frames] == [0, 4, 8, 12, 16]
    keys = [f.still.group.packets[f.still.index].keyframe for f in frames[1:]]
    assert all(keys) if gop_s <= 2 else not any(keys)

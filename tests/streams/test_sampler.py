"""Which pictures are looked at: the command line's words for it."""

import json

import pytest

from streams.sampler import All, Auto, Every, KeyFrames, make_sampler


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

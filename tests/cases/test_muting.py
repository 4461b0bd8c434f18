"""A camera is believed until most of what it says is rejected, and believed again when that changes."""

from cases.muting import FEWEST, NEWEST, muted


def said(camera: str, verdicts: list[bool], key: str = "overflowing_bin") -> list[tuple[str, str, bool]]:
    return [(camera, key, rejected) for rejected in verdicts]


def test_a_camera_with_nine_of_ten_rejected_is_muted_for_that_type_only():
    (one,) = muted(said("gate", [True] * 27 + [False] * 3) + said("gate", [False] * 30, "street_drying"))
    assert (one.camera_id, one.key, one.rejected, one.decided) == ("gate", "overflowing_bin", 27, 30)
    assert "27 of the last 30 decided overflowing_bin were rejected" in str(one)


def test_a_few_rejections_mute_nobody():
    assert not muted(said("gate", [True] * (FEWEST - 1)))


def test_half_of_them_right_mutes_nobody():
    assert not muted(said("gate", [True, False] * 20))


def test_only_the_newest_decisions_count():
    assert not muted(said("gate", [True] * 500 + [False] * NEWEST))
    assert muted(said("gate", [False] * 500 + [True] * NEWEST))

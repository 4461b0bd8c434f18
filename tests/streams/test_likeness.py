"""Two files that look out of the same window."""

from itertools import pairwise
from pathlib import Path

import pytest

from streams.likeness import PICTURES, SAME_VIEW, _alike, _view, same_view
from tests import odd_recordings as odd
from tests.scenery import Thing, street
from tests.streams.wall_clock import cut


def test_the_same_street_with_other_traffic_is_the_same_view(tmp_path: Path) -> None:
    bus = Thing("red", (-0.3, 0.3, 0.1, 0.7), moving=(0.3, 0))
    van = Thing("blue", (0.9, 0.4, 1.2, 0.8), moving=(-0.3, 0))
    one = street(tmp_path / "one.mp4", seconds=4, things=[bus])
    two = street(tmp_path / "two.mp4", seconds=4, things=[van])
    assert same_view(str(one), str(two))


def test_another_street_and_another_size_are_not(tmp_path: Path) -> None:
    here = street(tmp_path / "here.mp4", seconds=2)
    assert not same_view(str(here), str(street(tmp_path / "there.mp4", seconds=2, noise_seed=3)))
    assert not same_view(str(here), str(street(tmp_path / "small.mp4", seconds=2, size=(160, 96))))


def test_what_cannot_be_read_is_like_nothing(tmp_path: Path) -> None:
    here = str(street(tmp_path / "here.mp4", seconds=1))
    for bad in (odd.text(tmp_path / "t.mp4"), odd.zero_bytes(tmp_path / "z.mp4"), tmp_path / "gone.mp4"):
        assert not same_view(here, str(bad))
        assert not same_view(str(bad), here)


@pytest.mark.shared
def test_the_stated_figures_hold_for_the_real_clips(shared: Path, tmp_path: Path) -> None:
    videos = sorted((shared / "data" / "videos").iterdir())
    views = [_view(str(v), PICTURES) for v in videos]
    for i, a in enumerate(views):
        for b in views[i + 1 :]:
            assert a is not None
            assert b is not None
            assert float((a[1] * b[1]).sum()) <= 0.28
    for name in ("ckuhn_traffic.mp4", "intel_car-detection.mp4", "roadtrack_sample.mp4"):
        copy = tmp_path / name
        copy.write_bytes((shared / "data" / "videos" / name).read_bytes())
        pieces = [_view(str(p), PICTURES) for p in cut(copy, 4, "mp4", reset=True)]
        assert all(_alike(a, b) for a, b in pairwise(pieces))
    assert SAME_VIEW == 0.5

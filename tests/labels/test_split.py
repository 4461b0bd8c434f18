"""Sets split and merged by what their pictures show."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.datasets.groups import groups
from labels.datasets.likeness import straddling
from labels.datasets.merge import merge
from labels.datasets.records import Box, LabelsError, Picture
from labels.datasets.split import split
from tests.labels.street_pictures import BIN, labelled, set_of


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Picture, ...]:
    """120 pictures numbered along a walk; the last shows the same as the first."""
    folder = tmp_path_factory.mktemp("walk")
    return tuple(labelled(folder / f"w{n:04d}.png", 0 if n == 119 else n, BIN) for n in range(120))


@given(seed=st.integers(0, 10_000), share=st.floats(0.15, 0.5))
@settings(max_examples=15)
def test_neighbours_and_near_duplicates_never_straddle(walk: tuple[Picture, ...], seed: int, share: float) -> None:
    parts = split(set_of(*walk), share, seed, block=8, guard=3)
    train, test = ({int(p.path.stem[1:]) for p in part.pictures} for part in (parts.train, parts.test))
    out = {int(p.path.stem[1:]) for p in parts.left_out}
    assert len(train) + len(test) + len(out) == 120
    assert min(abs(a - b) for a in train for b in test) > 3
    assert not straddling([p.path for p in parts.train.pictures], [p.path for p in parts.test.pictures])
    assert share * 0.5 <= len(test) / 120 <= share * 1.1


def test_the_same_seed_gives_the_same_split(walk: tuple[Picture, ...]) -> None:
    assert split(set_of(*walk), 0.2, 7, block=8) == split(set_of(*walk), 0.2, 7, block=8)


def test_a_given_scene_stays_whole(tmp_path: Path) -> None:
    seen = [
        labelled(tmp_path / f"{name}.png", seed, BIN, place=name[0]) for seed, name in enumerate(["ax", "bx", "ay"])
    ]
    assert groups(seen) == [[0, 2], [1]]


def test_numbers_of_different_series_are_no_neighbours(tmp_path: Path) -> None:
    seen = [labelled(tmp_path / f"{name}.png", seed, BIN) for seed, name in enumerate(["a/01", "b/01", "c_01", "d"])]
    assert len(groups(seen)) == 4


def test_a_set_of_one_place_cannot_be_split(tmp_path: Path) -> None:
    one = [labelled(tmp_path / f"{n}.png", n, BIN) for n in range(6)]
    with pytest.raises(LabelsError, match="6 pictures are 1 groups of one place, the largest of 6"):
        split(set_of(*one), 0.2, 0)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_share_that_leaves_a_part_empty_is_refused(share: float) -> None:
    with pytest.raises(LabelsError, match="between 0 and 1"):
        split(set_of(), share, 0)


def test_of_two_pictures_of_one_scene_the_better_labelled_stays(tmp_path: Path) -> None:
    poor = set_of(labelled(tmp_path / "a.png", 1, BIN), labelled(tmp_path / "b.png", 2, BIN), name="poor")
    rich = set_of(labelled(tmp_path / "c.png", 1, BIN, Box("person", (0, 0, 0.1, 0.1))), name="rich")
    merged, dropped = merge([poor, rich], "both")
    assert [p.path.name for p in merged.pictures] == ["b.png", "c.png"]
    assert (merged.classes, merged.licence, dropped) == (("bin", "person"), "CC0", 1)


def test_a_merged_set_has_a_licence_only_if_each_part_has_one(tmp_path: Path) -> None:
    ours = set_of(labelled(tmp_path / "a.png", 1, BIN), name="ours", licence="MIT")
    found = set_of(labelled(tmp_path / "b.png", 2, BIN), name="found", licence=None)
    assert merge([ours, found], "both")[0].licence is None


def test_clashing_names_are_refused(tmp_path: Path) -> None:
    one = set_of(labelled(tmp_path / "x" / "a.png", 1, BIN), name="one")
    two = set_of(labelled(tmp_path / "y" / "a.png", 2, BIN), name="two")
    with pytest.raises(LabelsError, match="two pictures of one name"):
        merge([one, two], "both")
    with pytest.raises(LabelsError, match="one: two of the sets to merge have this name"):
        merge([one, one], "both")

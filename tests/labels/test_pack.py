"""Picture sets travel: smaller, the same labels, the same archive every time, never more than asked for."""

import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from labels.datasets.load import load_set
from labels.datasets.pack import pack
from labels.datasets.records import LabelsError

SOURCE = "garbage_overflow_cn"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A set of one big WebP, a small JPEG and a PNG, with labels."""
    folder = tmp_path / "data" / SOURCE / "train"
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, (width, height) in {"a.webp": (900, 600), "b.jpg": (320, 200), "c.png": (700, 700)}.items():
        coarse = rng.integers(0, 255, (height // 20, width // 20, 3), np.uint8)
        cv2.imwrite(str(folder / "images" / name), cv2.resize(coarse, (width, height)))
        (folder / "labels" / f"{name[0]}.txt").write_text("1 0.5 0.5 0.2 0.3\n", encoding="utf-8")
    return tmp_path / "data"


def test_what_is_unpacked_says_the_same_with_smaller_pictures(data: Path, tmp_path: Path) -> None:
    packed = pack(data, [SOURCE], tmp_path / "sets.tar", longest_px=640)
    assert packed.pictures == 3
    assert packed.size == (tmp_path / "sets.tar").stat().st_size
    with tarfile.open(tmp_path / "sets.tar") as archive:
        archive.extractall(tmp_path / "there", filter="data")
    before, after = (load_set(SOURCE, folder / SOURCE / "train") for folder in (data, tmp_path / "there"))
    assert [p.boxes for p in after.pictures] == [p.boxes for p in before.pictures]
    assert {p.path.name: p.size for p in after.pictures} == {
        "a.webp": (640, 427),
        "b.jpg": (320, 200),
        "c.png": (640, 640),
    }


def test_the_same_sets_give_the_same_archive(data: Path, tmp_path: Path) -> None:
    for name in ("one.tar", "two.tar"):
        pack(data, [SOURCE], tmp_path / name)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_the_quality_falls_until_it_fits(data: Path, tmp_path: Path) -> None:
    best = pack(data, [SOURCE], tmp_path / "best.tar")
    (data / SOURCE / "train/images/c.png").unlink()  # which has no quality
    without = pack(data, [SOURCE], tmp_path / "without.tar")
    less = pack(data, [SOURCE], tmp_path / "less.tar", most=without.size - 1)
    assert best.quality == without.quality == 85
    assert less.quality < 85
    assert less.size < without.size


def test_what_cannot_be_packed_is_told_and_leaves_nothing(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "sets.tar"
    with pytest.raises(LabelsError, match=r"3 pictures of at most 640 pixels take more than 0.001 MB"):
        pack(data, [SOURCE], out, most=1000)
    with pytest.raises(LabelsError, match="gone: there is no such set"):
        pack(data, ["gone"], out)
    (data / SOURCE / "train/images/a.webp").write_bytes(b"no picture")
    with pytest.raises(LabelsError, match=r"a.webp: it cannot be read as a picture"):
        pack(data, [SOURCE], out)
    assert list(tmp_path.glob("sets.tar*")) == []

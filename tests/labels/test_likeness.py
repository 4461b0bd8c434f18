"""Near-duplicates: the same scene again, whatever was done to the file."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from labels.datasets.likeness import NEAR, hashes, near, straddling
from labels.datasets.records import LabelsError


def scene(seed: int) -> np.ndarray:
    """Smooth shapes, as streets have them: noise of few cycles."""
    rough = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), np.uint8)
    return cv2.resize(rough, (320, 240), interpolation=cv2.INTER_CUBIC)


def kept(folder: Path, name: str, picture: np.ndarray) -> Path:
    path = folder / name
    cv2.imwrite(str(path), picture)
    return path


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda p: p, id="the same"),
        pytest.param(lambda p: cv2.resize(p, (150, 113), interpolation=cv2.INTER_AREA), id="smaller"),
        pytest.param(lambda p: p[:, ::-1], id="mirrored"),
        pytest.param(lambda p: (p * 0.7).astype(np.uint8), id="darker"),
        pytest.param(lambda p: cv2.GaussianBlur(p, (0, 0), 2), id="blurred"),
        pytest.param(lambda p: cv2.imdecode(cv2.imencode(".jpg", p, [1, 15])[1], 1), id="compressed"),
    ],
)
def test_a_scene_is_known_again(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    for seed in range(5):
        train = kept(tmp_path, f"a{seed}.png", scene(seed))
        test = kept(tmp_path, f"b{seed}.png", change(scene(seed)))
        assert [(a, b) for a, b, _ in straddling([train], [test])] == [(train, test)]


def test_different_scenes_are_strangers(tmp_path: Path) -> None:
    both = hashes(kept(tmp_path, f"{seed}.png", scene(seed)) for seed in range(30))
    assert [pair for pair in near(both, both, NEAR) if pair[0] != pair[1]] == []


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("none", encoding="utf-8")
    with pytest.raises(LabelsError, match=r"notes\.png: it cannot be read"):
        hashes([path])

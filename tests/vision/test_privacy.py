"""What leaves shows no head and no plate, in pictures and in every picture of a clip."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from models.card import ModelCard
from models.detector import load_detector
from service.picture_detector import PictureDetector
from tests.scenery import Thing, street
from vision.privacy import BLOCKS, Hide, covered, regions, share_clip, share_picture

HIDE = Hide(frozenset({1}), frozenset({0}))


def noise(height: int = 200, width: int = 300) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)


def test_a_persons_head_and_a_vehicles_lower_part_are_hidden() -> None:
    rows = np.array(
        [[100, 50, 140, 150, 0.9, 1], [10, 20, 90, 80, 0.15, 0], [0, 0, 300, 200, 0.05, 0], [0, 0, 9, 9, 0.9, 2]]
    )
    head, plate = regions(rows, HIDE).tolist()
    assert head == [90, 40, 150, 85]
    assert plate == [10, 41, 90, 83]


def test_what_is_hidden_is_a_few_averages_and_nothing_else_changes() -> None:
    picture = noise()
    boxes = np.array([[50.0, 60.0, 110.0, 100.0], [280.0, 180.0, 400.0, 260.0], [-5.0, -5.0, 0.0, 0.0]])
    shown = covered(picture, boxes)
    part = shown[60:100, 50:110]
    assert len(np.unique(part.reshape(-1, 3), axis=0)) <= BLOCKS * BLOCKS
    assert len(np.unique(shown[180:, 280:].reshape(-1, 3), axis=0)) <= BLOCKS * BLOCKS
    outside = np.ones(picture.shape[:2], bool)
    outside[60:100, 50:110] = outside[180:, 280:] = False
    assert np.array_equal(shown[outside], picture[outside])


def test_a_model_that_knows_no_persons_hides_nothing_and_is_refused() -> None:
    with pytest.raises(ValueError, match="persons and motor vehicles"):
        Hide.of(["motor_vehicle_parking", "overflowing_bin"])


@pytest.fixture
def find(toy_model: Path) -> tuple[PictureDetector, Hide]:
    detector = load_detector(toy_model)
    card: ModelCard = detector.card
    return PictureDetector(detector), Hide.of(card.keys)


def test_a_shared_picture_has_no_head_and_no_metadata(find: tuple[PictureDetector, Hide], tmp_path: Path) -> None:
    picture = np.full((360, 640, 3), 118, np.uint8)
    picture[100:260, 200:260] = (255, 0, 255)  # RGB: a person to the toy model
    picture[105:115, 205:255] = (255, 0, 200)  # and the face
    source, target = tmp_path / "a.png", tmp_path / "b.jpg"
    cv2.imwrite(str(source), picture[:, :, ::-1])
    share_picture(source, target, *find)
    shown = cv2.imread(str(target))[:, :, ::-1]
    assert shown.shape == picture.shape
    before, after = picture[100:150, 200:260].astype(int), shown[100:150, 200:260].astype(int)
    assert np.abs(after - before).mean() > 5
    assert np.abs(shown[300:, :].astype(int) - 118).max() < 8
    assert b"Exif" not in target.read_bytes()
    source.write_bytes(b"nothing")
    with pytest.raises(OSError, match="no picture"):
        share_picture(source, target, *find)


def test_a_shared_clip_hides_what_moves_in_every_picture(find: tuple[PictureDetector, Hide], tmp_path: Path) -> None:
    walker = Thing("magenta", (0.1, 0.3, 0.2, 0.8), 0, 4, (0.15, 0.0))
    eye = Thing("black", (0.145, 0.36, 0.16, 0.385), 0, 4, (0.15, 0.0))
    source, target = street(tmp_path / "a.mp4", seconds=4, gop_s=1, things=[walker, eye]), tmp_path / "b.mp4"
    share_clip(source, target, *find)
    with av.open(str(target)) as container:
        assert not container.streams.audio
        pictures = [(f.time, f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]
    with av.open(str(source)) as container:
        originals = {round(f.time, 2): f.to_ndarray(format="rgb24") for f in container.decode(video=0)}
    assert pictures[-1][0] == pytest.approx(max(originals), abs=0.2)

    def darkest(picture: np.ndarray, at: float) -> int:
        """Of the face, in red: magenta has all of it, an eye none."""
        height, width = picture.shape[:2]
        left = round((0.115 + 0.15 * at) * width)
        return int(picture[round(0.32 * height) : round(0.42 * height), left : left + round(0.07 * width), 0].min())

    for at, shown in pictures:
        assert darkest(originals[round(at, 2)], at) < 60
        assert darkest(shown, at) > 120, f"at {at:.2f} s the walker's eye is to be seen"

"""What leaves shows no head and no plate, in pictures and in every picture of a clip."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from models.card import ModelCard
from models.detector import load_detector
from service.picture_detector import PictureDetector
from tests.scenery import Thing, street
from vision.privacy import BLOCKS, Hide, covered, regions, share_picture
from vision.private_clips import share_clip

HIDE = Hide(frozenset({1}), frozenset({0}), frozenset({3}))


def noise(height: int = 200, width: int = 300) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)


def test_a_persons_head_and_a_vehicles_lower_part_are_hidden() -> None:
    rows = np.array(
        [[100, 50, 140, 150, 0.9, 1], [10, 20, 90, 80, 0.15, 0], [0, 0, 300, 200, 0.05, 0], [0, 0, 9, 9, 0.9, 2]]
    )
    head, plate = regions(rows, HIDE, (300, 200)).tolist()
    assert head == [90, 40, 150, 85]
    assert plate == [10, 41, 90, 83]


def test_the_plate_of_a_parked_e_bike_is_hidden_higher_up() -> None:
    assert regions(np.array([[10, 20, 70, 60, 0.2, 3]]), HIDE, (300, 200)).tolist() == [[10, 30, 70, 62]]
    assert Hide.of(["non_motor_parking", "person", "motor_vehicle_parking"]).bicycles == {0}


@pytest.mark.parametrize(
    ("box", "whole"),
    [
        ((100, 50, 140, 150), False),  # walks
        ((100, 50, 180, 150), True),  # head and shoulders behind a wall
        ((100, 1, 140, 150), True),  # cut by the picture's top
        ((2, 50, 30, 150), True),  # by its left side
        ((270, 50, 298, 150), True),  # by its right side
        ((100, 90, 140, 199), False),  # by its bottom, where the feet are
    ],
)
def test_all_of_a_person_is_hidden_whose_head_is_more_than_a_third_of_what_is_seen(
    box: tuple[int, ...], whole: bool
) -> None:
    (hidden,) = regions(np.array([[*box, 0.9, 1]]), HIDE, (300, 200)).tolist()
    assert (hidden[3] >= box[3]) == whole


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


@pytest.mark.parametrize(
    ("rotate", "sar", "size"),
    [(90, None, (192, 320)), (270, None, (192, 320)), (180, None, (320, 192)), (0, Fraction(2), (640, 192))],
)
def test_a_clip_of_a_camera_held_turned_is_made_upright_before_heads_are_hidden(
    find: tuple[PictureDetector, Hide], tmp_path: Path, rotate: int, sar: Fraction | None, size: tuple[int, int]
) -> None:
    person, eye = Thing("magenta", (0.4, 0.2, 0.6, 0.8)), Thing("black", (0.47, 0.25, 0.53, 0.28))
    stored = size if sar is None else (320, 192)
    source = street(tmp_path / "a.mp4", seconds=1, gop_s=1, things=[person, eye], size=stored, rotate=rotate, sar=sar)
    share_clip(source, tmp_path / "b.mp4", *find)
    with av.open(str(tmp_path / "b.mp4")) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height, frame.rotation) == (*size, 0)
    head = frame.to_ndarray(format="rgb24")[round(0.22 * size[1]) : round(0.32 * size[1]), round(size[0] / 2), 0]
    assert head.min() > 120, "the eye is to be seen"


def test_a_picture_of_a_camera_held_turned_is_made_upright_before_heads_are_hidden(
    find: tuple[PictureDetector, Hide], tmp_path: Path
) -> None:
    upright = np.full((640, 360, 3), 118, np.uint8)
    upright[200:500, 130:230] = (255, 0, 255)
    upright[240:250, 170:190] = 0
    turned = Image.Exif()
    turned[0x112] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(np.rot90(upright)).save(tmp_path / "a.jpg", exif=turned, quality=95)
    share_picture(tmp_path / "a.jpg", tmp_path / "b.jpg", *find)
    shown = cv2.imread(str(tmp_path / "b.jpg"))[:, :, ::-1]
    assert shown.shape == upright.shape
    assert shown[215:275, 180, 0].min() > 120, "the eye is to be seen"


def test_a_clip_that_is_hardly_a_picture_wide_has_a_copy(tmp_path: Path) -> None:
    source = street(tmp_path / "a.avi", seconds=0.2, size=(2, 2000), codec="mjpeg")
    share_clip(source, tmp_path / "b.mp4", lambda _: np.zeros((0, 6)), HIDE)
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (2, 720)

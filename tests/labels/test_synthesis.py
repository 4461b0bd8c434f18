"""Composed scenes: what is pasted is seen, boxed, lit like its place, and the same every time."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.catalogue import load_catalogue
from labels.datasets.mapping import to_ours
from labels.datasets.records import Box, LabelsError, Picture
from labels.datasets.yolo import read_yolo
from labels.source_classes import load_source_classes
from labels.synthesis.backgrounds import Ground
from labels.synthesis.build import Recipe, classes, synthesise
from labels.synthesis.camera_scale import FULL_HD, KEYS, camera_scale
from labels.synthesis.cutout import Cutout
from labels.synthesis.cutouts import cut_out, usable
from labels.synthesis.heaps import heap
from labels.synthesis.scene import Scene, paste
from labels.synthesis.sheet import write_sheet

ROAD = 110


def street(lightness: int = ROAD, width: int = 320, height: int = 180) -> np.ndarray:
    rng = np.random.default_rng(5)
    grain = rng.normal(lightness, 4, (height, width, 1)).repeat(3, axis=2)
    return np.clip(grain, 0, 255).astype(np.uint8)


def green_bin(high: int = 120, wide: int = 80, where: str = "ground") -> Cutout:
    rgba = np.zeros((high, wide, 4), np.uint8)
    rgba[..., :3] = (30, 130, 60)
    rgba[: high // 6, :, :3] = (20, 90, 40)
    rgba[..., 3] = 255
    return Cutout(rgba, "bin", 1.07, "drawn", where)  # type: ignore[arg-type]


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_a_pasted_bin_has_the_box_of_what_can_be_seen_of_it() -> None:
    scene = Scene(street())
    assert paste(scene, green_bin(), 100, 150, 60, rng())
    (box,) = scene.boxes
    assert box.cls == "bin"
    x1, y1, x2, y2 = np.array(box.xyxy) * (320, 180, 320, 180)
    assert (x1, y1, x2, y2) == pytest.approx((80, 90, 120, 150), abs=2)


@settings(max_examples=30)
@given(st.floats(-40, 360), st.floats(-40, 260), st.floats(2, 250))
def test_wherever_a_bin_is_pasted_its_box_lies_in_the_picture(x: float, y: float, height_px: float) -> None:
    scene = Scene(street())
    before = scene.picture.copy()
    if paste(scene, green_bin(), x, y, height_px, rng()):
        x1, y1, x2, y2 = scene.boxes[0].xyxy
        assert 0 <= x1 < x2 <= 1
        assert 0 <= y1 < y2 <= 1
    else:
        assert scene.boxes == []
        assert (scene.picture == before).all()


def test_a_bin_half_behind_another_has_the_box_of_its_visible_half() -> None:
    scene = Scene(street())
    assert paste(scene, green_bin(), 100, 140, 60, rng())
    assert paste(scene, green_bin(), 120, 141, 62, rng())
    behind, _ = scene.boxes
    assert behind.xyxy[2] * 320 == pytest.approx(99, abs=3)


def test_a_bin_is_not_pasted_over_another_one() -> None:
    scene = Scene(street())
    assert paste(scene, green_bin(), 100, 140, 60, rng())
    assert not paste(scene, green_bin(), 103, 142, 66, rng())
    assert len(scene.boxes) == 1


def test_a_bin_does_not_hide_a_car_that_was_labelled_in_the_background() -> None:
    car = Box("motor_vehicle_parking", (0.25, 0.5, 0.4, 0.8))
    scene = Scene(street(), fixed=[car])
    assert not paste(scene, green_bin(), 104, 140, 60, rng())
    assert scene.boxes == [car]


def test_at_night_a_bin_is_dark_and_by_day_it_is_not() -> None:
    means = []
    for lightness in (25, 150):
        scene = Scene(street(lightness))
        assert paste(scene, green_bin(), 100, 150, 60, rng())
        means.append(scene.picture[100:145, 85:115].mean())
    assert means[0] < 0.6 * means[1]


def test_what_stands_on_the_ground_darkens_it_and_what_hangs_on_a_wall_does_not() -> None:
    under = []
    for where in ("ground", "wall"):
        scene = Scene(street(), sun=(0.0, 0.5))
        assert paste(scene, green_bin(where=where), 100, 140, 60, rng())
        under.append(float(scene.picture[141:144, 90:110].mean()))
    assert under[0] < under[1] - 5


def test_in_a_soft_picture_a_pasted_thing_has_soft_edges() -> None:
    steepest = []
    for softness in (0.0, 2.0):
        scene = Scene(street(), softness=softness)
        assert paste(scene, green_bin(where="wall"), 100, 150, 60, rng())
        row = scene.picture[120, 70:130, 0].astype(int)
        steepest.append(np.abs(np.diff(row)).max())
    assert steepest[1] < 0.6 * steepest[0]


def test_a_bin_twice_as_far_from_the_horizon_is_twice_as_high() -> None:
    ground = Ground(horizon_px=100, first_px=120, camera_m=5)
    assert ground.height_px(300, 1.0) == pytest.approx(2 * ground.height_px(200, 1.0))
    assert ground.row(ground.height_px(260, 1.07), 1.07) == pytest.approx(260)


def test_a_heap_of_bags_is_one_thing_as_high_as_bags_are() -> None:
    piled = heap([green_bin()], rng())
    assert piled.key == "exposed_garbage"
    assert 0.3 < piled.size_m < 1.2
    assert piled.rgba[..., 3].max() == 255


def photographed(path: Path) -> Picture:
    """A green bin before a grey wall, and its box a little larger."""
    picture = street(150, 300, 300)
    cv2.rectangle(picture, (110, 80), (190, 240), (30, 120, 50), -1)
    cv2.rectangle(picture, (105, 80), (195, 100), (10, 60, 20), -1)
    cv2.circle(picture, (150, 160), 18, (240, 240, 240), -1)
    cv2.imwrite(str(path), picture[..., ::-1])
    return Picture(path, (300, 300), (Box("bin", (0.34, 0.255, 0.66, 0.815)),))


def a_picture_file(tmp_path: Path) -> Path:
    folder = tmp_path / "a_set" / "train" / "images"
    folder.mkdir(parents=True)
    return folder / "1.png"


def test_a_bin_is_cut_out_along_its_edge_and_not_along_its_box(tmp_path: Path) -> None:
    picture = photographed(a_picture_file(tmp_path))
    (cutout,) = cut_out(picture, usable(picture, ["bin"]), rng())
    alpha = cutout.rgba[..., 3]
    assert cutout.rgba.shape[1] == pytest.approx(90, abs=6)
    assert alpha[-20, 0] == 0  # the lid is wider than the body: beside the body there is wall, and it stays behind
    assert alpha[len(alpha) // 2, alpha.shape[1] // 2] > 250
    assert cutout.origin == "a_set/train/1.png"


def test_the_same_picture_is_cut_out_the_same_every_time(tmp_path: Path) -> None:
    picture = photographed(a_picture_file(tmp_path))
    first, second = (next(cut_out(picture, picture.boxes, rng())) for _ in range(2))
    assert (first.rgba == second.rgba).all()


def test_things_cut_by_the_edge_or_covered_are_not_cut_out() -> None:
    at_the_edge = Box("bin", (0.0, 0.2, 0.3, 0.8))
    covered = Box("bin", (0.4, 0.2, 0.7, 0.8))
    heap_before_it = Box("exposed_garbage", (0.5, 0.5, 0.9, 0.9))
    picture = Picture(Path("p"), (600, 600), (at_the_edge, covered, heap_before_it))
    assert usable(picture, ["bin"]) == ()


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sets that training scenes are made of, two pictures each."""
    data = tmp_path_factory.mktemp("data")
    bag = "0 0.35 0.27 0.65 0.27 0.65 0.8 0.35 0.8\n"
    boxes = {
        "garbage_overflow_cn": "{} 0.5 0.535 0.32 0.56\n",
        "trashbag_masks_kr": bag,
        "facade_signs_spb": "",
        "tollroad_camera_id": "4 0.8 0.6 0.1 0.1\n",
    }
    for name, label in boxes.items():
        images, labels = data / name / "train" / "images", data / name / "train" / "labels"
        images.mkdir(parents=True)
        labels.mkdir()
        for number in range(3):
            photographed(images / f"{number}.png")
            (labels / f"{number}.txt").write_text(label.format(number))
    empty = data / "garbage_overflow_cn" / "train"
    cv2.imwrite(str(empty / "images" / "9.png"), street(120, 300, 300))
    (empty / "labels" / "9.txt").write_text("")
    return data


def composed(data: Path, out: Path, seed: int = 3) -> list[Picture]:
    stock = camera_scale(data, "train", 5, np.random.default_rng([seed, 0]))
    return synthesise(Recipe("camera-scale", "train", 6, stock.compose, (640,)), out, seed)


def test_the_same_seed_writes_the_same_files_byte_by_byte(small_data: Path, tmp_path: Path) -> None:
    composed(small_data, tmp_path / "a")
    composed(small_data, tmp_path / "b")
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert len(files) == 6 + 6 + 3
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_another_seed_writes_other_scenes(small_data: Path, tmp_path: Path) -> None:
    first = composed(small_data, tmp_path / "a", seed=3)
    second = composed(small_data, tmp_path / "b", seed=4)
    assert [p.boxes for p in first] != [p.boxes for p in second]


def test_what_was_written_reads_back_as_a_set_under_our_keys(small_data: Path, tmp_path: Path) -> None:
    written = composed(small_data, tmp_path / "a")
    names = (tmp_path / "a" / "classes.txt").read_text().split()
    catalogue = load_catalogue()
    assert names == [*catalogue.types, *catalogue.auxiliary, "unknown"]
    read = to_ours(read_yolo(tmp_path / "a", names), load_source_classes("synthesis"))
    assert sum(len(p.boxes) for p in read.pictures) == sum(len(p.boxes) for p in written) > 6
    assert {"bin", "overflowing_bin", "exposed_garbage"} <= {box.cls for p in read.pictures for box in p.boxes}


def test_things_are_as_small_as_a_camera_shows_them(small_data: Path) -> None:
    stock = camera_scale(small_data, "train", 5, rng())
    scene, _ = stock.compose(0, 960, rng())
    longer = [
        max(x2 - x1, (y2 - y1) * 960 / scene.size[0]) * FULL_HD for x1, y1, x2, y2 in (b.xyxy for b in scene.boxes)
    ]
    assert max(longer) < 420  # neighbours in a row may be larger than the first of them


def test_the_card_names_the_sets_and_their_licences(small_data: Path, tmp_path: Path) -> None:
    composed(small_data, tmp_path / "a")
    card = json.loads((tmp_path / "a" / "card.json").read_text())
    assert card["seed"] == 3
    assert card["made_of"]["garbage_overflow_cn"]["licence"] == "CC BY 4.0"
    first = json.loads((tmp_path / "a" / "origins.jsonl").read_text().splitlines()[0])
    assert first["background"].split("/")[1] == "train"


def test_a_folder_that_holds_a_set_is_left_alone(small_data: Path, tmp_path: Path) -> None:
    composed(small_data, tmp_path / "a")
    with pytest.raises(LabelsError, match="holds pictures already"):
        composed(small_data, tmp_path / "a")


def test_a_missing_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="garbage_overflow_cn"):
        camera_scale(tmp_path, "train", 5, rng())


def test_the_source_knows_every_class_that_is_written() -> None:
    assert tuple(load_source_classes("synthesis").key_of) == classes()


def test_the_sheet_shows_the_pictures_side_by_side(small_data: Path, tmp_path: Path) -> None:
    write_sheet(composed(small_data, tmp_path / "a"), tmp_path / "sheet.png", columns=3, width=900)
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape[1] == 900


@pytest.mark.shared
@pytest.mark.slow
def test_scenes_to_evaluate_on_hold_each_size_as_often(shared: Path, tmp_path: Path) -> None:
    stock = camera_scale(shared / "data", "test", 15, rng())
    pictures = synthesise(Recipe("camera-scale", "test", 8, stock.compose, (1920,)), tmp_path / "t", 0)
    assert {p.size for p in pictures} == {(1920, 1080)}
    wide = [max((b.xyxy[2] - b.xyxy[0]) * 1920 for b in p.boxes if b.cls in KEYS) for p in pictures]
    assert max(wide[0], wide[4]) < 50 < max(wide[3], wide[7])
    assert all("/test/" in line or ".avi" in line or ".mp4" in line for line in _origins(tmp_path / "t"))


def _origins(out: Path) -> list[str]:
    return [json.loads(line)["background"] for line in (out / "origins.jsonl").read_text().splitlines()]

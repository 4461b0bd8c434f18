"""What a person sees before a city file goes into service."""

import shutil
import socket
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from service.check import check
from service.city_camera import Camera
from service.city_view import View
from service.one_picture import PictureProblem, picture_of
from service.view_drawing import colour_of
from vision.zones import ZONE_KINDS

Picture = NDArray[np.uint8]
GREY: Picture = np.full((360, 640, 3), 128, np.uint8)
CITY = """\
name: Test
time_zone: Asia/Shanghai
cameras:
  - id: {id}
    urls: {{detect: "{detect}"}}
    place: {{lat: 24.4433, lon: 118.0805}}
    views:
      - zones:
          - {{id: kerb, kind: no_parking, polygon: [[0, 0.5], [0.5, 0.5], [0.5, 1], [0, 1]]}}
          - {{id: 盲道, kind: blind_track, polygon: [[0.6, 0.5], [0.9, 0.5], [0.9, 1], [0.6, 1]]}}
"""
POINTS = """\
        control_points:
          - {picture: [0.12, 0.86], lat: 24.443400, lon: 118.080519}
          - {picture: [0.55, 0.90], lat: 24.443348, lon: 118.080568}
          - {picture: [0.90, 0.80], lat: 24.443311, lon: 118.080629}
          - {picture: [0.20, 0.45], lat: 24.443523, lon: 118.080568}
          - {picture: [0.50, 0.36], lat: 24.443507, lon: 118.080714}
          - {picture: [0.82, 0.42], lat: 24.443369, lon: 118.080774}
"""


def city(folder: Path, camera_id: str = "k1", detect: str = "clip.mp4", more: str = "") -> Path:
    path = folder / "city.yaml"
    path.write_text(CITY.format(id=camera_id, detect=detect) + more, encoding="utf-8")
    return path


def grey(camera: Camera, view: View) -> Picture:  # noqa: ARG001
    return GREY


def drawing(path: Path) -> Picture:
    read = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert read is not None
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), np.uint8)


def test_each_zone_is_drawn_in_the_colour_of_its_kind(tmp_path: Path) -> None:
    report = check(city(tmp_path), tmp_path / "out" / "new", grey)
    assert report.ok
    drawn = drawing(tmp_path / "out" / "new" / "k1.home.jpg").astype(int)
    assert drawn.shape[1] == 1280
    in_kerb, in_track, outside = drawn[600, 100], drawn[600, 1100], drawn[200, 640]
    assert in_kerb[0] > in_kerb[1] + 30  # red
    assert in_track[0] > in_track[2] + 30  # yellow
    assert in_track[1] > in_track[2] + 30
    assert np.ptp(outside) < 6


def test_camera_ids_in_chinese_name_their_files(tmp_path: Path) -> None:
    report = check(city(tmp_path, "中山路-01"), tmp_path, grey)
    assert [view.drawing.name for view in report.views] == ["中山路-01.home.jpg"]
    assert (tmp_path / "中山路-01.home.jpg").exists()


def test_every_kind_of_zone_can_be_told_from_the_kinds_that_mean_the_opposite() -> None:
    violations = {colour_of(k) for k in ("no_parking", "sidewalk", "blind_track", "carriageway", "door_line", "watch")}
    assert len(violations) == 6
    assert violations.isdisjoint({colour_of(k) for k in ("bay", "bike_bay", "allowed_trading", "work_site", "exempt")})
    assert {colour_of(kind) for kind in ZONE_KINDS}


def test_residuals_of_control_points_are_reported_in_metres(tmp_path: Path) -> None:
    (view,) = check(city(tmp_path, more=POINTS), tmp_path, grey).views
    assert len(view.residuals_m) == 6
    assert max(view.residuals_m) < 1
    assert view.warnings == ()


def test_a_control_point_ten_metres_off_is_pointed_out(tmp_path: Path) -> None:
    report = check(city(tmp_path, more=POINTS.replace("24.443523", "24.443613")), tmp_path, grey)
    assert any("from where the others put it" in text for text in report.warnings)


def test_four_control_points_are_said_to_prove_nothing(tmp_path: Path) -> None:
    lines = POINTS.splitlines(keepends=True)
    report = check(city(tmp_path, more="".join([lines[0], lines[1], lines[3], lines[4], lines[6]])), tmp_path, grey)
    assert "4 control points always fit" in report.warnings[0]


def test_a_wrong_file_is_reported_and_nothing_is_drawn(tmp_path: Path) -> None:
    report = check(city(tmp_path, more="surprise: 1\n"), tmp_path / "out", grey)
    assert not report.ok
    assert "surprise" in report.errors[0]
    assert report.views == ()
    assert not (tmp_path / "out").exists()


def test_without_a_picture_the_zones_are_drawn_on_grey_with_a_warning(tmp_path: Path) -> None:
    report = check(city(tmp_path), tmp_path, lambda camera, view: None)  # noqa: ARG005
    assert report.ok
    assert "drawn on grey" in report.warnings[0]
    assert (tmp_path / "k1.home.jpg").exists()


def test_a_recording_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    report = check(city(tmp_path), tmp_path)
    assert "no such file" in report.warnings[0]


def test_a_camera_that_refuses_is_a_warning_without_its_password(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    report = check(city(tmp_path, detect=f"rtsp://admin:hunter2@127.0.0.1:{port}/x"), tmp_path)
    assert "cannot be reached (ConnectionRefused)" in report.warnings[0]
    assert "hunter2" not in str(report)


def test_views_of_a_ptz_camera_are_drawn_on_what_it_shows_now(tmp_path: Path) -> None:
    report = check(city(tmp_path, more="      - id: north\n"), tmp_path, grey)
    assert [view.drawing.name for view in report.views] == ["k1.home.jpg", "k1.north.jpg"]
    assert "at this preset" in report.warnings[0]


def test_a_file_without_video_gives_no_picture(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(PictureProblem, match="not a recording"):
        picture_of(str(tmp_path / "text.mp4"))


@pytest.mark.shared
def test_a_key_frame_of_a_real_camera_is_found_though_its_recording_begins_inside_a_group(
    shared: Path, tmp_path: Path
) -> None:
    clip = shared / "data/videos/ckuhn_traffic.mp4"
    shown = picture_of(str(clip))
    with av.open(str(clip)) as container:
        key = next(f for f in container.decode(video=0) if f.key_frame).to_ndarray(format="rgb24")
    assert np.abs(shown.astype(int) - key.astype(int)).mean() < 2
    shutil.copy(clip, tmp_path / "clip.mp4")
    report = check(city(tmp_path), tmp_path)
    assert report.warnings == ()
    assert np.ptp(drawing(report.views[0].drawing)[100, :, 0]) > 50

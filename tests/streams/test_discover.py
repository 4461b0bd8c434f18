"""From a folder somebody points at to cameras and the order of their files."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from streams import discover
from streams.discover import SourceProblem, Starts, expand, group_by_camera, one_camera
from streams.frame import Clock
from tests.scenery import street
from tests.streams.wall_clock import cut


def touch(folder: Path, *names: str) -> list[str]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return [str(folder / name) for name in names]


def cameras(paths: Sequence[str]) -> dict[str, list[str]]:
    return {r.camera_id: [Path(s.url).name for s in r.segments] for r in group_by_camera(paths)}


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file may be opened."""

    def refuse(path_a: str, path_b: str) -> bool:
        raise AssertionError(f"opened {path_a} and {path_b}")

    monkeypatch.setattr(discover, "same_view", refuse)
    monkeypatch.setattr(discover._runs, "__defaults__", (refuse,))


# --- what is named ---------------------------------------------------------------------------------------------------


def test_a_directory_stands_for_the_recordings_in_it_in_natural_order(tmp_path: Path) -> None:
    wanted = touch(tmp_path, "a/p2.mp4", "a/p10.MP4", "b/x.dav")
    touch(tmp_path, "a/notes.txt", "a/._p2.mp4", ".cache/p3.mp4", "b/x.jpg")
    assert expand([str(tmp_path)]) == wanted


def test_globs_and_names_come_without_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, ten = touch(tmp_path, "p1.mp4", "p2.mp4", "p10.mp4")
    assert expand([ten, f"{tmp_path}/p*.mp4", f"file://{one}"]) == [ten, one, two]
    monkeypatch.chdir(tmp_path)
    assert expand(["./p1.mp4", "p1.mp4", "p*.mp4"]) == ["p1.mp4", "p2.mp4", "p10.mp4"]


def test_a_name_that_looks_like_a_glob_is_a_name_if_it_exists(tmp_path: Path) -> None:
    (odd,) = touch(tmp_path, "[cam1] 50%.mp4")
    assert expand([odd]) == [odd]


def test_urls_stay_as_they_are() -> None:
    assert expand(["rtsp://me:secret@cam/1"]) == ["rtsp://me:secret@cam/1"]


@pytest.mark.parametrize("name", ["gone.mp4", "no/*.mp4", "", "a" * 5000, "nul\0byte", "[", "~nobody/x"])
def test_what_does_not_exist_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceProblem):
        expand([name])


def test_a_directory_without_recordings_says_what_was_looked_for(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt")
    with pytest.raises(SourceProblem, match=r"no recording in this directory .*\.mp4"):
        expand([str(tmp_path)])


# --- which files are one camera's ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    "form",
    [
        "cam1_{d:%Y%m%d_%H%M%S}.mp4",
        "cam1_{d:%Y%m%d%H%M%S}.mp4",
        "cam1-{d:%Y-%m-%dT%H-%M-%S}.mkv",
        "{d:%Y-%m-%d_%H.%M.%S}_cam1.ts",
        "cam1 {d:%H:%M:%S}.mp4",
        "cam1_{d:%Y%m%dT%H%M%S}Z.mp4",
        "cam1_{d:%s}.mp4",
        "cam1_{d:%Y%m%d%H%M%S}123.mp4",
    ],
)
def test_time_stamps_make_segments_and_no_file_is_opened(form: str) -> None:
    names = [
        form.format(d=datetime(2026, 5, 1 + n // 24, n % 24, 30, 7))
        for n in range(48 if "%d" in form or "%s" in form else 24)
    ]
    assert cameras(names) == {"cam1": names}


@pytest.mark.usefixtures("closed")
def test_two_cameras_with_time_stamps_in_one_folder_stay_two() -> None:
    names = [f"cam{c}_2026050{day}_080000.mp4" for c in (1, 2) for day in (1, 2, 3)]
    assert cameras(names) == {"cam1": names[:3], "cam2": names[3:]}


@pytest.mark.usefixtures("closed")
def test_thousands_of_stamped_names_are_grouped_without_opening_any() -> None:
    names = [f"gate_202605{1 + n // 96:02}_{n // 4 % 24:02}{15 * (n % 4):02}00.mp4" for n in range(2880)]
    assert cameras(names) == {"gate": names}


@pytest.mark.usefixtures("closed")
def test_lone_files_and_files_of_two_folders_are_cameras_of_their_own() -> None:
    assert cameras(["north/street.mp4", "south/street.mp4", "yard.avi", "rtsp://u:p@cam/1"]) == {
        "street": ["street.mp4"],
        "street-2": ["street.mp4"],
        "yard": ["yard.avi"],
        "rtsp_cam_1": ["1"],
    }


@pytest.mark.parametrize("name", ["...mp4", "///.mp4", "12.mp4", "街角 3号.mp4", "a/b c?*.mp4", "²³.mp4"])
def test_any_name_makes_a_camera_that_can_name_a_file(name: str) -> None:
    (found,) = cameras([name])
    assert found
    assert not set(found) & set('/\\ ?*:"')


def test_numbered_pieces_of_one_view_are_one_camera_and_other_views_are_others(tmp_path: Path) -> None:
    whole = street(tmp_path / "whole.mp4", seconds=8)
    for n, piece in enumerate(cut(whole, 3, "mp4", reset=True), 1):
        piece.rename(tmp_path / f"part{n}.mp4")
    whole.unlink()
    for n in (1, 2):
        street(tmp_path / f"cam{n}.mp4", seconds=1, noise_seed=n)
    found = cameras(expand([str(tmp_path)]))
    assert found == {"cam1": ["cam1.mp4"], "cam2": ["cam2.mp4"], "part": ["part1.mp4", "part2.mp4", "part3.mp4"]}


@pytest.mark.shared
def test_two_clips_whose_names_differ_in_a_number_are_two_cameras(shared: Path) -> None:
    videos = shared / "data" / "videos"
    assert len(group_by_camera(expand([str(videos)]))) == 6


@pytest.mark.shared
@pytest.mark.parametrize("name", ["ckuhn_traffic.mp4", "intel_car-detection.mp4"])
def test_pieces_of_a_real_clip_are_one_camera(shared: Path, tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copy(shared / "data" / "videos" / name, tmp_path / "whole.mp4"))
    pieces = [p.rename(tmp_path / f"piece_{n}.mp4") for n, p in enumerate(cut(copy, 7, "mp4", reset=True))]
    (found,) = group_by_camera([str(p) for p in pieces])
    assert [s.url for s in found.segments] == [str(p) for p in pieces]
    assert found.camera_id == "piece"


# --- when they began -------------------------------------------------------------------------------------------------


def test_a_pattern_gives_each_file_its_start_and_their_order() -> None:
    starts = Starts(pattern="%d%m%Y-%H%M", zone=ZoneInfo("Asia/Shanghai"))
    found = one_camera("gate", ["b-02052026-0000.mp4", "a-01052026-0800.mp4"], starts=starts)
    assert [(s.url[0], s.start, s.clock) for s in found.segments] == [
        ("a", datetime(2026, 5, 1, 0, tzinfo=UTC), Clock.FILENAME),
        ("b", datetime(2026, 5, 1, 16, tzinfo=UTC), Clock.FILENAME),
    ]


def test_a_pattern_that_fits_no_name_is_said() -> None:
    with pytest.raises(SourceProblem, match=r"--start-pattern %Y-%m-%d: none of 2 names has this form, as a1\.mp4"):
        one_camera("gate", ["a1.mp4", "a2.mp4"], starts=Starts(pattern="%Y-%m-%d"))
    with pytest.raises(SourceProblem, match="none of 1 names"):
        group_by_camera(["a1.mp4"], Starts(pattern="%Y-%m-%d"))


def test_a_name_without_a_time_among_others_has_no_start() -> None:
    a, b = group_by_camera(["gate_20260501.mp4", "yard.mp4"], Starts(pattern="%Y%m%d"))
    assert a.segments[0].start == datetime(2026, 5, 1, tzinfo=UTC)
    assert (b.segments[0].start, b.segments[0].clock) == (None, None)


@pytest.mark.parametrize(("pattern", "reason"), [("%Q", "%Q is not known"), ("gate", "states no time")])
def test_a_wrong_pattern_is_explained(pattern: str, reason: str) -> None:
    with pytest.raises(SourceProblem, match=f"--start-pattern {pattern}: .*{reason}"):
        one_camera("gate", ["gate.mp4"], starts=Starts(pattern=pattern))


def test_a_given_start_is_that_of_the_first_file() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    found = Starts(noon).first(one_camera("gate", ["a.mp4", "b.mp4"]))
    assert [(s.start, s.clock) for s in found.segments] == [(noon, Clock.OPTION), (None, None)]

"""The demo's simulated camera: who passes the bus, what the sensor makes of it, and what a wrong photograph gets."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.demo_passers import Passer, passers
from benchmarks.demo_photo import SIZE, CutOut
from benchmarks.demo_scene import START, Sensor, main

SOMEBODY = CutOut(np.full((400, 100, 3), 200, np.uint8), np.full((400, 100), 255, np.uint8), leftward=True)
WAITS = Passer(SOMEBODY, enters_s=10, scale=1.0, soles=650, leftward=True, stop=450, stop_s=20)


def columns_hidden(passer: Passer, time_s: float) -> np.ndarray:
    """The columns in which the passer's white body hides a black street."""
    canvas = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    passer.paint(canvas, time_s)
    return np.flatnonzero(canvas[500, :, 0] > 100)


def test_nobody_is_there_before_and_long_after() -> None:
    assert WAITS.place(9.9) is None
    assert not columns_hidden(WAITS, 10.0).size  # still outside the picture
    assert WAITS.place(200) is None


def test_somebody_who_stops_hides_the_same_columns_for_the_whole_time() -> None:
    arrives = 10 + (220 + SIZE[0] - 450) / 95
    hidden = [columns_hidden(WAITS, arrives + wait) for wait in (1, 7, 13, 19)]
    assert all(abs(columns.mean() - 450) < 8 for columns in hidden)
    assert columns_hidden(WAITS, arrives + 23).mean() < 300


def test_walkers_go_their_way_and_are_cut_by_the_edge_of_the_picture() -> None:
    left = Passer(SOMEBODY, 0, 1.0, 650, leftward=True)
    right = Passer(SOMEBODY, 0, 1.0, 650, leftward=False)
    assert columns_hidden(left, 6).mean() < columns_hidden(left, 4).mean()
    assert columns_hidden(right, 6).mean() > columns_hidden(right, 4).mean()
    assert 0 < columns_hidden(left, 2.1).size < 60


def test_a_shadow_darkens_the_pavement_and_never_brightens_it() -> None:
    canvas = np.full((SIZE[1], SIZE[0], 3), 180, np.uint8)
    WAITS.paint(canvas, 25)
    below = canvas[660:700]
    assert below.max() == 180
    assert below.min() < 120


def test_who_stands_nearer_is_painted_later() -> None:
    people = passers(SOMEBODY, SOMEBODY, minutes=6)
    assert len(people) == 12
    assert [person.soles for person in people] == sorted(person.soles for person in people)


def test_the_sensor_adds_noise_and_a_time_stamp_and_keeps_the_street() -> None:
    clean = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
    sensor = Sensor()
    one, two = sensor.expose(clean, 0.0), sensor.expose(clean, 0.2)
    seen = one[: SIZE[1] - 40].astype(float)
    assert 100 < seen.mean() < 130
    assert 2 < seen.std() < 5
    assert not np.array_equal(one, two)
    assert one[SIZE[1] - 28 :, :410].min() < 50 < one[SIZE[1] - 28 :, :410].max()


@pytest.mark.parametrize(("content", "said"), [(None, "`make demo` fetches the photograph"), (b"x", "another picture")])
def test_a_wrong_photograph_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, said: str
) -> None:
    photo = tmp_path / "bus.jpg"
    if content is not None:
        photo.write_bytes(content)
    assert main([str(tmp_path / "out.mp4"), "--photo", str(photo)]) == 1
    message = capsys.readouterr().err
    assert str(photo) in message
    assert said in message
    assert message.count("\n") == 1
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "1e9"])
def test_an_impossible_length_is_wrong_use(tmp_path: Path, minutes: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path / "out.mp4"), "--photo", "bus.jpg", "--minutes", minutes])
    assert stopped.value.code == 2


def test_the_scene_is_a_recording_with_a_known_start_and_regular_key_frames(tmp_path: Path, checkout: Path) -> None:
    photo = checkout / ".cache" / "bus.jpg"
    if not photo.exists():
        pytest.skip("the photograph has not been fetched; `make demo` does it")
    out = tmp_path / "new folder" / "scene.mp4"
    command = [sys.executable, "-m", "benchmarks.demo_scene", str(out), "--photo", str(photo), "--minutes", "0.2"]
    subprocess.run(command, check=True, cwd=checkout)
    with av.open(str(out)) as container:
        assert datetime.fromisoformat(container.metadata["creation_time"]) == START
        packets = [packet for packet in container.demux(video=0) if packet.size]
        assert [float(p.pts * p.time_base) for p in packets if p.is_keyframe] == [0, 2, 4, 6, 8, 10]
        assert len(packets) == 60

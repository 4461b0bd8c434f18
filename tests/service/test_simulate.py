"""``streetorder simulate`` as people start and stop it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import av
import pytest

from service.city import load_city
from service.commands.simulate_faults import PlannedFault, planned_faults
from streams.simulator.faults import Fault
from streams.simulator.simulator import Simulator
from tests.command_line import PROGRAM, looked, streetorder
from tests.scenery import street
from tests.streams.rtsp_client import packets, watching


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("clip") / "street.mp4", seconds=2, gop_s=0.5)


@contextmanager
def simulating(*words: str | Path, password: str | None = None) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The running command and the URLs that it has printed."""
    environment = os.environ | ({} if password is None else {"STREETORDER_SIMULATE_PASSWORD": password})
    command = [str(PROGRAM), "simulate", *map(str, words), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        try:
            count = int(str(words[words.index("--cameras") + 1])) if "--cameras" in words else 1
            yield process, [process.stdout.readline().strip() for _ in range(count)]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cameras_are_there_until_somebody_ends_it(clip: Path, number: signal.Signals) -> None:
    with simulating(clip, "--cameras", "2") as (process, urls):
        assert [url.rpartition("/")[2] for url in urls] == ["cam001", "cam002"]
        with watching(urls[1]) as container:
            assert packets(container, 3)
            process.send_signal(number)
            out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_it_stops_by_itself_after_so_many_seconds(clip: Path) -> None:
    began_s = time.monotonic()
    ended = streetorder("simulate", clip, "--port", "0", "--seconds", "0.5")
    assert ended.code == 0
    assert ended.out.startswith("rtsp://127.0.0.1:")
    assert time.monotonic() - began_s < 20


def test_a_city_file_leads_to_the_cameras_and_the_password_is_only_there(clip: Path, tmp_path: Path) -> None:
    city_file = tmp_path / "city.yaml"
    words = (clip, "--cameras", "2", "--user", "admin", "--city", city_file)
    with simulating(*words, password="s:e@cret") as (process, urls):
        assert urls[0].startswith("rtsp://***@127.0.0.1:")
        assert process.stdout is not None
        assert process.stdout.readline() == f"streetorder worker --cameras {city_file}\n"
        city = load_city(city_file)
        assert [camera.id for camera in city.cameras] == ["cam001", "cam002"]
        with watching(city.source(city.cameras[1])) as container:
            assert packets(container, 2)
        with pytest.raises(av.error.HTTPUnauthorizedError):
            av.open(urls[0].replace("***@", ""), options={"rtsp_transport": "tcp"})
    assert city_file.stat().st_mode & 0o077 == 0
    assert looked("simulate", clip, "--port", "0", "--seconds", "0", "--city", city_file).code == 0


def test_a_city_file_that_somebody_wrote_is_not_written_over(clip: Path, tmp_path: Path) -> None:
    city_file = tmp_path / "city.yaml"
    city_file.write_text("name: ours\n")
    ended = looked("simulate", clip, "--port", "0", "--seconds", "0", "--city", city_file)
    assert (ended.code, city_file.read_text()) == (2, "name: ours\n")
    assert "was not written by simulate" in ended.err
    assert looked("simulate", clip, "--port", "0", "--city", tmp_path / "no" / "city.yaml").code == 3


def test_faults_begin_and_end_at_their_times(clip: Path) -> None:
    with simulating(clip, "--fault", "cam001=stall@1+1", "--fault", "cam001=loss:0@0.2") as (process, urls):
        with watching(urls[0]) as container:
            times = [p.pts * p.time_base for p in packets(container, 30)[1:]]
        assert process.stdout is not None
        assert process.stdout.readline() == "0.2 s: cam001 loss 0\n"
        assert process.stdout.readline() == "1 s: cam001 stall for 1 s\n"
    assert max(b - a for a, b in pairwise(times)) > 0.9


def test_faults_are_written_with_value_begin_and_length() -> None:
    texts = ["cam003=stall@30+20", "cam001=loss:0.02@10+60", "cam002=codec:a@b:c.mp4@7.5", "cam002=cut"]
    assert planned_faults(texts) == [
        PlannedFault("cam002", Fault.CUT, None, 0, None),
        PlannedFault("cam002", Fault.CODEC, "a@b:c.mp4", 7.5, None),
        PlannedFault("cam001", Fault.LOSS, "0.02", 10, 60),
        PlannedFault("cam003", Fault.STALL, None, 30, 20),
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "simulate what? Name one or more recordings"),
        (["missing.mp4"], "missing.mp4: no such file"),
        (["CLIP", "--cameras", "0"], "--cameras: 0 cameras: 1 or more are allowed"),
        (["CLIP", "--user", "admin"], "--user and --password go together"),
        (["CLIP", "--host", "192.0.2.1"], "cannot listen on port 8554 of 192.0.2.1"),
        (["CLIP", "--own-ports", "--cameras", "3", "--port", "65534"], "cannot listen on port 65534"),
        (["CLIP", "--fault", "cam001"], "write CAMERA=KIND[:VALUE][@BEGIN[+LENGTH]]"),
        (["CLIP", "--fault", "cam001=stall@soon"], "write CAMERA=KIND[:VALUE][@BEGIN[+LENGTH]]"),
        (["CLIP", "--fault", "cam001=fire@1"], "no fault 'fire'; there are down, unauthorised"),
        (["CLIP", "--fault", "cam002=stall@1"], "--fault no camera 'cam002'; there are cam001 to cam001"),
        (["CLIP", "--fault", "cam001=loss:2@1"], "--fault loss: a share of the packets from 0 to 1"),
        (["CLIP", "--fault", "cam001=codec:gone.mp4"], "gone.mp4: no such file"),
    ],
)
def test_wrong_use_is_told_in_one_line(clip: Path, words: list[str], told: str) -> None:
    ended = looked("simulate", *(str(clip) if word == "CLIP" else word for word in words))
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert ended.err.count("\n") == 1


def test_a_port_that_is_taken_is_named(clip: Path) -> None:
    with Simulator([clip], cameras=1) as other:
        ended = looked("simulate", clip, "--port", str(other.port))
    assert ended.code == 2
    assert f"cannot listen on port {other.port} of 127.0.0.1: Address already in use" in ended.err


def test_who_listens_beyond_this_machine_is_warned(clip: Path) -> None:
    ended = looked("simulate", clip, "--host", "0.0.0.0", "--port", "0", "--seconds", "0")
    assert ended.code == 0
    assert "Whoever reaches 0.0.0.0 sees these recordings" in ended.err

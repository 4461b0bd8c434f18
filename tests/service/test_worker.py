"""Workers on live cameras: what they find, what they say, how they change, stop, and go on."""

import json
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import cv2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from streams.simulator.faults import Fault
from streams.simulator.simulator import Simulator
from tests.command_line import city_file, looked, streetorder, unfinished
from tests.scenery import Thing, street
from tests.service.live_worker import working
from vision.keys import load_or_make
from vision.verify import verify

CAR = Thing("red", (0.1, 0.4, 0.3, 0.7))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("live") / "gate.mp4", seconds=6, gop_s=1, things=[CAR])


@pytest.fixture
def simulator(recording: Path) -> Iterator[Simulator]:
    with Simulator([recording], cameras=3, own_ports=True) as simulator:
        yield simulator


def camera(simulator: Simulator, number: int, more: str = "") -> str:
    return f'  - id: {simulator.names[number]}\n    urls: {{detect: "{simulator.url(number)}"}}\n{more}'


def test_what_stands_before_two_cameras_is_found_with_evidence_and_said(tmp_path, simulator, toy_model, key):
    city = city_file(tmp_path / "city.yaml", camera(simulator, 0), camera(simulator, 1))
    out = tmp_path / "out"
    with working(city, out, key, "--model", toy_model) as worker:
        worker.wait(lambda w: len(w.events()) == 2, "both cameras see their car")
        found = worker.cameras()
        assert {c["state"] for c in found.values()} == {"live"}
        assert {c["clock"] for c in found.values()} == {"rtcp"}
        assert all(c["key_interval_s"] == pytest.approx(1, abs=0.2) and c["frame_age_s"] < 5 for c in found.values())
        assert worker.get("/healthz") == (200, '{"status":"ok","reason":""}')
        _, metrics = worker.get("/metrics")
        families = {family.name: family for family in text_string_to_metric_families(metrics)}
        live = [s for s in families["streetorder_camera_state"].samples if s.labels["state"] == "live"]
        assert [s.value for s in live] == [1, 1]
        opened = families["streetorder_violations_opened"].samples
        assert sum(s.value for s in opened if s.name.endswith("_total")) == 2
        assert families["streetorder_resident_bytes"].samples[0].value > 1e7
        shown = looked("top", worker.address, "--once")
        assert "2 live" in shown.out
        assert worker.status()["runs_on"] == "CPUExecutionProvider"
        assert worker.signal(signal.SIGTERM) == 0
    signing, _ = load_or_make(key)
    assert verify(out / "evidence", signing.public).ok
    for event in worker.events():
        record = json.loads((out / "evidence" / event.id / "manifest.json").read_bytes())["record"]
        assert set(record["pictures"]) == {"onset.jpg", "trigger.jpg"}
        assert record["clip"]["end_s"] - record["clip"]["start_s"] >= 5
    assert unfinished(out) == []


def test_killed_and_started_again_the_same_car_is_the_same_violation(tmp_path, simulator, toy_model, key):
    city = city_file(tmp_path / "city.yaml", camera(simulator, 0))
    out = tmp_path / "out"
    with working(city, out, key, "--model", toy_model) as worker:
        (first,) = worker.wait(lambda w: w.events(), "the car is found")
        worker.signal(signal.SIGKILL)
    with working(city, out, key, "--model", toy_model) as worker:
        worker.wait(lambda w: w.events("extended"), "it is known and seen again")
        assert worker.cameras()["cam001"]["open_violations"] == 1
        assert worker.signal(signal.SIGTERM) == 0
    assert [e.id for e in worker.events()] == [first.id]
    assert {e.id for e in worker.events("extended")} == {first.id}
    record = json.loads((out / "evidence" / first.id / "manifest.json").read_bytes())["record"]
    assert any("the program ended" in note for note in record["notes"])
    signing, _ = load_or_make(key)
    assert verify(out / "evidence", signing.public).ok


def test_what_had_begun_to_stand_is_known_after_a_kill(tmp_path, simulator, toy_model, key):
    city = city_file(tmp_path / "city.yaml", camera(simulator, 0), dwell_s=20)
    with working(city, tmp_path / "out", key, "--model", toy_model) as worker:
        worker.wait(lambda w: w.cameras()["cam001"]["frames"] >= 6, "it stands for a quarter of its dwell")
        time.sleep(1.0)  # saved within half a second
        killed_at = datetime.now(UTC)
        worker.signal(signal.SIGKILL)
    with working(city, tmp_path / "out", key, "--model", toy_model) as worker:
        (car,) = worker.wait(lambda w: w.events(), "it is found")
        worker.signal(signal.SIGTERM)
    assert car.violation.onset < killed_at - timedelta(seconds=4)
    assert (car.violation.confirmed_at - car.violation.onset).total_seconds() == pytest.approx(20, abs=2.5)


def test_cameras_and_rules_change_while_the_others_notice_nothing(tmp_path, simulator, toy_model, key):
    city = city_file(tmp_path / "city.yaml", camera(simulator, 0), camera(simulator, 1), dwell_s=3000)
    with working(city, tmp_path / "out", key, "--model", toy_model) as worker:
        worker.wait(lambda w: all(c["frames"] >= 2 for c in w.cameras().values()), "both are watched")
        before = worker.cameras()["cam001"]
        city.write_text("cameras: [", encoding="utf-8")
        worker.wait(lambda w: w.status()["configuration"], "the mistake is said")
        assert "city.yaml" in worker.status()["configuration"]
        assert set(worker.cameras()) == {"cam001", "cam002"}
        city_file(city, camera(simulator, 0), camera(simulator, 2), dwell_s=3000)
        worker.wait(lambda w: set(w.cameras()) == {"cam001", "cam003"}, "one goes, one comes")
        assert worker.status()["configuration"] == ""
        city_file(city, camera(simulator, 0), camera(simulator, 2), dwell_s=2)
        worker.wait(lambda w: len(w.events()) == 2, "the shorter dwell holds for what stands there")
        after = worker.cameras()["cam001"]
        assert (after["connects"], after["troubles"]) == (before["connects"], {})
        assert after["drops"].get("detection", 0) == 0
        assert worker.signal(signal.SIGINT) == 0


def test_a_camera_that_fails_is_nobody_elses_trouble(tmp_path, simulator, toy_model, key):
    simulator.fault(1, Fault.DOWN)
    city = city_file(tmp_path / "city.yaml", camera(simulator, 0), camera(simulator, 1))
    with working(city, tmp_path / "out", key, "--model", toy_model) as worker:
        worker.wait(lambda w: w.events(), "the other one works")
        found = worker.cameras()
        assert found["cam002"]["trouble"] == "refused"
        assert found["cam001"]["troubles"] == {}
        assert worker.get("/healthz")[0] == 200
        assert "refused" in looked("top", worker.address, "--once").out
        assert json.loads(looked("top", worker.address, "--json").out)["cameras"][1]["state"] != "live"


def test_passwords_are_nowhere(tmp_path, recording, toy_model, key):
    with Simulator([recording], cameras=1, user="anna", password="h3imlich") as simulator:
        city = city_file(tmp_path / "city.yaml", camera(simulator, 0))
        out = tmp_path / "out"
        with working(city, out, key, "--model", toy_model) as worker:
            worker.wait(lambda w: w.events(), "the car is found")
            simulator.fault(0, Fault.CUT)
            worker.wait(lambda w: w.cameras()["cam001"]["troubles"], "it is cut")
            said = worker.get("/status")[1] + worker.get("/metrics")[1]
            assert worker.signal(signal.SIGTERM) == 0
        files = [p for p in out.rglob("*") if p.is_file() and p.suffix not in (".jpg", ".mp4")]
        written = b"".join(p.read_bytes() for p in files) + worker.log.read_bytes() + said.encode()
        assert b"h3imlich" not in written


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--pool", "harbour"), "pool 'harbour' has no camera; its pools are default"),
        (("--listen", "8480"), "--listen 8480: HOST:PORT is needed"),
    ],
)
def test_wrong_use_is_said_plainly(tmp_path, simulator, words, said):
    city = city_file(tmp_path / "city.yaml", camera(simulator, 0))
    done = streetorder("worker", "--cameras", city, "--out", tmp_path / "out", *words)
    assert done.code == 2
    assert said in " ".join(done.err.split())


def test_nobody_at_the_address_is_said():
    done = streetorder("top", "http://127.0.0.1:9", "--once")
    assert done.code == 2
    assert "no worker answers there" in done.err


def test_cameras_under_patrol_share_connections_and_dwell_goes_on_between_visits(tmp_path, simulator, toy_model, key):
    rounds = "    patrol: {every_s: 12, stay_s: 6, pictures: 2}\n"
    city = city_file(tmp_path / "city.yaml", *(camera(simulator, n, rounds) for n in range(3)), dwell_s=20)
    with working(city, tmp_path / "out", key, "--model", toy_model, "--slots", "1") as worker:
        most = 0
        while len(worker.events()) < 3:
            most = max(most, sum(simulator.clients(n) for n in range(3)))
            time.sleep(0.2)
        assert most == 1
        visited = worker.cameras()
        assert all(c["connects"] >= 3 and c["troubles"] == {} for c in visited.values())
        assert worker.status()["patrol"]["visits"] >= 9
        assert worker.signal(signal.SIGTERM) == 0
    for event in worker.events():
        assert 20 <= event.violation.confirmed_s - event.violation.onset_s <= 45
        assert {p.name for p in (tmp_path / "out" / "evidence" / event.id).iterdir()} >= {"onset.jpg", "trigger.jpg"}


def test_evidence_comes_from_the_main_stream_while_the_sub_stream_is_watched(tmp_path, recording, toy_model, key):
    large = street(tmp_path / "main.mp4", seconds=6, gop_s=1, size=(960, 576), things=[CAR])
    with Simulator([recording, large], cameras=2) as simulator:
        urls = f'{{detect: "{simulator.url(0)}", evidence: "{simulator.url(1)}"}}'
        city = city_file(tmp_path / "city.yaml", f"  - id: gate\n    urls: {urls}\n")
        out = tmp_path / "out"
        with working(city, out, key, "--model", toy_model) as worker:
            (event,) = worker.wait(lambda w: w.events(), "the car is found")
            assert worker.cameras()["gate"]["evidence_state"] == "live"
            worker.wait(lambda _: (out / "evidence" / event.id / "manifest.json").exists(), "its clip is whole")
            simulator.fault(1, Fault.DOWN)
            worker.wait(lambda w: w.cameras()["gate"]["evidence_state"] == "backing_off", "the main stream fails")
            assert worker.cameras()["gate"]["troubles"] == {}
    folder = out / "evidence" / event.id
    assert event.violation.size == (320, 192)
    # The car stood there before the main stream was read: its first picture may be the sub-stream's.
    assert cv2.imread(str(folder / "onset.jpg")).shape[:2] in ((192, 320), (576, 960))
    assert cv2.imread(str(folder / "trigger.jpg")).shape[:2] == (576, 960)
    with av.open(str(folder / "clip.mp4")) as clip:
        assert clip.streams.video[0].width == 960


def test_a_main_stream_that_fails_leaves_evidence_to_the_sub_stream(tmp_path, recording, toy_model, key):
    with Simulator([recording], cameras=2, own_ports=True) as simulator:
        simulator.fault(1, Fault.DOWN)
        urls = f'{{detect: "{simulator.url(0)}", evidence: "{simulator.url(1)}"}}'
        city = city_file(tmp_path / "city.yaml", f"  - id: gate\n    urls: {urls}\n")
        with working(city, tmp_path / "out", key, "--model", toy_model) as worker:
            (event,) = worker.wait(lambda w: w.events(), "the car is found")
            folder = tmp_path / "out" / "evidence" / event.id
            worker.wait(lambda _: (folder / "manifest.json").exists(), "its evidence is whole")
    assert (folder / "clip.mp4").exists()
    assert cv2.imread(str(folder / "trigger.jpg")).shape[:2] == (192, 320)


def test_what_operators_decide_counts_at_once_and_a_mistake_in_it_changes_nothing(tmp_path, simulator, toy_model, key):
    city, decisions = city_file(tmp_path / "city.yaml", camera(simulator, 0)), tmp_path / "decisions.csv"
    decisions.write_text("violation,decision\n", encoding="utf-8")
    out = tmp_path / "out"
    with working(city, out, key, "--model", toy_model, "--decisions", decisions) as worker:
        (car,) = worker.wait(lambda w: w.events(), "the car is found")
        assert worker.cameras()["cam001"]["decided"] == {"confirmed": 0, "rejected": 0}
        decisions.write_text(f"violation,decision\n{car.id},maybe\n", encoding="utf-8")
        worker.wait(lambda w: "decisions.csv:2" in w.status()["decisions"], "the mistake is said")
        assert "decisions.csv:2" in "".join(looked("top", worker.address, "--once").out.split())
        decisions.write_text(f"violation,decision\n{car.id},rejected\nelsewhere,confirmed\n", encoding="utf-8")
        worker.wait(lambda w: w.cameras()["cam001"]["decided"]["rejected"] == 1, "it counts")
        assert worker.status()["decisions"] == ""
        assert "0/1" in looked("top", worker.address, "--once").out
        said = f'camera="cam001",type="{car.violation.key}",verdict='
        lines = [line for line in worker.get("/metrics")[1].splitlines() if line.startswith("streetorder_decisions{")]
        assert lines == [
            f'streetorder_decisions{{{said}"confirmed"}} 0.0', f'streetorder_decisions{{{said}"rejected"}} 1.0',
        ]  # fmt: skip
        assert worker.cameras()["cam001"]["connects"] == 1
        assert worker.signal(signal.SIGTERM) == 0
    decisions.unlink()
    refused = streetorder("worker", "--cameras", city, "--out", out, "--decisions", decisions, key=key)
    assert refused.code == 2
    assert "no such file" in refused.err

"""Ways out besides the webhook: another Open311 server, a broker, shifted coordinates."""

import math
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cases.desk import SIGHT
from cases.dispatch.delivery import Delivery
from cases.dispatch.feedback import feed_back
from cases.dispatch.mqtt import Mqtt, MqttProblem
from cases.dispatch.open311 import Open311
from cases.dispatch.sender import Message, NotDelivered, Refused
from cases.dispatch.shifted import Shifted, gcj02
from cases.life import Action, State
from cases.policy import Policy
from tests.cases.office import LI, POLICY, WANG, Office
from tests.cases.stores import NOON, fresh_url
from tests.service.api.served import Served, serving

LOCAL = ["127.0.0.1"]
CASE = {
    "id": "c",
    "number": 7,
    "state": "dispatched",
    "key": "overflowing_bin",
    "lat": 24.4795,
    "lon": 118.0894,
    "onset": None,
}


def message(**change: Any) -> Message:
    said = {"id": "m", "type": "case.dispatch", "case_id": "c", "created_at": NOON, "body": {"case": CASE}}
    return Message(**(said | change))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Served]:
    """Another city's service."""
    with fresh_url("sqlite", tmp_path / "elsewhere") as url, serving(url, str(tmp_path / "evidence")) as found:
        yield found


def test_a_case_is_filed_elsewhere_once_and_comes_back_handled(office: Office, elsewhere: Served) -> None:
    office.desk.policy = Policy(assignments=POLICY.assignments, receivers={"other": frozenset({"case.dispatch"})})
    way = Open311(f"{elsewhere.url}/open311/v2", elsewhere.keys["worker"], {}, allowed=LOCAL)
    case = office.arrive(1)
    office.act(office.act(office.act(case, Action.ACCEPT, LI), Action.FILE, LI), Action.DISPATCH, WANG)
    assert Delivery("other", way, office.engine, office.writer, office.clock).once() == 1
    (there,) = elsewhere.ask("li", "GET", "/api/v1/cases").json()["cases"]
    assert (there["key"], there["lat"], there["lon"]) == ("overflowing_bin", 24.48, 118.09)
    assert feed_back("other", way, office.engine, office.writer, office.desk) == 0
    path = f"/api/v1/cases/{there['id']}/actions"
    assert elsewhere.ask("li", "POST", path, {"action": "reject", "reason": "emptied"}).status_code == 200
    assert feed_back("other", way, office.engine, office.writer, office.desk) == 1
    assert office.case(case).state is State.FED_BACK
    last = office.history(case)[-1]
    assert (last["who"], last["role"], last["reason"]) == ("other", "handler", "emptied")
    assert feed_back("other", way, office.engine, office.writer, office.desk) == 0


def test_what_was_filed_although_no_answer_came_is_found_again(elsewhere: Served) -> None:
    way = Open311(f"{elsewhere.url}/open311/v2", elsewhere.keys["worker"], {}, allowed=LOCAL)
    first = way.send(message())
    again = way.send(message(tries=1))
    assert again is not None
    assert again["service_request_id"] == (first or {})["service_request_id"]
    assert way.send(message(id="other", tries=1)) != again
    assert len(elsewhere.ask("li", "GET", "/api/v1/cases").json()["cases"]) == 2


def test_what_is_not_taken_elsewhere_says_why(elsewhere: Served) -> None:
    url = f"{elsewhere.url}/open311/v2"
    with pytest.raises(Refused, match="403"):
        Open311(url, "wrong", {}, allowed=LOCAL).send(message())
    with pytest.raises(Refused, match="404"):
        Open311(url, elsewhere.keys["worker"], {"overflowing_bin": "potholes"}, allowed=LOCAL).send(message())
    with pytest.raises(NotDelivered, match="private network"):
        Open311(url, "so_x", {}).send(message())
    with pytest.raises(NotDelivered, match="ConnectError"):
        Open311("http://127.0.0.1:9", "so_x", {}, allowed=LOCAL).send(message())


def test_a_place_without_coordinates_is_filed_by_its_street(elsewhere: Served) -> None:
    way = Open311(f"{elsewhere.url}/open311/v2", elsewhere.keys["worker"], {}, allowed=LOCAL)
    way.send(message(body={"case": CASE | {"lat": None, "lon": None, "street": "Zhongshan Lu"}}))
    (there,) = elsewhere.ask("li", "GET", "/api/v1/cases").json()["cases"]
    assert (there["lat"], there["address"]) == (None, "Zhongshan Lu")


class Kept:
    def send(self, message: Message) -> None:
        self.message = message


def test_gcj_02_is_shifted_as_maps_in_xiamen_are() -> None:
    lat, lon = gcj02(24.4795, 118.0894)
    north, east = (lat - 24.4795) * 111_194.9, (lon - 118.0894) * 111_194.9 * math.cos(math.radians(24.4795))
    assert north == pytest.approx(-294, abs=5)
    assert east == pytest.approx(504, abs=5)
    assert gcj02(48.2, 16.4) == (48.2, 16.4)
    kept = Kept()
    Shifted(kept).send(message(body={"case": CASE, "coordinates": "WGS-84"}))
    assert kept.message.body == {"case": CASE | {"lat": lat, "lon": lon}, "coordinates": "GCJ-02"}
    assert CASE["lat"] == 24.4795


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        pytest.skip("mosquitto, a broker, is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    process = subprocess.Popen([program, "-c", str(conf)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield port
    process.kill()
    process.wait()


def test_a_broker_is_told_and_what_it_does_not_acknowledge_is_not_delivered(broker: int) -> None:
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    heard: list[Any] = []
    listener = Client(CallbackAPIVersion.VERSION2)
    listener.on_message = lambda _, __, said: heard.append((said.topic, said.qos, said.payload))
    listener.connect("127.0.0.1", broker)
    listener.subscribe("city/#", qos=1)
    listener.loop_start()
    time.sleep(0.3)
    way = Mqtt(f"mqtt://127.0.0.1:{broker}/city/cases", "urn:test", allowed=LOCAL)
    for id in ("one", "two"):
        way.send(message(id=id))
    deadline = time.monotonic() + 10
    while len(heard) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    listener.loop_stop()
    assert [(topic, qos) for topic, qos, _ in heard] == [("city/cases/case/dispatch", 1)] * 2
    assert b'"id":"two"' in heard[1][2]
    with pytest.raises(NotDelivered, match="private network"):
        Mqtt(f"mqtt://127.0.0.1:{broker}/city", "urn:test").send(message())
    with pytest.raises(NotDelivered, match="refused"):
        Mqtt("mqtt://127.0.0.1:9/city", "urn:test", allowed=LOCAL).send(message())
    with pytest.raises(MqttProblem, match="topic"):
        Mqtt("mqtt://127.0.0.1", "urn:test")


def test_what_was_told_long_ago_is_looked_for_a_little_earlier(elsewhere: Served) -> None:
    elsewhere.clock.pass_(minutes=-5)
    way = Open311(f"{elsewhere.url}/open311/v2", elsewhere.keys["worker"], {}, allowed=LOCAL)
    first = way.send(message())
    assert way.send(message(tries=2, created_at=NOON + timedelta(seconds=1))) == first


class Lazy:
    """Says that everything is done."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, message: Message) -> dict[str, str]:
        self.sent.append(message.type)
        return {"service_request_id": str(len(self.sent))}

    def handled(self, ids: Any) -> dict[str, str]:
        return dict.fromkeys(ids, "done")


def test_whoever_says_done_and_did_nothing_is_told_again_before_it_is_believed_again(office: Office) -> None:
    wanted = frozenset({"case.dispatch", "case.return"})
    office.desk.policy = Policy(assignments=POLICY.assignments, receivers={"other": wanted})
    way, case = Lazy(), office.arrive(1)
    office.act(office.act(office.act(case, Action.ACCEPT, LI), Action.FILE, LI), Action.DISPATCH, WANG)
    out = Delivery("other", way, office.engine, office.writer, office.clock)
    out.once()

    def told() -> int:
        return feed_back("other", way, office.engine, office.writer, office.desk)

    assert (told(), told()) == (1, 0)
    office.clock.pass_(minutes=2)
    office.act(office.case(case), Action.RETURN, SIGHT, "camera gate still sees it")
    assert told() == 0
    assert out.once() == 1
    assert (told(), way.sent) == (1, ["case.dispatch", "case.return"])


def test_a_page_for_people_instead_of_an_answer_is_a_server_that_is_mended(elsewhere: Served) -> None:
    way = Open311(elsewhere.url, "so_x", {}, allowed=LOCAL)
    way._pinned.ask = lambda *_, **__: httpx.get(elsewhere.url)  # type: ignore[method-assign,assignment]
    for asked in (lambda: way.handled(["1"]), lambda: way.send(message())):
        with pytest.raises(NotDelivered, match="no JSON but text/html"):
            asked()

"""RTSP as other clients speak it, and clients that do not behave."""

import asyncio
import hashlib
import random
import struct
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.simulator.faults import Fault
from streams.simulator.outlet import MOST_WAITING, Outlet
from streams.simulator.player import Player
from streams.simulator.rtp import Picture
from streams.simulator.simulator import Simulator
from tests.scenery import street
from tests.streams.rtsp_client import Wire, packets, watching


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("clip") / "street.mp4", seconds=2, fps=10, gop_s=0.5)


@pytest.fixture
def simulator(clip: Path) -> Iterator[Simulator]:
    with Simulator([clip], cameras=1) as running:
        yield running


@pytest.fixture
def guarded(clip: Path) -> Iterator[Simulator]:
    with Simulator([clip], cameras=1, user="admin", password="secret") as running:
        yield running


def test_the_description_holds_what_a_decoder_needs(simulator: Simulator) -> None:
    with Wire(simulator.url(0)) as wire:
        status, found = wire.ask("DESCRIBE", "Accept: application/sdp")
    assert status == 200
    assert found["content-base"] == f"{simulator.url(0)}/"
    assert "a=rtpmap:96 H264/90000\r\n" in found["body"]
    assert "sprop-parameter-sets=Z2" in found["body"]


def test_requests_have_the_answers_of_the_standard(simulator: Simulator) -> None:
    with Wire(simulator.url(0)) as wire:
        status, found = wire.ask("OPTIONS")
        assert status == 200
        assert "GET_PARAMETER" in found["public"]
        assert wire.ask("PLAY")[0] == 454
        assert wire.ask("SETUP", "Transport: RTP/AVP;unicast;client_port=5000-5001", path="/trackID=0")[0] == 461
        status, found = wire.ask("SETUP", "Transport: RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast")
        assert (status, found["transport"]) == (200, "RTP/AVP/TCP;unicast;interleaved=0-1")
        assert wire.ask("PLAY", "Session: other")[0] == 454
        assert wire.ask("PLAY", f"Session: {found['session']}")[0] == 200
        assert wire.ask("PAUSE")[0] == 501
        assert wire.ask("GET_PARAMETER")[0] == 200
        assert simulator.clients(0) == 1
        assert wire.ask("TEARDOWN")[0] == 200
        with pytest.raises(EOFError):
            wire.packet()
    with Wire(simulator.url(0).replace("cam001", "cam999")) as wire:
        assert wire.ask("DESCRIBE")[0] == 404


def test_the_clock_is_reported_before_the_first_picture_on_the_channel_that_was_asked_for(simulator: Simulator) -> None:
    with Wire(simulator.url(0)) as wire:
        wire.play("RTP/AVP/TCP;unicast;interleaved=4-5")
        channel, report = wire.packet()
        assert (channel, report[1], len(report)) == (5, 200, 28)
        channel, first = wire.packet()
        assert (channel, first[0], first[1] & 0x7F) == (4, 0x80, 96)
        _, stamp = struct.unpack(">QI", report[8:20])
        later_s = (int.from_bytes(first[4:8], "big") - stamp) / 90_000
        assert 0 <= later_s < 0.6


def test_basic_and_digest_with_and_without_qop_are_taken(guarded: Simulator) -> None:
    def md5(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode()).hexdigest()

    url = guarded.url(0).replace("admin:secret@", "")
    with Wire(url) as wire:
        status, found = wire.ask("DESCRIBE")
        assert (status, found["www-authenticate"]) == (401, 'Basic realm="streetorder simulator"')
        assert wire.ask("DESCRIBE", f"Authorization: Basic {b64encode(b'admin:wrong').decode()}")[0] == 401
        assert wire.ask("DESCRIBE", "Authorization: Basic ???")[0] == 401
        assert wire.ask("DESCRIBE", f"Authorization: Basic {b64encode(b'admin:secret').decode()}")[0] == 200

    for qop in ("", "auth"):
        with Wire(url) as wire:
            wire.ask("DESCRIBE")
            nonce = wire.nonce
            secret, asked = md5("admin", "streetorder simulator", "secret"), md5("DESCRIBE", url)
            middle = [nonce, "00000001", "abc", "auth"] if qop else [nonce]
            fields = f'username="admin", realm="streetorder simulator", nonce="{nonce}", uri="{url}"'
            extra = ', qop=auth, nc=00000001, cnonce="abc"' if qop else ""
            right = md5(secret, *middle, asked)
            assert wire.ask("DESCRIBE", f'Authorization: Digest {fields}, response="{right}"{extra}')[0] == 200
            assert wire.ask("SETUP", f'Authorization: Digest {fields}, response="{right}"{extra}')[0] == 401


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" * 9000, b"A B C\r\n\r\n"])
def test_what_is_no_rtsp_is_turned_away_and_others_go_on(simulator: Simulator, noise: bytes) -> None:
    with watching(simulator.url(0)) as container, Wire(simulator.url(0)) as wire:
        wire.socket.sendall(noise)
        with pytest.raises((EOFError, ConnectionError)):
            wire.read_on()
        assert packets(container, 3)


class SlowNetwork:
    """A transport that takes nothing until it is told to."""

    def __init__(self) -> None:
        self.waiting = 0
        self.most = 0

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def write(self, data: bytes) -> None:
        self.waiting += len(data)
        self.most = max(self.most, self.waiting)


def test_a_client_that_does_not_keep_up_loses_whole_groups_and_memory_stays_bounded() -> None:
    network = SlowNetwork()
    outlet = Outlet(network, asyncio.new_event_loop())  # type: ignore[arg-type]
    player = Player(outlet, (0, 1), reports=False, chance=random.Random(1))
    data = bytes(100_000)
    pictures = [Picture(data, (0,), n * 3600, n * 3600, n % 10 == 0, 2) for n in range(100)]
    taken = []
    for n, picture in enumerate(pictures):
        before = network.waiting
        player.send(picture, n * 3600, {})
        if network.waiting > before:
            taken.append(n)
        if n == 44:
            network.waiting = 0  # caught up in the middle of a group
    assert network.most <= MOST_WAITING + len(data)
    assert taken == [*range(11), *range(50, 61)]
    assert player.dropped == 100 - len(taken)


def test_a_client_that_reads_nothing_costs_the_others_nothing(simulator: Simulator) -> None:
    with Wire(simulator.url(0)) as deaf, watching(simulator.url(0)) as container:
        deaf.play()
        simulator.fault(0, Fault.FREEZE)
        assert len(packets(container, 10)) == 10

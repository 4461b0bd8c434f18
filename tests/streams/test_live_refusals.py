"""Live sources that say no, or nothing; what asks for a password, and what is encrypted."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from streams.link import LinkState, Trouble
from streams.simulator.faults import Fault
from streams.simulator.simulator import Simulator
from tests.streams.live_camera import watching
from tests.streams.live_sources import SOURCES, Clips, side_by_side
from tests.streams.on_air import Playing
from tests.streams.rtmp_server import RtmpServer
from tests.streams.stream_servers import HttpServer, TlsProxy


def test_an_answer_that_says_no_is_told_apart(live_clips: Clips) -> None:
    def check(source: str, status: int, trouble: Trouble) -> None:
        with SOURCES[source](live_clips) as server:
            server.status = status
            with watching(server.url()) as camera:
                assert camera.wait_for(LinkState.BACKING_OFF).trouble is trouble

    answers = {401: "unauthorised", 403: "unauthorised", 404: "not_found", 503: "other"}
    side_by_side(check, [(source, *(s, Trouble(t))) for source in ("flv", "hls") for s, t in answers.items()])


@pytest.mark.parametrize(("refusal", "trouble"), [
    ("NetStream.Play.StreamNotFound", Trouble.NOT_FOUND), ("NetConnection.Connect.Rejected", Trouble.UNAUTHORISED),
])  # fmt: skip
def test_an_rtmp_server_that_says_no_is_told_apart(refusal: str, trouble: Trouble, live_clips: Clips) -> None:
    with RtmpServer(Playing(live_clips["clip.mp4"], "flv"), refusal) as server, watching(server.url()) as camera:
        assert camera.wait_for(LinkState.BACKING_OFF).trouble is trouble


def test_a_server_that_is_down_is_tried_until_it_is_up(live_clips: Clips) -> None:
    def check(source: str) -> None:
        with SOURCES[source](live_clips) as server:
            server.down()
            with watching(server.url(), "keyframe") as camera:
                camera.wait(lambda c: c.reader.link.troubles[Trouble.REFUSED] >= 2)
                server.up()
                camera.wait_for_frames(1)

    side_by_side(check, [("rtmp",), ("flv",), ("hls",)])


@pytest.mark.parametrize("scheme", ["rtmp", "http", "rtsp"])
def test_a_name_that_does_not_resolve_is_unreachable(scheme: str) -> None:
    with watching(f"{scheme}://nowhere.invalid/live/gate.flv") as camera:
        assert camera.wait_for(LinkState.BACKING_OFF).trouble is Trouble.UNREACHABLE


def test_a_source_that_never_says_anything_times_out(live_clips: Clips) -> None:
    def check(source: str) -> None:
        server = SOURCES[source](live_clips)
        server.silent = True
        if source == "udp":
            server.playing.stall()
        with server, watching(server.url(), socket_s=0.5) as camera:
            assert camera.wait_for(LinkState.BACKING_OFF).trouble is Trouble.TIMEOUT
            server.silent = False

    side_by_side(check, [("flv",), ("hls",), ("udp",)])


@pytest.mark.parametrize("auth", ["Basic", "Digest"])
def test_http_asks_for_a_password_which_never_shows(auth: str, live_clips: Clips) -> None:
    flv = Playing(live_clips["clip.mp4"], "flv")
    with HttpServer(flv, "/live/gate.flv", "video/x-flv", password="right") as server:
        server.auth = auth
        with watching(server.url("anna", "right")) as camera:
            camera.wait_for_frames(1)
        with watching(server.url("anna", "s3cret")) as camera:
            change = camera.wait_for(LinkState.BACKING_OFF)
        assert change.trouble is Trouble.UNAUTHORISED
        assert "s3cret" not in change.message


def test_rtsp_asks_for_a_digest_and_gets_it(live_clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    with Simulator([live_clips["clip.mp4"]], cameras=1, user="anna", password="right") as simulator:
        guard = simulator._guard
        assert guard is not None
        admits = guard.admits

        def listening(request: Any, nonce: str) -> bool:
            asked.append(request.headers.get("authorization", ""))
            return admits(request, nonce)

        monkeypatch.setattr(guard, "admits", listening)
        with watching(simulator.url(0)) as camera:
            camera.wait_for_frames(1)
    assert asked[-1].startswith("Digest ")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Signed by itself, for another name, and run out: what cameras have."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(9)).not_valid_after(now - timedelta(2))
    path = tmp_path_factory.mktemp("tls") / "camera.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    )
    return path


def test_over_tls_any_certificate_is_taken_and_silence_is_noticed(live_clips: Clips, certificate: Path) -> None:
    def check(scheme: str, server: Any, path: str, stall: Callable[[Any], None]) -> None:
        with (
            server,
            TlsProxy(server.port, certificate) as proxy,
            watching(f"{scheme}://127.0.0.1:{proxy.port}{path}", "keyframe", socket_s=0.7) as camera,
        ):
            camera.wait_for_frames(2)
            stall(server)
            ended = camera.wait_for(LinkState.BACKING_OFF)
            assert ended.trouble in (Trouble.TIMEOUT, Trouble.STALL, Trouble.ENDED)

    camera = Simulator([live_clips["clip.mp4"]], cameras=1)
    side_by_side(check, [
        ("rtsps", camera, "/cam001", lambda c: c.fault(0, Fault.STALL)),
        ("https", SOURCES["flv"](live_clips), "/live/gate.flv", lambda s: s.playing.stall()),
        ("rtmps", SOURCES["rtmp"](live_clips), "/live/gate", lambda s: s.playing.stall()),
    ])  # fmt: skip

"""A broker that does not acknowledge, goes away, or is another one than its name says."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cases.dispatch import mqtt
from cases.dispatch.mqtt import Mqtt, MqttProblem
from cases.dispatch.sender import Message, NotDelivered
from tests.cases.broker import Broker
from tests.cases.stores import NOON


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.close()


def way_to(broker: Broker, host: str = "broker.example", scheme: str = "mqtt") -> Mqtt:
    url = f"{scheme}://{host}:{broker.port}/city"
    return Mqtt(url, "urn:test", allowed=["127.0.0.0/8"], resolve=lambda *_: ["127.0.0.1"])


def message(id: str) -> Message:
    return Message(id, "case.dispatch", "c", NOON, {})


def test_what_a_broker_did_not_acknowledge_only_the_outbox_sends_again(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    way, broker.acknowledges = way_to(broker), False
    with monkeypatch.context() as impatient:
        impatient.setattr(mqtt, "TIMEOUT_S", 0.5)
        for id in ("m1", "m1", "dead meanwhile"):
            with pytest.raises(NotDelivered, match="not acknowledged"):
                way.send(message(id))
    broker.acknowledges = True
    way.send(message("m1"))
    way.send(message("m2"))
    assert [id for connection, id in broker.got if connection == broker.connections] == ["m1", "m2"]


def test_a_connection_that_ended_is_not_made_again_before_its_address_is_checked(broker: Broker) -> None:
    way, before = way_to(broker), _clients()
    way.send(message("m1"))
    broker.last.shutdown(socket.SHUT_RDWR)
    _until(lambda: _clients() == before)
    way._resolve = lambda *_: ["10.0.0.1"]
    with pytest.raises(NotDelivered, match="private network"):
        way.send(message("m2"))
    assert broker.connections == 1


def test_what_is_told_of_a_broker_that_is_away_holds_no_secret() -> None:
    way = Mqtt("mqtt://so:geheim@127.0.0.1/geheim", "urn:test", allowed=["127.0.0.1"])
    with pytest.raises(NotDelivered, match="user or a password") as told:
        way.send(message("m"))
    with pytest.raises(NotDelivered, match=r"^mqtt://127\.0\.0\.1: .*refused") as away:
        Mqtt("mqtt://127.0.0.1:9/geheim", "urn:test", allowed=["127.0.0.1"]).send(message("m"))
    with pytest.raises(MqttProblem, match="a topic is needed") as wrong:
        Mqtt("mqtt://so:geheim@127.0.0.1/#", "urn:test")
    assert "geheim" not in f"{told.value} {away.value} {wrong.value}"


def test_the_certificate_is_asked_for_by_name_at_the_address_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path / "broker.pem", "broker.example"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "broker.pem"))
    secure = Broker(tls=context)
    way_to(secure, "broker.example", "mqtts").send(message("m1"))
    with pytest.raises(NotDelivered, match=r"^mqtts://another\.example: .*certificate"):
        way_to(secure, "another.example", "mqtts").send(message("m2"))
    secure.close()
    assert secure.got == [(1, "m1")]


def _certificate(path: Path, host: str) -> Path:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    )
    return path


def _clients() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("paho")}


def _until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)

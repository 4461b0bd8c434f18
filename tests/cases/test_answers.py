"""What other systems answer by HTTP, however long, slow or broken it is, is waited for and read only so far."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import repeat
from typing import Any

import pytest

from cases.dispatch import pinned
from cases.dispatch.delivery import LEASE
from cases.dispatch.open311 import Open311
from cases.dispatch.sender import Message, NotDelivered
from cases.dispatch.webhook import Webhook
from tests.cases.receiver import Receiver
from tests.cases.stores import NOON
from tests.cases.talker import HEADS, Talker

LOCAL = ["127.0.0.1"]
MESSAGE = Message("m", "case.dispatch", "c", NOON, {})


@pytest.fixture
def talking() -> Iterator[Callable[..., Talker]]:
    made: list[Talker] = []

    def talker(*what: Any) -> Talker:
        made.append(Talker(*what))
        return made[-1]

    yield talker
    for one in made:
        one.close()


@pytest.mark.parametrize(
    "begin", [HEADS + b"X-Long: ", HEADS + b"Content-Length: 999999\r\n\r\n"], ids=["head", "body"]
)
def test_a_receiver_that_never_comes_to_its_end_is_left(
    talking: Callable[..., Talker], begin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinned, "WHOLE_S", 0.3)
    slow = talking([begin, *repeat(b"a", 60)], 0.05)
    with pytest.raises(NotDelivered, match=r"not done with its answer within 0\.3 s"):
        Webhook(slow.url, b"k" * 16, "urn:test", LOCAL).send(MESSAGE)


def test_of_an_answer_that_is_too_large_no_more_is_read(talking: Callable[..., Talker]) -> None:
    large = talking([HEADS + b"\r\n", *repeat(b"[" * (1 << 20), 200)])
    answer = Webhook(large.url, b"k" * 16, "urn:test", LOCAL).send(MESSAGE) or {}
    assert len(answer["body"]) == pinned.LARGEST
    assert large.sent < 100 << 20
    with pytest.raises(NotDelivered, match="answers of up to 8 MB are read"):
        Open311(large.url, "key", {}, allowed=LOCAL).handled(["1"])


def test_a_packed_answer_is_not_unpacked(talking: Callable[..., Talker]) -> None:
    packed = gzip.compress(b"[" * (64 << 20))
    bomb = talking([HEADS + b"Content-Encoding: gzip\r\n\r\n" + packed])
    answer = Webhook(bomb.url, b"k" * 16, "urn:test", LOCAL).send(MESSAGE) or {}
    assert len(answer["body"]) <= len(packed)
    with pytest.raises(NotDelivered, match="no JSON"):
        Open311(bomb.url, "key", {}, allowed=LOCAL).handled(["1"])


def test_json_that_is_nested_without_end_is_no_answer(talking: Callable[..., Talker]) -> None:
    deep = talking([HEADS + b"\r\n" + b"[" * 200_000])
    with pytest.raises(NotDelivered, match="no JSON"):
        Open311(deep.url, "key", {}, allowed=LOCAL).handled(["1"])


def test_a_url_that_is_none_is_said_and_not_raised() -> None:
    with pytest.raises(NotDelivered, match="non-printable"):
        Webhook("http://8.8.8.8/\x01", b"k" * 16, "urn:test").send(MESSAGE)


def test_a_server_that_refuses_all_for_one_that_it_does_not_know_is_asked_by_halves() -> None:
    asked: list[list[str]] = []

    def pages(path: str) -> bytes | None:
        ids = path.partition("service_request_id=")[2].split("%2C")
        asked.append(ids)
        rows = [{"service_request_id": id, "status": "closed"} for id in ids]
        return None if "lost" in ids else json.dumps(rows).encode()

    server = Receiver(pages=pages)
    known = {f"r{n}" for n in range(40)}
    try:
        found = Open311(server.url, "key", {}, allowed=LOCAL).handled(known | {"lost"})
    finally:
        server.close()
    assert found.keys() == known
    assert len(asked) < 15


def test_a_message_is_tried_for_less_than_its_lease() -> None:
    """A request is looked for before it is filed again."""
    assert timedelta(seconds=2 * pinned.WHOLE_S) < LEASE

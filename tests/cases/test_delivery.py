"""Messages reach their receivers: at least once, in each case's order, whatever the receiver does meanwhile."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from cases.desk import Actor
from cases.dispatch import pinned
from cases.dispatch.addresses import NotAllowedAddress, checked
from cases.dispatch.delivery import Delivery, again, forget, to_nobody
from cases.dispatch.sender import Message, NotDelivered
from cases.dispatch.webhook import MOMENT, SIGNATURE, Webhook, genuine
from cases.evidence import add, fresh
from cases.life import Action, Role
from cases.outbox import GIVEN_UP
from cases.store.tables import evidence, outbox
from tests.cases.office import LI, Office
from tests.cases.receiver import Receiver
from tests.cases.stores import event
from vision.records import iso

SECRET = b"a secret of the platform"


@pytest.fixture
def platform() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def delivery(office: Office, platform: Receiver) -> Delivery:
    sender = Webhook(platform.url, SECRET, "urn:city", {"127.0.0.0/8"}, office.clock)
    return Delivery("platform", sender, office.engine, office.writer, office.clock, random.Random(1))


def states(office: Office) -> list[str]:
    return office.do(lambda tx: [row.state for row in tx.execute(select(outbox.c.state).order_by(outbox.c.id))])


def pumped(office: Office, out: Delivery, time: timedelta, step: timedelta = timedelta(seconds=10)) -> None:
    """As the delivery's thread would over that time."""
    until = office.clock.now + time
    while office.clock.now < until:
        while out.once():
            pass
        office.clock.now += step


def test_a_message_is_a_signed_cloud_event(office: Office, platform: Receiver) -> None:
    case = office.arrive(1)
    assert delivery(office, platform).once() == 1
    (got,) = platform.all
    assert got.event["type"] == "streetorder.case.opened"
    assert got.event["specversion"] == "1.0"
    assert got.event["subject"] == got.event["data"]["case"]["id"] == case.id
    assert got.headers["Content-Type"].startswith("application/cloudevents+json")
    at, said = got.headers[MOMENT], got.headers[SIGNATURE]
    assert genuine(SECRET, at, got.body, said, office.clock.now)
    assert not genuine(SECRET, at, got.body + b" ", said, office.clock.now)
    assert not genuine(b"another", at, got.body, said, office.clock.now)
    assert not genuine(SECRET, at, got.body, said, office.clock.now + timedelta(minutes=6))
    assert not genuine(SECRET, "soon", got.body, said, office.clock.now)
    assert not genuine(SECRET, at, got.body, "sha256=\xe9\udce9", office.clock.now)


def test_a_message_says_who_sees_it_and_what_there_is_to_look_at_when_it_is_sent(
    office: Office, platform: Receiver
) -> None:
    case = office.arrive(1)
    office.arrive(2, camera="yard", place=(24.48002, 118.09, 5.0))
    now = office.clock.now
    pieces = [
        fresh(case.id, event(1).id, kind, media_type, 9, letter * 64, "w", now + timedelta(seconds=n))
        for n, (kind, media_type, letter) in enumerate(
            [("trigger", "image/png", "a"), ("clip", "video/x-matroska", "b"), ("manifest", "application/json", "c")]
        )
    ]
    trigger, clip, manifest = (office.do(lambda tx, p=p: add(tx, p)) for p in pieces)
    of_it = update(evidence).where(evidence.c.id == trigger.id)
    office.do(lambda tx: tx.execute(of_it.values(shared_path="x-shared.jpg", copy_sha256="d" * 64)).rowcount)
    assert delivery(office, platform).once() == 1
    said = platform.all[-1].event["data"]
    assert [(v["id"], v["camera_id"], v["onset"], v["gone"]) for v in said["violations"]] == [
        (event(1).id, "gate", iso(event(1).violation.onset), False),
        (event(2).id, "yard", iso(event(2).violation.onset), False),
    ]
    assert [(e["id"], e["path"], e["media_type"], e["sha256"], e["sealed_sha256"]) for e in said["evidence"]] == [
        (trigger.id, f"/api/v1/evidence/{trigger.id}", "image/jpeg", "d" * 64, "a" * 64),
        (manifest.id, f"/api/v1/evidence/{manifest.id}", "application/json", "c" * 64, "c" * 64),
    ], f"of {clip.id} there is no copy yet"


def test_of_a_case_that_was_merged_a_message_has_what_lies_with_the_one_that_goes_on(
    office: Office, platform: Receiver
) -> None:
    first, second = office.arrive(1), office.arrive(2, camera="tower", place=(24.48, 118.09, 80.0))
    office.act(second, Action.MERGE, LI, "the same bin", into=first.id)
    out = delivery(office, platform)
    while out.once():
        pass
    told = {r.event["type"]: r.event["data"] for r in platform.all if r.event["subject"] == second.id}
    assert told["streetorder.case.merge"]["case"]["merged_into"] == first.id
    assert [v["camera_id"] for v in told["streetorder.case.merge"]["violations"]] == ["gate", "tower"]


def test_a_message_that_cannot_be_made_for_the_moment_is_made_later(
    office: Office, platform: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.arrive(1)
    out = delivery(office, platform)

    def away(*_: object) -> None:
        raise OperationalError("SELECT", None, Exception("away"))

    with monkeypatch.context() as failing:
        failing.setattr("cases.dispatch.delivery.enclosed", away)
        assert out.once() == 0
    told = office.do(lambda tx: tx.execute(select(outbox.c.state, outbox.c.error)).one())
    assert tuple(told) == ("waiting", "the database: OperationalError")
    office.clock.pass_(seconds=10)
    assert out.once() == 1


def test_a_platform_that_is_down_for_an_hour_gets_everything_once_and_in_order(
    office: Office, platform: Receiver
) -> None:
    out, down_until = delivery(office, platform), office.clock.now + timedelta(hours=1)
    platform.answer = lambda _: 503 if office.clock.now < down_until else 200
    cases = [office.arrive(n, place=(24.0 + n / 100, 118.0, 5.0)) for n in range(1, 6)]
    for case in cases:
        office.act(case, Action.ACCEPT, LI)
        office.act(case, Action.FILE, LI)
    pumped(office, out, timedelta(minutes=59))
    assert set(states(office)) == {"waiting"}
    pumped(office, out, timedelta(minutes=20))
    assert states(office) == ["delivered"] * 15
    taken = [r for r in platform.all if r.headers["Idempotency-Key"] in platform.effect]
    last = {r.headers["Idempotency-Key"]: r.event for r in taken}
    for case in cases:
        mine = [e["type"] for e in last.values() if e["subject"] == case.id]
        assert mine == ["streetorder.case.opened", "streetorder.case.accept", "streetorder.case.file"]


@pytest.mark.parametrize("bad", [500, 429, None], ids=["500", "429", "says nothing"])
def test_a_platform_that_flaps_gets_everything_and_nothing_twice_in_effect(
    office: Office,
    platform: Receiver,
    bad: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pinned, "TIMEOUT_S", 0.1)
    out, chance = delivery(office, platform), random.Random(3)
    platform.answer = lambda _: 200 if chance.random() < 0.4 else bad
    for n in range(1, 9):
        office.arrive(n, place=(24.0 + n / 100, 118.0, 5.0))
    pumped(office, out, timedelta(minutes=30))
    assert states(office) == ["delivered"] * 8
    assert len(platform.effect) == 8
    assert len(platform.all) > 8


def test_what_is_refused_is_dead_until_a_person_sends_it_again(office: Office, platform: Receiver) -> None:
    out = delivery(office, platform)
    platform.answer = lambda _: 422
    office.arrive(1)
    out.once()
    assert states(office) == ["dead"]
    office.clock.pass_(hours=1)
    assert out.once() == 0
    row = office.do(lambda tx: tx.execute(select(outbox)).one())
    assert "422" in row.error
    platform.answer = lambda _: 200
    assert office.do(lambda tx: again(tx, [row.id], office.clock.now)) == 1
    assert out.once() == 1
    assert states(office) == ["delivered"]


def test_what_cannot_be_delivered_for_days_waits_for_a_person_and_lets_the_rest_go(
    office: Office,
    platform: Receiver,
) -> None:
    out = delivery(office, platform)
    platform.answer = lambda _: 503
    office.arrive(1)
    pumped(office, out, GIVEN_UP + timedelta(hours=1), timedelta(minutes=5))
    assert states(office) == ["dead"]
    platform.answer = lambda _: 200
    office.arrive(2, place=(25.0, 118.0, 5.0))
    assert out.once() == 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1/x", "private network"),
        ("http://[::1]/x", "private network"),
        ("http://[::ffff:10.0.0.1]/x", "private network"),
        ("http://[::ffff:0:10.0.0.1]/x", "private network"),
        ("http://[::10.0.0.1]/x", "private network"),
        ("http://[64:ff9b::10.0.0.1]/x", "private network"),
        ("http://[64:ff9b:1::10.0.0.1]/x", "private network"),
        ("http://[2002:7f00:1::]/x", "private network"),
        ("http://[2001:0:808:808::1]/x", "private network"),
        ("http://[fec0::1]/x", "private network"),
        (f"http://{'a' * 64}.example/x", "a+.example: "),
        ("http://..example/x", r"\.\.example: "),
        ("http://169.254.169.254/latest/meta-data", "private network"),
        ("http://0x7f000001/", "private network"),
        ("http://localhost:8480/", "private network"),
        ("http://224.0.0.1/", "private network"),
        ("file:///etc/passwd", "http or https"),
        ("gopher://x/", "http or https"),
        ("http://user:pw@8.8.8.8/", "user or a password"),
        ("http:///x", "with a host"),
        ("http://8.8.8.8:99999/", "can be read"),
    ],
)
def test_nobody_sends_the_program_into_its_own_networks(url: str, why: str) -> None:
    with pytest.raises(NotAllowedAddress, match=why):
        checked(url)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"])
def test_public_addresses_are_connected_to_also_where_a_network_writes_them_otherwise(address: str) -> None:
    assert checked("https://platform.example/", resolve=lambda *_: [address]) == ("platform.example", address, 443)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(NotAllowedAddress, match="private network"):
        checked("https://platform.example/", resolve=lambda *_: ["8.8.8.8", "192.168.1.1"])
    assert checked("https://platform.example/", {"192.168.1.0/24"}, lambda *_: ["192.168.1.1"])[1] == "192.168.1.1"
    assert checked("https://platform.example/", {"platform.example"}, lambda *_: ["192.168.1.1"])[2] == 443


def test_a_try_is_noted_before_it_is_made_and_the_message_is_nobody_elses_meanwhile(
    office: Office, platform: Receiver
) -> None:
    """A process that is killed between the two has told the platform, and the next one knows that it may have."""
    office.arrive(1)
    out, other = delivery(office, platform), delivery(office, platform)
    killed = KeyboardInterrupt()
    out._sender.send = lambda _: (_ for _ in ()).throw(killed)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        out.once()
    assert other.once() == 0
    office.clock.pass_(minutes=3)
    tries: list[int] = []
    other._sender.send = lambda message: tries.append(message.tries)  # type: ignore[method-assign]
    assert (other.once(), tries) == (1, [1])


def test_cases_that_a_platform_cannot_take_hold_up_no_other(office: Office, platform: Receiver) -> None:
    bad = [office.arrive(n, place=(24.0 + n / 100, 118.0, 5.0)).id for n in range(1, 31)]
    for id in bad:
        case = office.do(lambda tx, id=id: office.desk.case(tx, id))
        office.act(office.act(case, Action.ACCEPT, LI), Action.FILE, LI)
    out = delivery(office, platform)
    send = out._sender.send

    def picky(message: Message) -> object:
        if message.case_id in bad:
            raise NotDelivered("500")
        return send(message)

    out._sender.send = picky  # type: ignore[method-assign]
    pumped(office, out, timedelta(minutes=2))
    good = [office.arrive(n, place=(25.0 + n / 100, 118.0, 5.0)).id for n in range(31, 51)]
    pumped(office, out, timedelta(minutes=1))
    assert [m.event["subject"] for m in platform.all] == good


def test_old_messages_of_cases_that_are_over_and_not_held_are_forgotten(office: Office, platform: Receiver) -> None:
    case, held = office.arrive(1), office.arrive(3, place=(25.0, 118.0, 5.0))
    office.arrive(2, place=(24.0, 118.0, 5.0))
    office.act(held, Action.HOLD, Actor("zhou", Role.AUDITOR), "a court")
    for one in (case, held):
        office.act(one, Action.REJECT, LI, "a permit")
    pumped(office, delivery(office, platform), timedelta(minutes=1))
    office.clock.pass_(days=31)
    assert office.do(lambda tx: forget(tx, office.clock.now - timedelta(days=30))) == 2
    assert states(office) == ["delivered"] * 4


def test_messages_for_a_receiver_that_is_gone_are_counted(office: Office, platform: Receiver) -> None:
    office.arrive(1)
    assert office.do(lambda tx: to_nobody(tx, ["another"])) == {"platform": 1}
    assert office.do(lambda tx: to_nobody(tx, [])) == {"platform": 1}
    assert delivery(office, platform).once() == 1
    assert office.do(lambda tx: to_nobody(tx, ["another"])) == {}

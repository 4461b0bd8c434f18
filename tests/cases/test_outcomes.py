"""What comes of messages, however strange or late it is, is noted, and holds up nothing else."""

import logging
import uuid
from collections.abc import Callable, Collection
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from cases.case import Case
from cases.dispatch import feedback
from cases.dispatch.delivery import LEASE, Delivery
from cases.dispatch.feedback import feed_back
from cases.dispatch.sender import Message, NotDelivered, Refused
from cases.life import Action, State
from cases.store.tables import cases, outbox
from tests.cases.office import LI, WANG, Office
from tests.cases.stores import NOON

STRANGE = "\0no \ud800 thanks"
"""What no database can hold, one or another."""


def delivery(office: Office, send: Callable[[Message], Any]) -> Delivery:
    return Delivery("platform", SimpleNamespace(send=send), office.engine, office.writer, office.clock)


def rows(office: Office) -> list[Any]:
    return office.do(lambda tx: tx.execute(select(outbox).order_by(outbox.c.id)).all())


def raising(problem: Exception) -> Callable[[Message], Any]:
    def send(_: Message) -> None:
        raise problem

    return send


@pytest.mark.parametrize("problem", [Refused(STRANGE), NotDelivered(STRANGE), RuntimeError(STRANGE)])
def test_words_that_no_database_can_hold_are_kept_as_far_as_they_can_be(
    office: Office, problem: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "cases.dispatch.delivery")  # test processes tell each other no half characters
    office.arrive(1)
    delivery(office, raising(problem)).once()
    (row,) = rows(office)
    assert row.state == ("waiting" if isinstance(problem, NotDelivered) else "dead")
    assert row.error.endswith("no ? thanks")


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ({"body": STRANGE, "status": 200}, ({"body": "no ? thanks", "status": 200}, None)),
        ({"body": "x" * 9999}, ({"body": "x" * 2000}, None)),
        ({"body": object()}, (None, "what came of it cannot be kept")),
    ],
    ids=["strange", "long", "no JSON"],
)
def test_what_was_taken_is_delivered_whatever_was_answered(office: Office, answer: Any, kept: Any) -> None:
    office.arrive(1)
    assert delivery(office, lambda _: answer).once() == 1
    (row,) = rows(office)
    assert (row.state, (row.answer, row.error)) == ("delivered", kept)


def test_who_is_late_does_not_undo_what_another_service_did_meanwhile(office: Office) -> None:
    office.arrive(1)
    other = delivery(office, lambda _: None)

    def slow(_: Message) -> None:
        office.clock.now += LEASE
        assert other.once() == 1
        raise NotDelivered("no answer")

    assert delivery(office, slow).once() == 0
    assert [(row.state, row.tries) for row in rows(office)] == [("delivered", 2)]


def test_what_another_service_tried_since_it_was_looked_up_is_looked_up_again(office: Office) -> None:
    office.arrive(1)
    office.arrive(2, place=(25.0, 118.0, 5.0))
    seen: list[int] = []
    other = delivery(office, raising(NotDelivered("500")))

    def send(message: Message) -> None:
        seen.append(message.tries)
        if len(seen) == 1:
            other.once()
            office.clock.pass_(seconds=30)

    out = delivery(office, send)
    assert (out.once(), out.once()) == (1, 1)
    assert seen == [0, 1]


def dispatched(office: Office, number: int) -> Case:
    """And told, where it has the number as its id."""
    case = office.arrive(number, place=(24.0 + number / 10, 118.0, 5.0))
    for action, who in ((Action.ACCEPT, LI), (Action.FILE, LI), (Action.DISPATCH, WANG)):
        case = office.act(case, action, who)
    told = update(outbox).where(outbox.c.case_id == case.id, outbox.c.type == "case.dispatch")
    answer = {"service_request_id": str(number)}
    office.do(lambda tx: tx.execute(told.values(state="delivered", answer=answer)).rowcount)
    office.clock.pass_(seconds=1)
    return case


def fed_back(office: Office, handled: Callable[[Collection[str]], Any]) -> int:
    asked = SimpleNamespace(handled=handled)
    return feed_back("platform", asked, office.engine, office.writer, office.desk)


def test_strange_notes_of_one_case_hold_up_no_other(office: Office) -> None:
    one, two = dispatched(office, 1), dispatched(office, 2)
    assert fed_back(office, lambda _: {"1": STRANGE, "2": "emptied"}) == 2
    assert [office.history(case)[-1]["reason"] for case in (one, two)] == ["no ? thanks", "emptied"]


def test_a_case_that_cannot_be_fed_back_holds_up_no_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = dispatched(office, 1), dispatched(office, 2)
    act = office.desk.act

    def broken(tx: Any, case: Case, *said: Any) -> Case:
        if case.id == one.id:
            raise ValueError("a fault")
        return act(tx, case, *said)

    monkeypatch.setattr(office.desk, "act", broken)
    assert fed_back(office, lambda ids: dict.fromkeys(ids, "done")) == 1
    assert [office.case(case).state for case in (one, two)] == [State.DISPATCHED, State.FED_BACK]


def test_what_is_refused_of_some_cases_holds_up_no_others(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "AT_ONCE", 1)
    dispatched(office, 1)
    two = dispatched(office, 2)

    def handled(ids: Collection[str]) -> dict[str, str]:
        if "1" in ids:
            raise Refused("404")
        return dict.fromkeys(ids, "done")

    assert fed_back(office, handled) == 1
    assert office.case(two).state is State.FED_BACK


def test_thousands_of_cases_that_it_was_never_told_of_are_passed_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "AT_ONCE", 1)
    case: dict[str, Any] = {"version": 1, "state": "dispatched", "key": "overflowing_bin", "producer": "w"}
    case |= dict.fromkeys(("opened_at", "updated_at", "entered_at"), NOON) | {"escalated": 0, "hold": False}
    some = [case | {"id": str(uuid.UUID(int=n))} for n in range(1_100)]
    office.do(lambda tx: tx.execute(insert(cases), some).rowcount)
    last = dispatched(office, 1)
    assert fed_back(office, lambda ids: dict.fromkeys(ids, "done")) == 1
    assert office.case(last).state is State.FED_BACK

"""Connections: what an error means, how long is waited, and what is remembered of a camera's troubles."""

import random

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.link import Backoff, Change, Link, LinkState, Trouble, classify


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (ConnectionRefusedError(111, "refused"), Trouble.REFUSED),
        (TimeoutError(110, "timed out"), Trouble.TIMEOUT),
        (av.error.HTTPUnauthorizedError(1, "401"), Trouble.UNAUTHORISED),
        (av.error.HTTPNotFoundError(1, "404"), Trouble.NOT_FOUND),
        (av.error.InvalidDataError(1, "invalid"), Trouble.GARBAGE),
        (ConnectionResetError(104, "reset"), Trouble.ENDED),
        (OSError(113, "no route"), Trouble.UNREACHABLE),
        (OSError(5, "no such host"), Trouble.UNREACHABLE),
        (ValueError("?"), Trouble.OTHER),
    ],
)
def test_an_error_is_of_one_kind(error: BaseException, trouble: Trouble) -> None:
    assert classify(error) is trouble


def test_a_protocol_says_what_it_means_by_a_number() -> None:
    meant = {5: Trouble.TIMEOUT, 1: Trouble.NOT_FOUND}
    assert classify(OSError(5, "input/output error"), meant) is Trouble.TIMEOUT
    assert classify(PermissionError(1, "not permitted"), meant) is Trouble.NOT_FOUND
    assert classify(ConnectionRefusedError(111, "refused"), meant) is Trouble.REFUSED
    assert classify(ValueError("?"), meant) is Trouble.OTHER


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_waiting_doubles_within_its_bounds_and_never_comes_in_step(seed: int, tries: int) -> None:
    backoff = Backoff(chance=random.Random(seed))
    waits = [backoff.next(Trouble.REFUSED) for _ in range(tries)]
    for n, wait_s in enumerate(waits):
        whole_s = min(60.0, 0.5 * 2**n)
        assert whole_s / 2 <= wait_s <= whole_s
    backoff.settle()
    assert backoff.next(Trouble.REFUSED) <= 0.5


def test_a_wrong_password_is_not_tried_often_enough_to_lock_the_account() -> None:
    backoff = Backoff()
    waits = [backoff.next(Trouble.UNAUTHORISED) for _ in range(6)]
    assert min(waits) >= 30
    assert max(waits) <= 600
    assert Backoff().next(Trouble.CHANGED) == 0


def test_a_link_tells_each_change_once_and_counts_troubles() -> None:
    now, told = [100.0], list[Change]()
    link = Link(lambda: now[0], told.append)
    assert link.state is LinkState.DISABLED
    link.go(LinkState.CONNECTING)
    now[0] = 101.0
    link.packet(500)
    link.packet(500)
    link.go(LinkState.STALLED)
    link.packet(500)
    assert link.state is LinkState.STALLED, "FFmpeg holds one packet back until the next one or its timeout"
    link.packet(500)
    link.go(LinkState.BACKING_OFF, Trouble.ENDED, "the camera ended the stream")
    link.go(LinkState.BACKING_OFF, Trouble.REFUSED, "refused")
    assert [c.state for c in told] == [
        LinkState.CONNECTING, LinkState.LIVE, LinkState.STALLED, LinkState.LIVE,
        LinkState.BACKING_OFF, LinkState.BACKING_OFF,
    ]  # fmt: skip
    assert link.troubles == {Trouble.ENDED: 1, Trouble.REFUSED: 1}
    assert (link.connects, link.packets, link.bytes, link.packet_at_s) == (1, 4, 2000, 101.0)
    assert link.last_trouble == Change(101.0, LinkState.BACKING_OFF, Trouble.REFUSED, "refused")

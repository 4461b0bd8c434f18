"""Every packet has its times, whatever its container leaves out."""

from collections.abc import Iterator
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast

import av
from hypothesis import given
from hypothesis import strategies as st

from streams.timestamps import ARRIVAL_BASE, Timestamps, live_timestamps

STREAM = cast(Any, SimpleNamespace(time_base=Fraction(1, 1000)))


def packets(*stamps: tuple[int | None, int | None]) -> Iterator[Any]:
    for pts, dts in stamps:
        packet = av.Packet(1)
        packet.pts, packet.dts = pts, dts
        yield packet


def stamped(*stamps: tuple[int | None, int | None]) -> tuple[int, list[tuple[int, int]]]:
    reading = Timestamps(STREAM, Fraction(10))
    found = [(s.pts, s.dts) for s in reading.of(packets(*stamps))]
    return reading.origin, found


def test_times_that_are_there_stay() -> None:
    assert stamped((0, -200), (400, -100), (200, 0), (100, 100)) == (0, [(0, -200), (400, -100), (200, 0), (100, 100)])


def test_without_any_they_follow_the_rate() -> None:
    assert stamped((None, None), (None, None), (None, None)) == (0, [(0, 0), (100, 100), (200, 200)])


def test_decoding_times_missing_at_the_start_are_counted_back() -> None:
    assert stamped((0, None), (400, None), (200, 0), (100, 100)) == (0, [(0, -200), (400, -100), (200, 0), (100, 100)])


def test_the_origin_is_the_earliest_picture_though_its_packet_comes_later() -> None:
    assert stamped((500, 100), (300, 200), (200, 200), (400, 400))[0] == 200


def test_a_lost_time_is_filled_from_the_packet_before() -> None:
    assert stamped((700, 700), (None, None), (900, 900))[1] == [(700, 700), (800, 800), (900, 900)]


def test_nothing_gives_nothing() -> None:
    assert stamped() == (0, [])


@given(st.lists(st.tuples(st.none() | st.integers(-(10**9), 10**9), st.none() | st.integers(-(10**9), 10**9))))
def test_no_packet_is_lost_or_swapped_whatever_the_times(stamps: list[tuple[int | None, int | None]]) -> None:
    _, found = stamped(*stamps)
    assert len(found) == len(stamps)
    for (pts, _), (given_pts, _) in zip(found, stamps, strict=True):
        assert given_pts is None or pts == given_pts


def test_live_pictures_without_times_have_those_of_their_arrival() -> None:
    now_s = iter([5000.0, 5000.4, 5000.4, 5001.0])
    stream = cast(Any, SimpleNamespace(time_base=Fraction(1, 25), container=named("mpjpeg")))
    reading = live_timestamps(stream, Fraction(25), lambda: next(now_s))
    found = [s.pts * ARRIVAL_BASE for s in reading.of(packets((0, 0), (1, 1), (2, 2), (3, 3)))]
    assert [float(t) for t in found] == [5000.0, 5000.4, 5000.4 + 1 / 90000, 5001.0]
    assert reading.time_base == ARRIVAL_BASE


def test_live_pictures_with_times_keep_them() -> None:
    stream = cast(Any, SimpleNamespace(time_base=Fraction(1, 1000), container=named("flv")))
    assert type(live_timestamps(stream, Fraction(25), lambda: 0.0)) is Timestamps


def named(format: str) -> Any:
    return SimpleNamespace(format=SimpleNamespace(name=format))

"""Nothing is decoded that nobody asked for."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from streams.decoder import PictureDecoder
from streams.packets import Decoder, EncodedPacket
from tests.streams.test_reader import B_FRAMES
from tests.streams.wall_clock import reader, times, watch

Make = Callable[..., Path]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Counter[float]:
    """How often each packet, by its time, was given to a decoder."""
    counter: Counter[float] = Counter()
    decode = PictureDecoder._decode

    def counting(self: PictureDecoder, decoder: Decoder, packet: EncodedPacket | None) -> list[Any]:
        if packet is not None:
            counter[round(packet.elapsed_s, 3)] += 1
        return decode(self, decoder, packet)

    monkeypatch.setattr(PictureDecoder, "_decode", counting)
    return counter


@pytest.mark.parametrize("how", [{}, {"encoder": B_FRAMES}, {"codec": "libx265"}])
@pytest.mark.parametrize("every", ["keyframe", "auto"])
def test_key_frames_alone_are_decoded_where_they_are_enough(
    clock_street: Make, sent: Counter[float], every: str, how: dict[str, Any]
) -> None:
    watch(clock_street("c.mp4", **how), every)
    assert sent == {0.0: 1, 2.0: 1, 4.0: 1}


def test_all_sends_every_packet_once(clock_street: Make, sent: Counter[float]) -> None:
    watch(clock_street("c.mp4", encoder=B_FRAMES))
    assert len(sent) == 60
    assert set(sent.values()) == {1}


def test_a_sparse_picture_costs_its_group_up_to_it(clock_street: Make, sent: Counter[float]) -> None:
    assert times(watch(clock_street("c.mp4"), "3")) == [0, 3]
    assert sent == {0.0: 1, **{round(2 + i / 10, 3): 1 for i in range(11)}}


def test_periods_shorter_than_the_group_decode_each_packet_about_once(clock_street: Make, sent: Counter[float]) -> None:
    watch(clock_street("c.mp4"), "0.2")
    assert sum(sent.values()) <= 60 + 20


def test_auto_decodes_a_long_group_once(clock_street: Make, sent: Counter[float]) -> None:
    watch(clock_street("rare.mp4", seconds=52, fps=5, gop_s=25), "auto")
    assert max(sent.values()) <= 2
    assert sum(sent.values()) < 1.2 * 260


def test_what_was_observed_before_is_not_decoded_again(clock_street: Make, sent: Counter[float]) -> None:
    watch(clock_street("c.mp4"), "all", after_s=4.5)
    assert min(sent) >= 2.0  # the group before at most, for what may lead the present one
    sent.clear()
    watch(clock_street("c.mp4"), "keyframe", after_s=2.0)
    assert sent == {4.0: 1}


def test_a_damaged_picture_is_counted_and_costs_only_its_group(clock_street: Make, tmp_path: Path) -> None:
    path = tmp_path / "damaged.mkv"
    with av.open(str(clock_street("c.mp4"))) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for n, packet in enumerate(p for p in source.demux(video=0) if p.size):
            if n == 25:
                packet.update(bytes(packet)[:5] + bytes(packet.size - 5))
            packet.stream = stream
            target.mux(packet)
    reading = reader(path)
    seen = times(list(reading.frames()))
    assert reading.statistics.damaged + reading.statistics.undecodable > 0
    assert 2.5 not in seen
    assert {*(n / 10 for n in range(25)), *(n / 10 for n in range(40, 60))} <= set(seen)

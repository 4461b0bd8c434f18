"""Every packet's pts, dts and duration, where the container states none of them too."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

import av
from av.video.stream import VideoStream

LONGEST_HEAD = 32
"""Packets looked at for the earliest picture; no codec reorders over more."""
UNTIMED = frozenset({"mpjpeg", "mjpeg", "h264", "hevc", "m4v"})
"""Formats without any times: pictures one after the other, in parts of an HTTP answer or bare."""
ARRIVAL_BASE = Fraction(1, 90000)


class Stamped(NamedTuple):
    """A packet with its times in units of ``Timestamps.time_base``."""

    packet: av.Packet  # type: ignore[type-arg]
    pts: int
    dts: int
    duration: int


class Timestamps:
    """The times of one file's packets.

    origin: the earliest pts, known as soon as the first packet is handed on. It need not be that of the first packet:
    pictures that lead an open group are decoded after its key frame and shown before it.
    """

    def __init__(self, stream: VideoStream, rate: Fraction):
        self.time_base = Fraction(stream.time_base or Fraction(1, 90000))
        self.origin = 0
        self._step = max(1, round(1 / rate / self.time_base))
        self._next = 0

    def of(self, packets: Iterable[av.Packet]) -> Iterator[Stamped]:  # type: ignore[type-arg]
        """The packets in the same order (decoding order), each with its times; empty ones are left out."""
        head: list[Stamped] = []
        earliest: int | None = None
        settled = False
        for packet in packets:
            if not packet.size:
                continue
            stamped = self._stamp(packet)
            if settled:
                yield stamped
                continue
            head.append(stamped)
            earliest = stamped.pts if earliest is None else min(earliest, stamped.pts)
            # No picture is shown before it is decoded: what follows can no longer be earlier.
            if (packet.dts is not None and packet.dts >= earliest) or packet.pts is None or len(head) == LONGEST_HEAD:
                settled = True
                yield from self._begin(head)
        if not settled:
            yield from self._begin(head)

    def _begin(self, head: list[Stamped]) -> list[Stamped]:
        """Matroska leaves the first decoding times open: they are counted back from the first that is known."""
        self.origin = min((s.pts for s in head), default=0)
        known = next((i for i, s in enumerate(head) if s.packet.dts is not None), 0)
        first = head[known].dts if head else 0
        return [s._replace(dts=first - (known - i) * s.duration) if i < known else s for i, s in enumerate(head)]

    def _stamp(self, packet: av.Packet) -> Stamped:  # type: ignore[type-arg]
        duration = packet.duration or self._step
        pts, dts = packet.pts, packet.dts
        if dts is None:
            dts = pts if pts is not None else self._next
        if pts is None:
            pts = dts
        self._next = dts + duration
        return Stamped(packet, pts, dts, duration)


class Arrivals(Timestamps):
    """The times of live packets that have none: when they come. FFmpeg would count them as 25 a second."""

    def __init__(self, stream: VideoStream, rate: Fraction, clock: Callable[[], float]):
        super().__init__(stream, rate)
        self.time_base = ARRIVAL_BASE
        self._step = max(1, round(1 / rate / ARRIVAL_BASE))
        self._clock = clock
        self._last = -1

    def of(self, packets: Iterable[av.Packet]) -> Iterator[Stamped]:  # type: ignore[type-arg]
        for packet in packets:
            if packet.size:
                self._last = max(self._last + 1, round(self._clock() / ARRIVAL_BASE))
                yield Stamped(packet, self._last, self._last, self._step)


def live_timestamps(stream: VideoStream, rate: Fraction, clock: Callable[[], float]) -> Timestamps:
    """Of a live stream. clock: ours, monotonic seconds."""
    if stream.container.format.name in UNTIMED:
        return Arrivals(stream, rate, clock)
    return Timestamps(stream, rate)

"""One client's RTP stream: its numbers, its clock, and what a broken network does to it."""

import random
from collections.abc import Mapping

from streams.simulator.faults import Fault
from streams.simulator.outlet import MOST_WAITING, Outlet
from streams.simulator.rtp import CLOCK_HZ, FRAME_HEAD, PATCH, RTP_HEAD, SEQUENCE_AT, Picture, sender_report

REPORT_EVERY_S = 5.0


class Player:
    """A session that plays. flowing: gets each picture now; otherwise it waits for the next key frame.

    A client that does not keep up loses whole groups: with ``MOST_WAITING`` bytes waiting for it, every picture is left
    out until a key frame comes while no more than half of that is waiting. Memory stays bounded, and what arrives
    decodes.
    """

    def __init__(self, outlet: Outlet, channels: tuple[int, int], reports: bool, chance: random.Random):
        self.outlet = outlet
        self.flowing = False
        self.dropped = 0
        self.sequence = chance.getrandbits(16)
        self._channel, self._report_channel = channels
        self._chance = chance
        self._ssrc = chance.getrandbits(32)
        # Small enough that time stamps wrap around after ten hours at the soonest, as some cameras' do.
        self._first_timestamp = chance.getrandbits(30)
        self._zero: int | None = None
        self._reports = reports
        self._next_report = 0
        self._packets = self._octets = 0

    def timestamp(self, ticks: int) -> int:
        """Of a moment of the media clock."""
        if self._zero is None:
            self._zero = ticks - self._first_timestamp
        return ticks - self._zero & 0xFFFFFFFF

    def report(self, ticks: int, now: int, utc_s: float) -> None:
        """Say what the camera's clock shows at ``ticks``, every few seconds. now: of our own clock."""
        if self._reports and now >= self._next_report:
            self._next_report = now + round(REPORT_EVERY_S * CLOCK_HZ)
            stamp = self.timestamp(ticks)
            self.outlet.write(
                sender_report(self._report_channel, self._ssrc, utc_s, stamp, self._packets, self._octets)
            )

    def report_soon(self) -> None:
        self._next_report = 0

    def send(self, picture: Picture, ticks: int, faults: Mapping[Fault, float]) -> None:
        """One picture, taken at ``ticks``, unless the client is to wait for a key frame."""
        waiting = self.outlet.waiting
        if waiting > MOST_WAITING:
            self.flowing = False
        elif picture.keyframe and waiting <= MOST_WAITING // 2:
            self.flowing = True
        if not self.flowing:
            self.dropped += 1
            return
        data = bytearray(picture.data)
        stamp, ssrc, number, patch = self.timestamp(ticks), self._ssrc, self.sequence, PATCH.pack_into
        for at in picture.packets:
            patch(data, at + SEQUENCE_AT, number & 0xFFFF, stamp, ssrc)
            number += 1
        if self._channel:
            for at in picture.packets:
                data[at + 1] = self._channel
        self.sequence = number & 0xFFFF
        self._packets += len(picture.packets)
        self._octets += len(data) - len(picture.packets) * (FRAME_HEAD + RTP_HEAD)
        if faults:
            data = self._spoilt(picture, data, faults)
        self.outlet.write(data)

    def _spoilt(self, picture: Picture, data: bytearray, faults: Mapping[Fault, float]) -> bytearray:
        if Fault.GARBAGE in faults:
            for at, end in zip(picture.packets, picture.ends(), strict=True):
                begin = min(end, at + FRAME_HEAD + RTP_HEAD + picture.head)
                data[begin:end] = self._chance.randbytes(end - begin)
        lost = faults.get(Fault.LOSS, 0.0)
        if not lost:
            return data
        kept = bytearray()
        for at, end in zip(picture.packets, picture.ends(), strict=True):
            if self._chance.random() >= lost:
                kept += data[at:end]
        return kept

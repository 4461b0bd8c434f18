"""RTP and RTCP as they travel inside an RTSP connection (RFC 3550; interleaved framing: RFC 2326, 10.12)."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streams.simulator.nal_units import Codec

CLOCK_HZ = 90_000
"""Of RTP time stamps of video. All times of the simulator's media are integers in this unit, called ticks."""
PAYLOAD_TYPE = 96
MOST_PAYLOAD = 1400
"""Bytes: what cameras send, so that packets would also fit into UDP."""
FRAME_HEAD, RTP_HEAD = 4, 12
SEQUENCE_AT = FRAME_HEAD + 2
"""Where the sequence number stands in a packet; time stamp and SSRC follow it."""
PATCH = struct.Struct(">HII")
NTP_EPOCH_S = 2_208_988_800
"""From 1900, where NTP begins, to 1970."""

_HEAD = struct.Struct(">BBHBBHII")
_REPORT = struct.Struct(">BBHBBHIQIII")


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One access unit, ready to be sent: interleaved RTP packets one behind the other, in ``data``.

    packets: where each begins. Sequence number, time stamp and SSRC are zero until a copy is sent.
    pts, dts: ticks from the recording's first dts. head: how many bytes of each payload are the codec's own headers.
    """

    data: bytes
    packets: tuple[int, ...]
    pts: int
    dts: int
    keyframe: bool
    head: int

    def ends(self) -> tuple[int, ...]:
        return (*self.packets[1:], len(self.data))


def make_picture(codec: Codec, units: Sequence[bytes], pts: int, dts: int, keyframe: bool) -> Picture:
    """Packetise: RFC 6184 (H.264) with single units and FU-A, RFC 7798 (H.265) with single units and FU."""
    payloads = [payload for unit in units for payload in _payloads(codec, unit)]
    data, packets = bytearray(), []
    for number, payload in enumerate(payloads):
        marker = 0x80 if number == len(payloads) - 1 else 0
        packets.append(len(data))
        data += _HEAD.pack(0x24, 0, RTP_HEAD + len(payload), 0x80, marker | PAYLOAD_TYPE, 0, 0, 0)
        data += payload
    return Picture(bytes(data), tuple(packets), pts, dts, keyframe, 2 if codec.name == "h264" else 3)


def _payloads(codec: Codec, unit: bytes) -> Iterator[bytes]:
    if len(unit) <= MOST_PAYLOAD:
        yield unit
        return
    if codec.name == "h264":
        indicator, kind, body = bytes([unit[0] & 0xE0 | 28]), unit[0] & 0x1F, unit[1:]
    else:
        indicator, kind, body = bytes([unit[0] & 0x81 | 49 << 1, unit[1]]), unit[0] >> 1 & 0x3F, unit[2:]
    step = MOST_PAYLOAD - len(indicator) - 1
    for at in range(0, len(body), step):
        first = 0x80 if at == 0 else 0
        last = 0x40 if at + step >= len(body) else 0
        yield indicator + bytes([first | last | kind]) + body[at : at + step]


def sender_report(channel: int, ssrc: int, utc_s: float, timestamp: int, packets: int, octets: int) -> bytes:
    """The camera's clock: ``utc_s`` (seconds since 1970) is the moment of RTP time stamp ``timestamp``."""
    ntp = int((utc_s + NTP_EPOCH_S) * 2**32) & 2**64 - 1
    return _REPORT.pack(
        0x24, channel, 28, 0x80, 200, 6, ssrc, ntp, timestamp & 0xFFFFFFFF, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF
    )

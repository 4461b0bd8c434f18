"""NAL units of H.264 and H.265: taken out of a container's framing, and told apart."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_START_CODE = re.compile(b"\x00\x00\x01")


@dataclass(frozen=True, slots=True)
class Codec:
    """What differs between the two codecs. Unit types: ITU-T H.264 table 7-1, H.265 table 7-1.

    parameter_sets: types in the order in which they are sent. dropped: delimiters and fillers, which cameras leave out.
    """

    name: str
    encoding: str
    parameter_sets: tuple[int, ...]
    dropped: frozenset[int]

    def kind(self, unit: bytes) -> int:
        return unit[0] & 0x1F if self.name == "h264" else unit[0] >> 1 & 0x3F


CODECS = {
    "h264": Codec("h264", "H264", (7, 8), frozenset({9, 10, 11, 12})),
    "hevc": Codec("hevc", "H265", (32, 33, 34), frozenset({35, 36, 37, 38})),
}
"""By FFmpeg's names. ``encoding`` is the name in RTP."""


class Framing:
    """How a recording's packets are framed: by lengths, where a configuration record says so, or by start codes.

    units: of the configuration record (avcC or hvcC, ISO/IEC 14496-15) or of the stream's head.
    """

    def __init__(self, codec: Codec, extradata: bytes):
        self._length_size = 0
        parse: Callable[[bytes], Iterator[bytes]]
        size_at, parse = (4, _avcc) if codec.name == "h264" else (21, _hvcc)
        if extradata.startswith((b"\x00\x00\x01", b"\x00\x00\x00\x01")) or len(extradata) < size_at + 2:
            parse = _between_start_codes
        else:
            self._length_size = (extradata[size_at] & 3) + 1
        self.units = [unit for unit in parse(extradata) if len(unit) > 1]

    def split(self, packet: bytes) -> list[bytes]:
        """The packet's units, without empty ones. What is cut short at the end is left out."""
        units = self._by_lengths(packet) if self._length_size else _between_start_codes(packet)
        return [unit for unit in units if len(unit) > 1]

    def _by_lengths(self, packet: bytes) -> Iterator[bytes]:
        at = 0
        while at + self._length_size < len(packet):
            begin = at + self._length_size
            at = begin + int.from_bytes(packet[at:begin], "big")
            if at <= len(packet):
                yield packet[begin:at]


def _between_start_codes(data: bytes) -> Iterator[bytes]:
    """Annex B. A unit never ends with a zero byte; zeros there belong to the next start code."""
    marks = [mark.end() for mark in _START_CODE.finditer(data)]
    for begin, following in zip(marks, [*(m - 3 for m in marks[1:]), len(data)], strict=False):
        yield data[begin:following].rstrip(b"\x00")


def _avcc(record: bytes) -> Iterator[bytes]:
    at = 5
    for count_bits in (0x1F, 0xFF):  # sequence sets, then picture sets
        if at >= len(record):
            return
        count, at = record[at] & count_bits, at + 1
        for _ in range(count):
            length = int.from_bytes(record[at : at + 2], "big")
            yield record[at + 2 : at + 2 + length]
            at += 2 + length


def _hvcc(record: bytes) -> Iterator[bytes]:
    at = 23
    for _ in range(record[22]):
        count, at = int.from_bytes(record[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            length = int.from_bytes(record[at : at + 2], "big")
            yield record[at + 2 : at + 2 + length]
            at += 2 + length

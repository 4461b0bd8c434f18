"""What a key frame says of its format: when that changes, so have size or codec profile."""

import re

import av

_START = re.compile(b"\x00\x00\x01")
_SEQUENCE = {"h264": (7,), "hevc": (33,)}
"""NAL unit types of sequence parameter sets: ITU-T H.264 table 7-1, H.265 table 7-1."""
LOOKED_AT = 4096
"""They come first; nothing further is searched."""
_FRAME_HEADERS = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
"""Markers of JPEG pictures: ITU-T T.81 table B.1."""


def parameter_sets(codec: str, data: bytes) -> bytes:
    """The sequence parameter sets of a packet, b"" unless it is framed by start codes; of a JPEG its frame header."""
    if codec == "mjpeg":
        return _frame_header(data)
    wanted = _SEQUENCE.get(codec)
    if wanted is None:
        return b""
    head = data[:LOOKED_AT]
    marks = [m.end() for m in _START.finditer(head)]
    found = []
    for at, following in zip(marks, [*marks[1:], len(head) + 3], strict=False):
        if at < len(head):
            kind = head[at] & 31 if codec == "h264" else head[at] >> 1 & 63
            if kind in wanted:
                found.append(head[at : following - 3].rstrip(b"\x00"))
    return b"".join(found)


def _frame_header(data: bytes) -> bytes:
    """Precision, height, width and components: ITU-T T.81 B.2.2."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] in _FRAME_HEADERS:
            return data[at:end]
        at = end
    return b""


class FormatWatch:
    """Notices that a connection goes on with another picture format: its packets need other codec parameters."""

    def __init__(self, codec: str, extradata: bytes = b""):
        """extradata: the codec parameters that the connection began with."""
        self._codec = codec
        self._extradata = extradata
        # Framed by lengths (avcC, hvcC) a packet may hold by chance what looks like a start code.
        self._in_band = extradata[:1] != b"\x01"
        self._sets = b""

    def changed(self, packet: av.Packet) -> bool:  # type: ignore[type-arg]
        """Whether this packet, the next one of the connection, is of another format than those before."""
        if not packet.is_keyframe:
            return False
        # FLV, RTMP and mp4 state them apart from the pictures; many servers say the same again before each key frame.
        if packet.has_sidedata("new_extradata") and bytes(packet.get_sidedata("new_extradata")) != self._extradata:
            return True
        if not self._in_band:
            return False
        before, self._sets = self._sets, parameter_sets(self._codec, bytes(packet)) or self._sets
        return bool(before) and self._sets != before

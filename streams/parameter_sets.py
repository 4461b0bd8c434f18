"""The parameter sets that a key frame carries with it: when they change, so have size or codec profile."""

import re

import av

_START = re.compile(b"\x00\x00\x01")
_SEQUENCE = {"h264": (7,), "hevc": (33,)}
"""NAL unit types of sequence parameter sets: ITU-T H.264 table 7-1, H.265 table 7-1."""
LOOKED_AT = 4096
"""They come first; nothing further is searched."""


def parameter_sets(codec: str, data: bytes) -> bytes:
    """The sequence parameter sets of a packet; b"" unless it is framed by start codes, as live ones are."""
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


class FormatWatch:
    """Notices that a connection goes on with another picture format: its packets need other codec parameters."""

    def __init__(self, codec: str):
        self._codec = codec
        self._sets = b""
        self._begun = False

    def changed(self, packet: av.Packet) -> bool:  # type: ignore[type-arg]
        """Whether this packet, the next one of the connection, is of another format than those before."""
        if not packet.is_keyframe:
            return False
        again, self._begun = self._begun, True
        if again and packet.has_sidedata("new_extradata"):
            return True
        before, self._sets = self._sets, parameter_sets(self._codec, bytes(packet)) or self._sets
        return bool(before) and self._sets != before

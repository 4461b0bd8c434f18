"""The parameter sets that a key frame carries with it: when they change, so have size or codec profile."""

import re

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
    for at, following in zip(marks, [*marks[1:], len(head) + 3], strict=True):
        if at < len(head):
            kind = head[at] & 31 if codec == "h264" else head[at] >> 1 & 63
            if kind in wanted:
                found.append(head[at : following - 3].rstrip(b"\x00"))
    return b"".join(found)

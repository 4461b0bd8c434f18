"""Whether a packet that its container calls a key frame decodes on its own.

FFmpeg also marks packets from which a decoder recovers only after a while (H.264 intra refresh), and old AVI files
mark empty packets. A group that began there would not decode.
"""

import re
from collections.abc import Iterator

_START_CODE = re.compile(b"\x00\x00\x01")
_SLICE, _IDR, _SEI = 1, 5, 6
_RECOVERY_POINT = 6


def decodes_alone(codec: str, extradata: bytes, data: bytes) -> bool:
    """For packets marked as key frames; ``extradata`` says how H.264 packets are framed."""
    if codec == "mpeg4":
        vop = data.find(b"\x00\x00\x01\xb6")  # ISO/IEC 14496-2: two bits of coding type follow, 0 is intra
        return 0 <= vop < len(data) - 4 and data[vop + 4] >> 6 == 0
    if codec == "h264":
        return _recovers_at_once(extradata, data)
    return True


def _recovers_at_once(extradata: bytes, data: bytes) -> bool:
    """ITU-T H.264: an IDR picture, or a recovery point (D.2.8) after which no further picture is needed."""
    for unit in _nal_units(extradata, data):
        kind = unit[0] & 31
        if kind in (_SLICE, _IDR):
            return True
        # The first value of the message is recovery_frame_cnt, an Exp-Golomb number: 0 is a single set bit.
        if kind == _SEI and len(unit) > 3 and unit[1] == _RECOVERY_POINT:
            return bool(unit[3] & 0x80)
    return True


def _nal_units(extradata: bytes, data: bytes) -> Iterator[bytes]:
    """The first bytes of each NAL unit, framed by lengths (avcC) or by start codes (Annex B)."""
    if extradata[:1] != b"\x01" or len(extradata) < 5:
        for mark in _START_CODE.finditer(data):
            if mark.end() < len(data):
                yield data[mark.end() : mark.end() + 8]
        return
    size, at = (extradata[4] & 3) + 1, 0
    while at + size < len(data):
        yield data[at + size : at + size + 8]
        at += size + int.from_bytes(data[at : at + size], "big")

"""How each kind of live source is opened, how patient one has to be with it, and what its errors mean.

Every option was tried against real servers (tests/streams/test_live_sources.py): FFmpeg passes over those that a
protocol does not know without a word.
"""

import errno
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from streams.link import GIVE_UP_S, LATE_S, STALL_S, Trouble

SOCKET_S = 5.0
"""FFmpeg ends a silent connection after about twice this; MPEG-TS, MJPEG and UDP after just so long."""
CONNECT_S = 20.0
"""A try that has not brought a packet by then is given up, whatever it waits for."""

_UNKNOWN = 0x4E4B4E55
"""FFmpeg's AVERROR_UNKNOWN, the letters UNKN."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """options: FFmpeg's. Seconds without a whole packet until a camera counts as stalled, and until it is given up.

    late_s: by how much what arrives may be older than the quickest packet was.
    segmented: comes in files of some seconds, which are handed on at the speed of the video.
    interrupt_s: after so long without a packet FFmpeg is called off from outside, where no option does it reliably. At
    each read that costs a turn of the interpreter.
    opening, reading: what errors mean here, by FFmpeg's number, where it is not what they mean in general.
    """

    options: dict[str, str] = field(default_factory=dict)
    stall_s: float = STALL_S
    give_up_s: float = GIVE_UP_S
    late_s: float = LATE_S
    segmented: bool = False
    interrupt_s: float | None = None
    opening: Mapping[int, Trouble] = field(default_factory=dict)
    reading: Mapping[int, Trouble] = field(default_factory=lambda: {errno.EIO: Trouble.ENDED})


def _microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:.0f}"


# Cameras sign their own certificates. FFmpeg 8 does not check any, FFmpeg 9 would.
_ANY_CERTIFICATE = {"tls_verify": "0"}
_QUICK = {**_ANY_CERTIFICATE, "fpsprobesize": "0"}
"""The frame rate is not guessed from the first twenty pictures."""
_SILENCE = {"rw_timeout": _microseconds(SOCKET_S)}

_RTSP = Protocol({**_QUICK, "analyzeduration": "0", "rtsp_transport": "tcp", "timeout": _microseconds(SOCKET_S)})

# FLV never says how many streams there are: FFmpeg would look for more for 5 s. Half a second of video is looked at.
_FLV = Protocol({**_QUICK, **_SILENCE, "analyzeduration": _microseconds(0.5)})
# A server that does not have the stream, or not for us, says so by a status that FFmpeg turns into these numbers.
_RTMP = Protocol(_FLV.options, opening={errno.EPERM: Trouble.NOT_FOUND, _UNKNOWN: Trouble.UNAUTHORISED})

# Joined within a group nothing is known until its end: a clip cannot be written without the parameter sets.
_UNTIL_KNOWN = {"analyzeduration": _microseconds(15.0), "probesize": f"{32 << 20}"}
_HTTP = Protocol({**_QUICK, **_SILENCE, **_UNTIL_KNOWN})
_SILENT = {errno.EIO: Trouble.TIMEOUT}
_UDP = Protocol(
    {**_QUICK, **_UNTIL_KNOWN, "timeout": _microseconds(SOCKET_S), "overrun_nonfatal": "1"},
    opening=_SILENT,
    reading=_SILENT,
)

# From the last segment but one on: with the last alone each late one would be a pause. A list that does not grow is
# asked for again and again, for minutes, without any packet or error.
_HLS = Protocol(
    {**_QUICK, **_SILENCE, "live_start_index": "-2"},
    stall_s=12.0,
    give_up_s=30.0,
    late_s=60.0,
    segmented=True,
    interrupt_s=32.0,
)

_FLV_OVER_HTTP = re.compile(r"[^?]*\.flv(\?.*)?|.*\?(.*&)?app=.*&stream=.*", re.IGNORECASE)
"""The second as nginx-http-flv-module has it."""


def learnt(protocol: Protocol, format: str) -> Protocol:
    """For the next connection: how to open what turned out to be of a format, by FFmpeg's name of it."""
    if format != "flv":
        return protocol
    return replace(protocol, options=protocol.options | {"analyzeduration": _FLV.options["analyzeduration"]})


def protocol_of(url: str) -> Protocol:
    """By the URL's scheme and ending."""
    scheme = url.partition("://")[0].lower()
    if scheme in ("rtsp", "rtsps"):
        return _RTSP
    if scheme in ("rtmp", "rtmps"):
        return _RTMP
    if scheme in ("udp", "rtp"):
        return _UDP
    if url.partition("?")[0].lower().endswith(".m3u8"):
        return _HLS
    return _FLV if _FLV_OVER_HTTP.fullmatch(url) else _HTTP

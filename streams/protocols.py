"""How each kind of live source is opened, and how patient one has to be with it."""

from dataclasses import dataclass, field

from streams.link import GIVE_UP_S, LATE_S, STALL_S

SOCKET_S = 4.0
"""FFmpeg ends a silent RTSP connection after about twice this."""
CONNECT_S = 20.0
"""A try that has not brought a packet by then is given up, whatever it waits for."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """options: FFmpeg's. Seconds without a whole packet until a camera counts as stalled, and until it is given up.

    late_s: by how much what arrives may be older than the quickest packet was.
    """

    options: dict[str, str] = field(default_factory=dict)
    stall_s: float = STALL_S
    give_up_s: float = GIVE_UP_S
    late_s: float = LATE_S


_AT_ONCE = {"analyzeduration": "0", "fpsprobesize": "0"}
"""Nothing is guessed from the first seconds of video: what no header says shows with the first key frame."""
_RTSP = Protocol({**_AT_ONCE, "rtsp_transport": "tcp", "timeout": f"{SOCKET_S * 1e6:.0f}"})
_HTTP = Protocol({"rw_timeout": f"{2 * SOCKET_S * 1e6:.0f}"})
_SEGMENTED = Protocol(_HTTP.options, stall_s=20.0, give_up_s=40.0, late_s=60.0)
"""HLS comes in whole segments of some seconds."""


def protocol_of(url: str) -> Protocol:
    """By the URL's scheme and ending."""
    scheme = url.partition("://")[0].lower()
    if scheme in ("rtsp", "rtsps"):
        return _RTSP
    if scheme in ("http", "https"):
        return _SEGMENTED if url.partition("?")[0].lower().endswith(".m3u8") else _HTTP
    return _HTTP

"""The live sources that are no RTSP cameras, by name, and how a test takes them all at once."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.scenery import Thing, street
from tests.streams.live_camera import Watched, watching
from tests.streams.on_air import Playing
from tests.streams.rtmp_server import RtmpServer
from tests.streams.stream_servers import HlsServer, HttpServer, Server

THINGS = [Thing("red", (0.1, 0.4, 0.3, 0.7))]
SMALL, LARGE = (320, 192), (640, 384)
Clips = dict[str, Path]


class UdpCamera(Server):
    """Sends to a port without asking whether anybody listens."""

    scheme = "udp"

    def up(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        target = f"{self.url()}?pkt_size=1316"
        threading.Thread(target=self.playing.to, args=(target,), daemon=True).start()


def source_clips(folder: Path) -> Clips:
    """Three seconds each, a key frame every half second."""
    how: dict[str, dict[str, Any]] = {
        "clip.mp4": {}, "large.mp4": {"size": LARGE}, "sound.mp4": {"audio": True},
        "jpeg.avi": {"codec": "mjpeg"}, "large.avi": {"codec": "mjpeg", "size": LARGE},
    }  # fmt: skip
    return {name: street(folder / name, seconds=3, gop_s=0.5, things=THINGS, **more) for name, more in how.items()}


SOURCES: dict[str, Callable[[Clips], Any]] = {
    "rtmp": lambda clips: RtmpServer(Playing(clips["clip.mp4"], "flv")),
    "flv": lambda clips: HttpServer(Playing(clips["clip.mp4"], "flv"), "/live/gate.flv", "video/x-flv", chunked=True),
    "ts": lambda clips: HttpServer(Playing(clips["clip.mp4"], "mpegts"), "/live/gate.ts", "video/mp2t"),
    "mjpeg": lambda clips: HttpServer(
        Playing(clips["jpeg.avi"], "mjpeg"), "/video.cgi?fps=10", "multipart/x-mixed-replace; boundary=picture"
    ),
    "hls": lambda clips: HlsServer(clips["clip.mp4"]),
    "hls-fmp4": lambda clips: HlsServer(clips["clip.mp4"], fmp4=True),
    "udp": lambda clips: UdpCamera(Playing(clips["clip.mp4"], "mpegts")),
}


def side_by_side(check: Callable[..., None], cases: Iterable[tuple[Any, ...]]) -> None:
    """Check all the cases at once, and say of each that fails which it is."""
    cases = list(cases)
    with ThreadPoolExecutor(len(cases)) as pool:
        futures = [pool.submit(check, *case) for case in cases]
    problems = [(case, future.exception()) for case, future in zip(cases, futures, strict=True) if future.exception()]
    assert not problems, problems


@contextmanager
def served(source: str, clips: Clips) -> Iterator[tuple[Any, Watched]]:
    with SOURCES[source](clips) as server, watching(server.url(), "keyframe", socket_s=0.7) as camera:
        yield server, camera

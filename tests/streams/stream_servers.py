"""Cameras and media servers other than RTSP ones, on loopback. What they send is muxed by FFmpeg from a recording."""

import base64
import hashlib
import re
import socket
import socketserver
import ssl
import struct
import tempfile
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar, Self

import av

FLV_HEADER = 13
"""Bytes before the first tag: left out where a recording follows another within a connection."""
REALM, NONCE = "street", "5f3a"


class Playing:
    """A recording on the air: each client gets it from its first key frame on, over and over, at its true speed.

    Muxed in the client's thread. ``recording`` may be changed meanwhile. FLV states its codec parameters again with
    every round, as many servers do.
    """

    def __init__(self, recording: Path, format: str, **options: str):
        self.recording, self.format, self.options = recording, format, options
        self._flowing = threading.Event()
        self._flowing.set()
        self._generation = 0

    def stall(self) -> None:
        """Connections stay open and nothing comes."""
        self._flowing.clear()

    def heal(self) -> None:
        self._flowing.set()

    def end(self) -> None:
        """Once, for the clients of this moment."""
        self._generation += 1
        self._flowing.set()

    def to(self, sink: Any) -> None:
        """Mux into a URL, a path or a file until ``end``; a file raises ``OSError`` when its client is gone."""
        mine, at_s, begun_s = self._generation, 0.0, time.monotonic()
        while mine == self._generation:
            into = _Headless(sink) if at_s and self.format == "flv" else sink
            with av.open(into, "w", format=self.format, options=dict(self.options)) as output:
                at_s = self._mux(output, mine, at_s, begun_s)

    def _mux(self, output: av.container.OutputContainer, mine: int, at_s: float, begun_s: float) -> float:
        """One recording, one round of it in FLV. Returns where the next begins."""
        recording = self.recording
        with av.open(str(recording)) as source:
            stream = source.streams.video[0]
            copy = output.add_stream_from_template(stream, opaque=True)
            while True:
                source.seek(0)
                end_s = at_s
                for packet in (p for p in source.demux(stream) if p.size):
                    time.sleep(max(0.0, begun_s + at_s + float(packet.dts * packet.time_base) - time.monotonic()))
                    self._flowing.wait()
                    if mine != self._generation or recording != self.recording:
                        return end_s
                    end_s = at_s + float((packet.dts + packet.duration) * packet.time_base)
                    later = round(at_s / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + later, packet.dts + later, copy
                    output.mux(packet)
                at_s = end_s
                if self.format == "flv":
                    return at_s


class _Headless:
    """A file but for its first bytes."""

    def __init__(self, file: Any):
        self._file, self._left = file, FLV_HEADER

    def write(self, data: bytes) -> int:
        whole = bytes(data)
        rest = whole[self._left :]
        self._left -= len(whole) - len(rest)
        if rest:
            self._file.write(rest)
        return len(whole)


class Server:
    """Listens on a port of its own. ``serve`` answers one client, in a thread of its own."""

    scheme, path = "http", "/"

    def __init__(self, playing: Playing):
        self.playing = playing
        self.port = 0
        self.certificate: tuple[Path, Path] | None = None
        self._abort = False
        self._server: socketserver.ThreadingTCPServer | None = None

    def serve(self, client: socket.socket) -> None:
        raise NotImplementedError

    def url(self, user: str = "", password: str = "") -> str:
        return f"{self.scheme}://{f'{user}:{password}@' if user else ''}127.0.0.1:{self.port}{self.path}"

    def up(self) -> None:
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError, av.error.FFmpegError):
                    outer.serve(self.request)
                if outer._abort:  # what is closed so is reset
                    self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.request.close()

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads, block_on_close = True, True, False

        self._server = Listener(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        """Connections are refused, and those there are end."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.playing.end()

    def cut(self) -> None:
        """The connections of this moment are reset."""
        self._abort = True
        self.playing.end()
        time.sleep(0.3)
        self._abort = False

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()


class HttpServer(Server):
    """status: what is answered, when it is not 200. chunked: the body is sent in chunks. silent: no answer comes.

    password: of the user anna, who is asked for by ``scheme_of_auth``, Basic or Digest.
    """

    def __init__(self, playing: Playing, path: str, kind: str, chunked: bool = False, password: str = "", auth: str = "Basic"):
        super().__init__(playing)
        self.path, self.kind, self.chunked, self.password, self.auth = path, kind, chunked, password, auth
        self.status = 200
        self.asked = 0

    def serve(self, client: socket.socket) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # noqa: N802
                outer.asked += 1
                outer.get(self)

            def log_message(self, *_: object) -> None:
                pass

        Handler(client, ("127.0.0.1", 0), None)  # type: ignore[arg-type]

    def get(self, request: BaseHTTPRequestHandler) -> None:
        status = self.status if self.admits(request) else 401
        if status != 200:
            request.send_response(status)
            if status == 401:
                nonce = f', nonce="{NONCE}", qop="auth"' if self.auth == "Digest" else ""
                request.send_header("WWW-Authenticate", f'{self.auth} realm="{REALM}"{nonce}')
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        request.send_response(200)
        request.send_header("Content-Type", self.kind)
        request.send_header("Transfer-Encoding" if self.chunked else "Connection", "chunked" if self.chunked else "close")
        request.end_headers()
        request.close_connection = True
        body = Chunks(request.wfile) if self.chunked else request.wfile
        if self.playing.format == "mjpeg":
            self.playing.to(Parts(body))
        else:
            self.playing.to(Writing(body))
        if self.chunked and not self._abort:
            request.wfile.write(b"0\r\n\r\n")

    def admits(self, request: BaseHTTPRequestHandler) -> bool:
        if not self.password:
            return True
        kind, _, rest = request.headers.get("Authorization", "").partition(" ")
        if self.auth == "Basic":
            return kind == "Basic" and base64.b64decode(rest) == f"anna:{self.password}".encode()
        given = dict(re.findall(r'(\w+)="?([^",]*)', rest))
        if kind != "Digest" or given.get("nonce") != NONCE:
            return False
        secret = _md5(f"anna:{REALM}:{self.password}")
        middle = ":".join((NONCE, given["nc"], given["cnonce"], given["qop"]))
        return given["response"] == _md5(f"{secret}:{middle}:{_md5('GET:' + given['uri'])}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Writing:
    """A file that is written at once and cannot be sought in."""

    def __init__(self, file: Any):
        self.file = file

    def write(self, data: bytes) -> int:
        self.file.write(bytes(data))
        return len(data)


class Chunks(Writing):
    def write(self, data: bytes) -> int:
        self.file.write(b"%x\r\n%b\r\n" % (len(data), bytes(data)))
        return len(data)


class Parts(Writing):
    """Each picture a part of multipart/x-mixed-replace; FFmpeg's muxer of the name writes one at a time."""

    def write(self, data: bytes) -> int:
        head = b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data)
        self.file.write(head + bytes(data) + b"\r\n")
        return len(data)


class HlsServer(HttpServer):
    """Segments of a second in a folder of its own. ``stall``: the list grows no further; ``end``: it says so."""

    KINDS: ClassVar = {".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t"}

    def __init__(self, recording: Path, fmp4: bool = False, **more: Any):
        self._folder = tempfile.TemporaryDirectory()
        options = {"hls_time": "1", "hls_list_size": "4", "hls_flags": "delete_segments"}
        playing = Playing(recording, "hls", **options, **({"hls_segment_type": "fmp4"} if fmp4 else {}))
        super().__init__(playing, "/live.m3u8", "", **more)
        self._muxer: threading.Thread | None = None

    def get(self, request: BaseHTTPRequestHandler) -> None:
        path = Path(self._folder.name) / Path(request.path).name
        status = self.status if self.admits(request) else 401
        if status == 200 and not path.exists():
            status = 404
        ...

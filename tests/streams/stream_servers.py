"""Cameras and media servers other than RTSP ones, on loopback."""

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
from typing import Any, Self

import av

from tests.streams.on_air import Playing

REALM, NONCE = "street", "5f3a"


class Server:
    """Listens on a port of its own. ``serve`` answers one client, in a thread of its own."""

    scheme, path = "tcp", ""

    def __init__(self, playing: Playing):
        self.playing = playing
        self.port = 0
        self.aborting = False
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
                if outer.aborting:  # what is closed so is reset
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
        self.aborting = True
        self.playing.end()
        time.sleep(0.3)
        self.aborting = False

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()


class HttpServer(Server):
    """kind: the content type. status: what is answered, when it is not 200. silent: no answer comes.

    chunked: the body is sent in chunks. password: of the user anna, asked for by ``auth``, Basic or Digest.
    """

    scheme = "http"

    def __init__(self, playing: Playing, path: str, kind: str, chunked: bool = False, password: str = ""):
        super().__init__(playing)
        self.path, self.kind, self.chunked, self.password = path, kind, chunked, password
        self.auth = "Basic"
        self.status = 200
        self.silent = False

    def serve(self, client: socket.socket) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                while outer.silent:
                    time.sleep(0.05)
                status = outer.status if outer.admits(self.headers.get("Authorization", "")) else 401
                if status == 200:
                    outer.get(self)
                else:
                    outer.refuse(self, status)

            def log_message(self, *_: object) -> None:
                pass

        Handler(client, ("127.0.0.1", 0), None)  # type: ignore[arg-type]

    def refuse(self, request: BaseHTTPRequestHandler, status: int) -> None:
        request.send_response(status)
        if status == 401:
            nonce = f', nonce="{NONCE}", qop="auth"' if self.auth == "Digest" else ""
            request.send_header("WWW-Authenticate", f'{self.auth} realm="{REALM}"{nonce}')
        request.send_header("Content-Length", "0")
        request.end_headers()

    def get(self, request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", self.kind)
        request.send_header(*("Transfer-Encoding", "chunked") if self.chunked else ("Connection", "close"))
        request.end_headers()
        request.close_connection = True
        head, tail = b"%x\r\n" if self.chunked else b"", b"\r\n" if self.chunked else b""
        if self.playing.format == "mjpeg":
            head, tail = b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", b"\r\n"
        self.playing.to(Framed(request.wfile, head, tail))
        if self.chunked and not self.aborting:
            request.wfile.write(b"0\r\n\r\n")

    def admits(self, authorization: str) -> bool:
        if not self.password:
            return True
        kind, _, rest = authorization.partition(" ")
        if kind != self.auth:
            return False
        if kind == "Basic":
            return base64.b64decode(rest) == f"anna:{self.password}".encode()
        given = dict(re.findall(r'(\w+)="?([^",]*)', rest))
        secret = _md5(f"anna:{REALM}:{self.password}")
        middle = ":".join((NONCE, given["nc"], given["cnonce"], given["qop"]))
        return given["response"] == _md5(f"{secret}:{middle}:{_md5('GET:' + given['uri'])}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Framed:
    """Each write goes out at once, between ``head``, which may hold a place for its size, and ``tail``."""

    def __init__(self, file: Any, head: bytes, tail: bytes):
        self._file, self._head, self._tail = file, head, tail

    def write(self, data: bytes) -> int:
        head = self._head % len(data) if b"%" in self._head else self._head
        self._file.write(head + bytes(data) + self._tail)
        return len(data)


class HlsServer(HttpServer):
    """Segments of a second, the newest four of them. ``playing.stall``: the list grows no further."""

    def __init__(self, recording: Path, fmp4: bool = False):
        kind = {"hls_segment_type": "fmp4"} if fmp4 else {}
        playing = Playing(recording, "hls", hls_time="1", hls_list_size="4", hls_flags="delete_segments", **kind)
        super().__init__(playing, "/live.m3u8", "")
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)

    def up(self) -> None:
        super().up()
        self.on_air()

    def on_air(self) -> None:
        """Begin, or begin again after ``playing.end``. Returns with the first segment there."""
        path = Path(self._folder.name) / "live.m3u8"
        path.unlink(missing_ok=True)
        threading.Thread(target=self.playing.to, args=(str(path),), daemon=True).start()
        while not path.exists():
            time.sleep(0.02)

    def get(self, request: BaseHTTPRequestHandler) -> None:
        try:
            data = (Path(self._folder.name) / request.path.strip("/")).read_bytes()
        except OSError:
            self.refuse(request, 404)
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)


class TlsProxy(Server):
    """Encrypts what another port on loopback sends. certificate: a file that holds the key too."""

    def __init__(self, port: int, certificate: Path):
        super().__init__(Playing(Path(), ""))
        self._behind = port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)

    def serve(self, client: socket.socket) -> None:
        secret = self._context.wrap_socket(client, server_side=True)
        with secret as outside, socket.create_connection(("127.0.0.1", self._behind)) as inside:
            threading.Thread(target=_pump, args=(outside, inside), daemon=True).start()
            _pump(inside, outside)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)

"""A server on a real socket that says what it is told to, whatever it is asked, and at its own pace."""

import socketserver
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

HEADS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@dataclass
class Talker:
    """pieces: said one after the other, ``pause_s`` apart. sent: bytes that were taken of it."""

    pieces: Iterable[bytes]
    pause_s: float = 0.0
    sent: int = 0

    def __post_init__(self) -> None:
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.request.recv(1 << 16)
                try:
                    for piece in outer.pieces:
                        self.wfile.write(piece)
                        outer.sent += len(piece)
                        time.sleep(outer.pause_s)
                except OSError:
                    pass  # nobody listens any more

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

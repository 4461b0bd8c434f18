"""An MQTT broker on a real socket that acknowledges or not, as it is told, and knows what came by which connection."""

import json
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any

CONNECT, PUBLISH = 1, 3


@dataclass
class Broker:
    """got: number of the connection and id of the message, as they came. tls: where it is to be secure."""

    acknowledges: bool = True
    tls: ssl.SSLContext | None = None
    got: list[tuple[int, str]] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def setup(self) -> None:
                if outer.tls is not None:
                    self.request = outer.tls.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle(self) -> None:
                outer.connections += 1
                mine, outer.last = outer.connections, self.request
                while begin := self.rfile.read(1):
                    said = self.rfile.read(_length(self.rfile))
                    if begin[0] >> 4 == CONNECT:
                        self.wfile.write(b"\x20\x02\0\0")
                    elif begin[0] >> 4 == PUBLISH:
                        topic = 2 + int.from_bytes(said[:2], "big")
                        outer.got.append((mine, json.loads(said[topic + 2 :])["id"]))
                        if outer.acknowledges:
                            self.wfile.write(b"\x40\x02" + said[topic : topic + 2])

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # who does not like the certificate goes

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _length(file: Any) -> int:
    """Of what follows: seven bits a byte, the lowest first."""
    length = shift = 0
    while True:
        (byte,) = file.read(1)
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return length

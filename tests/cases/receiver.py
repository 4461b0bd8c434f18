"""A platform that receives webhooks, on a real socket, as good or bad as it is told to be."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """answer: the status for the next message, None to say nothing. Everything that came is in ``all``.

    page: what a GET gets; pages: the same by its path, None for what is not there. leads_to: where it is sent instead.
    """

    answer: Callable[[int], int | None] = lambda _: 200
    silent_s: float = 0.3
    page: bytes = b""
    pages: Callable[[str], bytes | None] | None = None
    leads_to: str = ""
    all: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.all.append(Received(dict(self.headers), body))
                status = outer.answer(len(outer.all))
                if status is None:
                    time.sleep(outer.silent_s)
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def do_GET(self) -> None:
                page = outer.page if outer.pages is None else outer.pages(self.path)
                self.send_response(302 if outer.leads_to else 404 if page is None else 200)
                if outer.leads_to:
                    self.send_header("Location", outer.leads_to)
                self.send_header("Content-Length", str(len(page or b"")))
                self.end_headers()
                self.wfile.write(page or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    @property
    def effect(self) -> list[str]:
        """What a receiver that knows its ids makes of them: each message once."""
        return list(dict.fromkeys(r.headers["Idempotency-Key"] for r in self.all))

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

"""Clients of the simulator: FFmpeg as the program uses it, and a bare socket for what FFmpeg never sends."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import av
from av.container import InputContainer

OPTIONS = {"rtsp_transport": "tcp", "timeout": "5000000", "analyzeduration": "0", "fpsprobesize": "0"}
"""``timeout`` is in microseconds; FFmpeg notices after twice that."""


@contextmanager
def watching(url: str, **options: str) -> Iterator[InputContainer]:
    with av.open(url, options=OPTIONS | options) as container:
        yield container


def packets(container: InputContainer, count: int | None = None) -> list[Any]:
    """So many, or all until the end."""
    return list(islice((p for p in container.demux(video=0) if p.size), count))


def pictures(container: InputContainer, count: int) -> list[Any]:
    return list(islice(container.decode(video=0), count))


def seconds(packet: Any) -> float:
    return float(packet.pts * packet.time_base)


def camera_time(packet: Any) -> datetime | None:
    """UTC of capture by the camera's clock (AVProducerReferenceTime: int64 microseconds since 1970, int32 flags)."""
    for side in packet.iter_sidedata():
        if side.data_type == "prft":
            return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=struct.unpack("<q", bytes(side)[:8])[0])
    return None


class Wire:
    """A connection on which requests are written word by word."""

    def __init__(self, url: str):
        self.url = url
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)
        self.nonce = ""
        self._data = b""
        self._cseq = 0

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, method: str, *headers: str, path: str = "") -> tuple[int, dict[str, str]]:
        """Status and headers of the response; interleaved packets before it are passed over."""
        self._cseq += 1
        lines = [f"{method} {self.url}{path} RTSP/1.0", f"CSeq: {self._cseq}", *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        while self._peek(1) == b"$":
            self.packet()
        while b"\r\n\r\n" not in self._data:
            self._read()
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        digest = next((line for line in rest if 'nonce="' in line), None)
        self.nonce = digest.split('nonce="')[1].split('"')[0] if digest else self.nonce
        body = int(found.get("content-length", "0"))
        self._peek(body)
        found["body"], self._data = self._data[:body].decode(), self._data[body:]
        return int(first.split()[1]), found

    def play(self, transport: str = "RTP/AVP/TCP;unicast;interleaved=0-1") -> None:
        assert self.ask("SETUP", f"Transport: {transport}", path="/trackID=0")[0] == 200
        assert self.ask("PLAY")[0] == 200

    def packet(self) -> tuple[int, bytes]:
        """Channel and content of the next interleaved packet."""
        mark, channel, length = struct.unpack(">BBH", self._peek(4))
        assert mark == 0x24
        content = self._peek(4 + length)[4:]
        self._data = self._data[4 + length :]
        return channel, content

    def read_on(self) -> None:
        """Until the connection ends, which is an ``EOFError`` or ``ConnectionError``."""
        while True:
            self._read()

    def first_picture_s(self) -> float:
        """When it was taken, by the camera's clock: seconds since 1900, from the report that comes before it."""
        report, picture = self.packet()[1], self.packet()[1]
        ntp, stamp = struct.unpack(">QI", report[8:20])
        return float(ntp / 2**32 + (int.from_bytes(picture[4:8], "big") - stamp) / 90_000)

    def _peek(self, count: int) -> bytes:
        while len(self._data) < count:
            self._read()
        return self._data[:count]

    def _read(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self._data += data

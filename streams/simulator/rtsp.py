"""RTSP messages (RFC 2326): requests taken out of what a client sends, and responses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

MOST_HEAD, MOST_BODY = 16_384, 65_536
"""Bytes of one request. Whoever sends more is no player."""
REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    501: "Not Implemented",
    505: "RTSP Version Not Supported",
}


class NotRtsp(Exception):
    """What came is no RTSP; the connection cannot go on."""


@dataclass(frozen=True, slots=True)
class Request:
    """headers: by their names in lower case; of repeated ones the last."""

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def camera(self) -> str:
        """What the URL names: the first part of its path, "" for none."""
        return unquote(urlsplit(self.url).path).strip("/").partition("/")[0]

    @property
    def cseq(self) -> str:
        return self.headers.get("cseq", "0")


class Inbox:
    """Takes requests out of a byte stream. Interleaved packets (the client's own RTCP) are passed over."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[Request]:
        """Raises ``NotRtsp``."""
        self._data += data
        while (request := self._next()) is not None:
            yield request

    def _next(self) -> Request | None:
        data = self._data
        while data:
            if data[0] == 0x24:
                end = 4 + int.from_bytes(data[2:4], "big")
                if len(data) < 4 or len(data) < end:
                    return None
                del data[:end]
            elif data[0] in b"\r\n":
                del data[:1]
            else:
                return self._request()
        return None

    def _request(self) -> Request | None:
        end = self._data.find(b"\r\n\r\n", 0, MOST_HEAD)
        if end < 0:
            if len(self._data) >= MOST_HEAD:
                raise NotRtsp("a request without an end")
            return None
        first, *lines = self._data[:end].decode("utf-8", "replace").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdecimal() or len(length) > 9 or int(length) > MOST_BODY:
            raise NotRtsp("a request with an impossible length")
        whole = end + 4 + int(length)
        if len(self._data) < whole:
            return None
        del self._data[:whole]
        words = first.split()
        if len(words) != 3 or not words[2].startswith("RTSP/"):
            raise NotRtsp("no RTSP request")
        return Request(words[0].upper(), words[1] if _is_url(words[1]) else "*", headers)


def _is_url(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:
        return False
    return True


def response(status: int, cseq: str, headers: list[tuple[str, str]] | None = None, body: str = "") -> bytes:
    lines = [f"RTSP/1.0 {status} {REASONS[status]}", f"CSeq: {cseq}", "Server: streetorder"]
    lines += [f"{name}: {value}" for name, value in headers or []]
    content = body.encode()
    if content:
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode() + content


def interleaved_channels(transport: str) -> tuple[int, int] | None:
    """Channels for RTP and RTCP of the first transport over TCP that a client offers; None where it offers none."""
    for offer in transport.split(","):
        protocol, *parameters = (part.strip().lower() for part in offer.split(";"))
        if protocol != "rtp/avp/tcp" or "multicast" in parameters:
            continue
        wanted = next((p.partition("=")[2] for p in parameters if p.startswith("interleaved=")), "0-1")
        first, _, second = wanted.partition("-")
        if all(n.isascii() and n.isdecimal() and len(n) <= 3 and int(n) < 256 for n in (first, second or "0")):
            return int(first), int(second) if second else (int(first) + 1) % 256
    return None

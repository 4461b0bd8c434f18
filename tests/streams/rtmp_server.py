"""The least of an RTMP server that a player needs: Adobe's RTMP 1.0, commands in AMF0, one stream."""

import socket
import struct
from typing import Any

from tests.streams.on_air import FLV_HEADER, Playing
from tests.streams.stream_servers import Server

CHUNK = 60_000
SET_CHUNK_SIZE, USER_CONTROL, COMMAND = 1, 4, 20
_AT_END = b"\x00\x00\x09"


class RtmpServer(Server):
    """refusal: what a player is told in place of the stream, such as ``NetStream.Play.StreamNotFound``."""

    scheme, path = "rtmp", "/live/gate"

    def __init__(self, playing: Playing, refusal: str = ""):
        super().__init__(playing)
        self.refusal = refusal

    def serve(self, client: socket.socket) -> None:
        with client.makefile("rb") as file:
            _shake_hands(client, file)
            send = _Sender(client)
            for number, *arguments in _commands(file):
                name = arguments.pop(0)
                if name == "connect" and self.refusal.startswith("NetConnection"):
                    send.command("_error", number, None, _status("error", self.refusal))
                elif name == "connect":
                    send(SET_CHUNK_SIZE, struct.pack(">I", CHUNK))
                    send.command("_result", number, {}, _status("status", "NetConnection.Connect.Success"))
                elif name == "createStream":
                    send.command("_result", number, None, 1.0)
                elif name == "play" and self.refusal:
                    send.command("onStatus", 0.0, None, _status("error", self.refusal))
                elif name == "play":
                    send(USER_CONTROL, struct.pack(">HI", 0, 1))
                    send.command("onStatus", 0.0, None, _status("status", "NetStream.Play.Start"))
                    self.playing.to(_Tags(send))
                    if not self.aborting:
                        send.command("onStatus", 0.0, None, _status("status", "NetStream.Play.UnpublishNotify"))
                    return


def _status(level: str, code: str) -> dict[str, Any]:
    return {"level": level, "code": code, "description": code}


def _shake_hands(client: socket.socket, file: Any) -> None:
    theirs = file.read(1537)
    # A version of zero, and so no digests.
    client.sendall(b"\x03" + bytes(1536) + theirs[1:])
    file.read(1536)


def _commands(file: Any) -> Any:
    """What the player says, as ``[number, name, *arguments]``."""
    size, heads, bodies = 128, {}, {}
    while first := file.read(1):
        channel = first[0] & 63
        assert channel > 1, "two-byte channel numbers are not spoken here"
        length, kind = heads.get(channel, (0, 0))
        form = first[0] >> 6
        if form < 3:
            head = file.read((11, 7, 3)[form])
            if form < 2:
                length, kind = int.from_bytes(head[3:6], "big"), head[6]
            if head[:3] == b"\xff\xff\xff":
                file.read(4)
        heads[channel] = length, kind
        body = bodies.pop(channel, b"")
        body += file.read(min(size, length - len(body)))
        if len(body) < length:
            bodies[channel] = body
        elif kind == SET_CHUNK_SIZE:
            size = int.from_bytes(body, "big")
        elif kind == COMMAND:
            name, number, *arguments = _values(body)
            yield [number, name, *arguments]


class _Sender:
    def __init__(self, client: socket.socket):
        self._client = client

    def __call__(self, kind: int, body: bytes, at_ms: int = 0, stream: int = 0) -> None:
        channel = {8: 4, 9: 6, 18: 5}.get(kind, 3)
        size = CHUNK if stream else 128
        long = b"" if at_ms < 0xFFFFFF else struct.pack(">I", at_ms)
        head = bytes([channel]) + min(at_ms, 0xFFFFFF).to_bytes(3, "big") + len(body).to_bytes(3, "big") + bytes([kind])
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        between = bytes([0xC0 | channel]) + long
        self._client.sendall(head + struct.pack("<I", stream) + long + between.join(parts))

    def command(self, name: str, number: float, *values: Any) -> None:
        self(COMMAND, b"".join(_amf(value) for value in (name, number, *values)))


class _Tags:
    """FLV in, messages out: a tag has eleven bytes before and four after what is the message."""

    def __init__(self, send: _Sender):
        self._send, self._bytes, self._begun = send, b"", False

    def write(self, data: bytes) -> int:
        self._bytes += bytes(data)
        if not self._begun and self._bytes[:3] == b"FLV":
            if len(self._bytes) < FLV_HEADER:
                return len(data)
            self._bytes = self._bytes[FLV_HEADER:]
        self._begun = True
        while len(self._bytes) >= 11 and len(self._bytes) >= (size := int.from_bytes(self._bytes[1:4], "big")) + 15:
            at_ms = int.from_bytes(self._bytes[7:8] + self._bytes[4:7], "big")
            self._send(self._bytes[0], self._bytes[11 : 11 + size], at_ms, 1)
            self._bytes = self._bytes[size + 15 :]
        return len(data)


def _amf(value: Any) -> bytes:
    if value is None:
        return b"\x05"
    if isinstance(value, float):
        return b"\x00" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"\x02" + struct.pack(">H", len(value)) + value.encode()
    return b"\x03" + b"".join(_amf(name)[1:] + _amf(inner) for name, inner in value.items()) + _AT_END


def _values(data: bytes) -> list[Any]:
    """The simple values of a command; objects are left out."""
    found: list[Any] = []
    while data:
        kind, data = data[0], data[1:]
        if kind == 0:
            found.append(struct.unpack(">d", data[:8])[0])
            data = data[8:]
        elif kind == 1:
            found.append(bool(data[0]))
            data = data[1:]
        elif kind == 2:
            size = int.from_bytes(data[:2], "big")
            found.append(data[2 : 2 + size].decode())
            data = data[2 + size :]
        elif kind == 3:
            data = data[data.index(_AT_END) + 3 :]
    return found

"""Stands between a worker and an RTSP server that knows nothing of faults, and makes the network and the camera fail.

What the server sends over its RTSP connection is RTSP text and interleaved packets (RFC 2326, 10.12): ``$``, channel,
length, RTP on even and RTCP on odd channels. Only these are touched.
"""

import asyncio
import random
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from streams.simulator.faults import Fault

RTP_HZ = 90_000
_ABORT = struct.pack("ii", 1, 0)


class ChaosProxy:
    """``with ChaosProxy(upstream_port) as proxy``: ``proxy.port`` is the camera's. Its thread runs an event loop.

    path: what stands for the camera's path on the server, changed to serve another recording.
    """

    def __init__(self, upstream: int, path: str):
        self.upstream = upstream
        self.path = self._first_path = path
        self.port = 0
        self.faults: dict[Fault, float] = {}
        self._shift_s = 0.0
        self._chance = random.Random(1)
        self._pairs: set[asyncio.WriteTransport] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "ChaosProxy":
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._down())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/{self._first_path}"

    def fault(self, kind: Fault, value: float | str = 0.0) -> None:
        """Begins at once; those that happen once are over at once. value of codec and resolution: the server's path."""
        if kind is Fault.CLOCK_JUMP:
            self._shift_s += float(value)
        elif kind in (Fault.CODEC, Fault.RESOLUTION, Fault.FREEZE):
            self.path = str(value)
            self._do(self._cut())
        elif kind is Fault.CUT:
            self._do(self._cut())
        else:
            self.faults[kind] = float(value)
            if kind is Fault.DOWN:
                self._do(self._down())
            elif kind is Fault.UNAUTHORISED:
                self._do(self._cut())

    def heal(self) -> None:
        self.faults.clear()
        if self.path != self._first_path:
            self.path = self._first_path
            self._do(self._cut())
        if self._server is None:
            self._do(self._listen())

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cut(self) -> None:
        for transport in list(self._pairs):
            transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            writer.transport.abort()
            return
        ours = {writer.transport, to_server.transport}
        self._pairs |= ours
        try:
            jobs = [
                asyncio.ensure_future(self._ask(reader, to_server, writer)),
                asyncio.ensure_future(self._answer(from_server, writer)),
            ]
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in jobs:
                job.cancel()
        finally:
            self._pairs -= ours
            for end in (writer, to_server):
                with suppress(Exception):
                    end.close()

    async def _ask(
        self, reader: asyncio.StreamReader, to_server: asyncio.StreamWriter, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while data := await reader.read(65536):
                if Fault.UNAUTHORISED in self.faults and b" RTSP/1.0\r\n" in data:
                    number = data.lower().partition(b"cseq:")[2].split(b"\r\n")[0].strip()
                    head = b"RTSP/1.0 401 Unauthorized\r\nCSeq: " + number
                    writer.write(head + b'\r\nWWW-Authenticate: Basic realm="camera"\r\n\r\n')
                    continue
                to_server.write(data.replace(f"/{self._first_path}".encode(), f"/{self.path}".encode()))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                first = await reader.readexactly(1)
                if first != b"$":
                    await self._send(writer, first + await self._text(reader))
                    continue
                head = await reader.readexactly(3)
                packet = bytearray(await reader.readexactly(int.from_bytes(head[1:], "big")))
                if self._harm(head[0], packet):
                    await self._send(writer, first + head + bytes(packet))

    async def _text(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0].strip()
        return head + (await reader.readexactly(int(length)) if length else b"")

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if Fault.STALL in self.faults:
            return
        rate = self.faults.get(Fault.SLOW)
        for at in range(0, len(data), max(1, round(rate * 0.1)) if rate else len(data)):
            writer.write(data[at : at + max(1, round(rate * 0.1))] if rate else data)
            if rate:
                await asyncio.sleep(0.1)
                rate = self.faults.get(Fault.SLOW, rate)
        await writer.drain()

    def _harm(self, channel: int, packet: bytearray) -> bool:
        """Change a packet in place; whether it is sent at all."""
        if channel % 2:
            if packet[1] == 200 and self._shift_s:
                ntp, stamp = struct.unpack_from(">QI", packet, 8)
                shifted = (ntp + round(self._shift_s * 2**32)) % 2**64, (stamp + self._ticks) % 2**32
                struct.pack_into(">QI", packet, 8, *shifted)
            return True
        if self._chance.random() < self.faults.get(Fault.LOSS, 0.0):
            return False
        if self._shift_s:
            (stamp,) = struct.unpack_from(">I", packet, 4)
            struct.pack_into(">I", packet, 4, (stamp + self._ticks) % 2**32)
        if Fault.GARBAGE in self.faults:
            packet[14:] = self._chance.randbytes(max(0, len(packet) - 14))
        return True

    @property
    def _ticks(self) -> int:
        return round(self._shift_s * RTP_HZ)

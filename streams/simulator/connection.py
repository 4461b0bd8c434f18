"""One client's RTSP connection: requests in, responses and pictures out, all over one TCP connection."""

import asyncio
import socket
import struct
from collections.abc import Mapping

from streams.simulator.authentication import Guard
from streams.simulator.camera import Camera
from streams.simulator.faults import Fault
from streams.simulator.outlet import KERNEL_BYTES, Outlet
from streams.simulator.player import Player
from streams.simulator.rtsp import Inbox, NotRtsp, Request, interleaved_channels, response

METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 s: closing then resets the connection instead of ending it."""


class Connection(asyncio.Protocol):
    """Serves one session at a time. cameras: those that can be reached here, by name."""

    transport: asyncio.Transport
    outlet: Outlet

    def __init__(self, cameras: Mapping[str, Camera], guard: Guard | None, nonce: str, everyone: set["Connection"]):
        self.player: Player | None = None
        self._cameras = cameras
        self._guard = guard
        self._nonce = nonce
        self._everyone = everyone
        self._inbox = Inbox()
        self._asked: set[Camera] = set()
        self._playing: Camera | None = None
        self._session = ""

    # --- the connection -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        self.outlet = Outlet(transport, asyncio.get_running_loop())
        self._everyone.add(self)

    def data_received(self, data: bytes) -> None:
        try:
            for request in self._inbox.feed(data):
                if self.transport.is_closing():
                    return
                self._answer(request)
        except NotRtsp:
            self.outlet.write(response(400, "0"))
            self.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._leave()
        self.outlet.stop()
        self._everyone.discard(self)
        for camera in self._asked:
            camera.sessions.discard(self)

    def abort(self) -> None:
        """As if the camera had lost power or a firewall had cut the line: the client sees a reset."""
        self._leave()
        if not self.transport.is_closing():
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def close(self) -> None:
        """End in order, after what waits to be sent."""
        self._leave()
        self.outlet.limit(None)
        self.transport.close()

    def _leave(self) -> None:
        if self._playing is not None and self.player is not None:
            self._playing.leave(self.player)
        self._playing = self.player = None

    # --- requests -----------------------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> None:
        camera = self._cameras.get(request.camera) or (self._playing if request.url == "*" else None)
        if camera is not None:
            self._asked.add(camera)
            camera.sessions.add(self)
            if Fault.DOWN in camera.faults:
                self.abort()
                return
        faults = camera.faults if camera is not None else {}
        if request.method == "OPTIONS":
            self._say(request, 200, ("Public", METHODS))
        elif Fault.UNAUTHORISED in faults or not self._admitted(request):
            guard = self._guard or Guard("", "")
            self._say(request, 401, *guard.challenge(self._nonce))
        elif camera is None or Fault.NOT_FOUND in faults:
            self._say(request, 404)
        else:
            self._serve(request, camera)

    def _admitted(self, request: Request) -> bool:
        return self._guard is None or self._guard.admits(request, self._nonce)

    def _serve(self, request: Request, camera: Camera) -> None:
        if self._session and request.headers.get("session", self._session).partition(";")[0] != self._session:
            self._say(request, 454)
            return
        match request.method:
            case "DESCRIBE":
                self._describe(request, camera)
            case "SETUP":
                self._set_up(request, camera)
            case "PLAY":
                self._play(request, camera)
            case "GET_PARAMETER":
                self._say(request, 200)
            case "TEARDOWN":
                self._say(request, 200)
                self.close()
            case _:
                self._say(request, 501)

    def _describe(self, request: Request, camera: Camera) -> None:
        host = self.transport.get_extra_info("sockname")[0]
        kind = "IP6" if ":" in host else "IP4"
        lines = ["v=0", f"o=- 1 1 IN {kind} {host}", f"s={camera.name}", "t=0 0", "a=control:*"]
        body = "\r\n".join([*lines, *camera.track.description(), ""])
        base = f"{request.url.rstrip('/')}/"
        self._say(request, 200, ("Content-Base", base), ("Content-Type", "application/sdp"), body=body)

    def _set_up(self, request: Request, camera: Camera) -> None:
        channels = interleaved_channels(request.headers.get("transport", ""))
        if channels is None:
            self._say(request, 461)
        elif self._playing is not None:
            self._say(request, 455)
        else:
            self.player = Player(self.outlet, channels, camera.reports, camera.chance)
            self._session = self._session or f"{camera.chance.getrandbits(32):08x}"
            transport = f"RTP/AVP/TCP;unicast;interleaved={channels[0]}-{channels[1]}"
            self._say(request, 200, ("Transport", transport))

    def _play(self, request: Request, camera: Camera) -> None:
        if self.player is None:
            self._say(request, 454)
            return
        url = f"{request.url.rstrip('/')}/trackID=0"
        info = f"url={url};seq={self.player.sequence};rtptime={camera.timestamp(self.player)}"
        self._say(request, 200, ("Range", "npt=now-"), ("RTP-Info", info))
        if self._playing is None:
            self._playing = camera
            camera.join(self.player)

    def _say(self, request: Request, status: int, *headers: tuple[str, str], body: str = "") -> None:
        session = [("Session", f"{self._session};timeout=60")] if self._session else []
        self.outlet.write(response(status, request.cseq, [*headers, *session], body))

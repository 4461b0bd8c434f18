"""Recordings served as looping RTSP cameras, for tests, benchmarks and whoever has no cameras yet."""

import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Self
from urllib.parse import quote

from streams.simulator.authentication import Guard
from streams.simulator.camera import Camera
from streams.simulator.connection import Connection
from streams.simulator.faults import WITH_NUMBER, WITH_RECORDING, Fault, number
from streams.simulator.listener import Listener
from streams.simulator.loop_thread import LoopThread
from streams.simulator.playback import Pacer
from streams.simulator.track import Track, load_track

_GOLDEN = 0.6180339887
"""Its multiples spread evenly over the loop, however many cameras there are."""


class Simulator:
    """``with Simulator([path], cameras=3) as simulator:`` serves ``simulator.url(0)``, ``rtsp://127.0.0.1:PORT/cam001``.

    Camera n serves ``recordings[n % len(recordings)]``; each has its own place in the loop. port: 0 for any that is
    free. rtcp: whether cameras report their clocks. loop: False plays once from the beginning for each client and then
    ends the connection. own_ports: each camera has a port of its own, counting from ``port``, so that one that is down
    refuses connections.

    Raises ``Unreadable`` naming the recording that cannot be served, ``ValueError`` for a wrong number or an incomplete
    credential. Its methods may be called from any thread.
    """

    def __init__(
        self,
        recordings: Sequence[Path],
        cameras: int,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        user: str | None = None,
        password: str | None = None,
        rtcp: bool = True,
        loop: bool = True,
        own_ports: bool = False,
    ):
        if not recordings:
            raise ValueError("a simulator needs at least one recording")
        if cameras < 1:
            raise ValueError(f"{cameras} cameras: 1 or more are allowed")
        if (user is None) != (password is None):
            raise ValueError("a user and a password are needed, or neither")
        self.host, self.port = host, port
        self.names = [f"cam{n + 1:03}" for n in range(cameras)]
        self._user, self._password = user, password
        self._guard = Guard(user, password) if user is not None and password is not None else None
        self._rtcp, self._loops, self._own_ports = rtcp, loop, own_ports
        self._tracks: dict[Path, Track] = {}
        self._recordings = [self._track(Path(path)) for path in recordings]
        self._cameras: dict[str, Camera] = {}
        self._listeners: list[Listener] = []
        self._connections: set[Connection] = set()
        self._begun: dict[tuple[str, Fault], object] = {}
        self._thread: LoopThread | None = None

    # --- life ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Raises ``OSError`` where a port cannot be had."""
        try:
            for index in range(len(self.names) if self._own_ports else 1):
                self._listeners.append(Listener(self.host, self.port + index if self.port else 0))
        except (OSError, OverflowError):
            self._close_listeners()
            raise
        self.port = self._listeners[0].port
        self._thread = LoopThread("simulator")
        self._thread.call(self._begin)

    def stop(self) -> None:
        """Breaks off every session. May be called twice."""
        if self._thread is not None:
            self._thread.call(self._end)
            self._thread.stop()
            self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- cameras ------------------------------------------------------------------------------------------------------

    def url(self, camera: int | str, user: str | None = None, password: str | None = None) -> str:
        """With the credentials it takes, if any are set; ``user`` and ``password`` stand in for them."""
        name = self._name(camera)
        user = self._user if user is None else user
        password = self._password if password is None else password
        credentials = "" if user is None else f"{quote(user, safe='')}:{quote(password or '', safe='')}@"
        # Who listens on every address is reached on loopback.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)
        host = f"[{host}]" if ":" in host else host
        index = self.names.index(name) if self._own_ports else 0
        port = self._listeners[index].port if self._listeners else self.port
        return f"rtsp://{credentials}{host}:{port}/{name}"

    def clients(self, camera: int | str) -> int:
        """How many players the camera has."""
        found = self._cameras.get(self._name(camera))
        return found.clients if found is not None else 0

    def set_clock(self, camera: int | str, offset_s: float) -> None:
        """How far the camera's clock is ahead of ours; sessions that run learn it with the next report."""
        found, thread = self._running(camera)
        thread.call(lambda: setattr(found, "clock_offset_s", offset_s))

    @property
    def shortened(self) -> list[Path]:
        """Recordings that are too long to be kept in memory, of which only the beginning is served."""
        return [track.path for track in self._tracks.values() if not track.whole]

    # --- faults -------------------------------------------------------------------------------------------------------

    def fault(
        self, camera: int | str, kind: Fault, value: float | str | None = None, seconds: float | None = None
    ) -> None:
        """Begins at once, ends after ``seconds`` or with ``heal``. ``cut``, ``end`` and ``clock_jump`` just happen.

        Raises ``ValueError`` for a value that is not allowed, ``Unreadable`` for a recording that cannot be served,
        ``KeyError`` for a camera that is not there.
        """
        found, thread = self._running(camera)
        amount, track = self._checked(camera, Fault(kind), value)

        def begin() -> None:
            token = self._begun[found.name, kind] = object()
            found.begin(kind, amount, track)
            if seconds is not None:
                thread.loop.call_later(seconds, over, token)

        def over(token: object) -> None:
            if self._begun.get((found.name, kind)) is token:  # otherwise it began anew in the meantime
                found.end(kind)

        thread.call(begin)

    def check(self, camera: int | str, kind: Fault, value: float | str | None = None) -> None:
        """Raises what ``fault`` would raise, without doing anything."""
        self._checked(camera, kind, value)

    def heal(self, camera: int | str) -> None:
        """Ends all faults of the camera."""
        found, thread = self._running(camera)
        thread.call(found.heal)

    def _checked(self, camera: int | str, kind: Fault, value: float | str | None) -> tuple[float, Track | None]:
        name = self._name(camera)
        if kind in WITH_RECORDING:
            if not isinstance(value, str | Path) or not str(value):
                raise ValueError(f"{kind}: the path of another recording is needed, such as {kind}:other.mp4")
            track, running = self._track(Path(value)), self._cameras.get(name)
            served = running.track if running is not None else self._recording(name)
            if kind is Fault.RESOLUTION and track.codec is not served.codec:
                raise ValueError(f"{kind}: {value} is {track.codec.encoding}, {name} sends {served.codec.encoding}")
            return 0.0, track
        if kind in WITH_NUMBER:
            return number(kind, value), None
        if value is not None:
            raise ValueError(f"{kind} takes no value, not {value!r}")
        return 0.0, None

    # --- in the simulator's thread ------------------------------------------------------------------------------------

    def _begin(self) -> None:
        assert self._thread is not None
        self._pacer = Pacer(self._thread.loop)
        for index, name in enumerate(self.names):
            phase = index * _GOLDEN % 1.0 if self._loops else 0.0
            self._cameras[name] = Camera(
                name, self._recording(name), self._pacer, phase=phase, loop=self._loops, reports=self._rtcp
            )
        groups = [[name] for name in self.names] if self._own_ports else [self.names]
        for listener, names in zip(self._listeners, groups, strict=True):
            cameras = {name: self._cameras[name] for name in names}
            listener.begin(self._thread.loop, partial(self._connection, cameras))
            if self._own_ports:
                cameras[names[0]].reachable = listener.let_in

    def _connection(self, cameras: dict[str, Camera]) -> Connection:
        return Connection(cameras, self._guard, secrets.token_hex(16), self._connections)

    def _end(self) -> None:
        self._pacer.stop()
        self._close_listeners()
        for connection in list(self._connections):
            connection.abort()

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners = []

    # --- what belongs to a camera -------------------------------------------------------------------------------------

    def _track(self, path: Path) -> Track:
        if path not in self._tracks:
            self._tracks[path] = load_track(path)
        return self._tracks[path]

    def _recording(self, name: str) -> Track:
        return self._recordings[self.names.index(name) % len(self._recordings)]

    def _name(self, camera: int | str) -> str:
        if isinstance(camera, int):
            return self.names[camera]
        if camera not in self.names:
            raise KeyError(f"no camera {camera!r}; there are {self.names[0]} to {self.names[-1]}")
        return camera

    def _running(self, camera: int | str) -> tuple[Camera, LoopThread]:
        name = self._name(camera)
        if self._thread is None:
            raise RuntimeError("the simulator is not running")
        return self._cameras[name], self._thread

"""A simulated camera: what it serves, who watches it, its clock, and what is wrong with it."""

import random
import time
from collections.abc import Callable
from typing import Protocol

from streams.simulator.faults import Fault
from streams.simulator.playback import Pacer, Playback
from streams.simulator.player import Player
from streams.simulator.rtp import CLOCK_HZ, Picture
from streams.simulator.track import Track

_JOIN = 4 * CLOCK_HZ


class Session(Protocol):
    """A client's connection."""

    player: Player | None

    def abort(self) -> None: ...

    def close(self) -> None: ...


class Camera:
    """Everything here happens in the simulator's thread.

    A client begins with the next key frame if that comes within 4 s, otherwise at once. phase: how far into the
    recording the camera was when the simulator started, 0 to 1. clock_offset_s: of the camera's clock to ours.
    """

    def __init__(self, name: str, track: Track, pacer: Pacer, *, phase: float, loop: bool, reports: bool):
        self.name = name
        self.track = track
        self.faults: dict[Fault, float] = {}
        self.clock_offset_s = 0.0
        self.sessions: set[Session] = set()
        self.reachable: Callable[[bool], None] = lambda _: None
        self.reports = reports
        self.chance = random.Random(name)
        self._recording = track
        self._pacer = pacer
        self._loop = loop
        self._jumped = 0
        self._watchers: dict[Playback, list[Player]] = {}
        self._frozen: dict[Playback, Picture] = {}
        self._shared: Playback | None = self._playback() if loop else None
        self._zero = pacer.now() - round(phase * track.duration)

    @property
    def clients(self) -> int:
        return sum(map(len, list(self._watchers.values())))

    # --- players ------------------------------------------------------------------------------------------------------

    def join(self, player: Player) -> None:
        """Begin to play. The camera's clock is reported at once."""
        now = self._pacer.now()
        playback = self._shared or self._playback()
        watchers = self._watchers[playback]
        if not watchers:
            playback.begin(self._zero if self._loop else now, now)
            self._pacer.schedule(playback, playback.due)
        watchers.append(player)
        player.flowing = playback.key_frame_due() - now > _JOIN
        player.outlet.limit(self.faults.get(Fault.SLOW))
        if Fault.STALL not in self.faults:
            self._report(player, now)

    def leave(self, player: Player) -> None:
        for playback, watchers in list(self._watchers.items()):
            if player in watchers:
                watchers.remove(player)
            if not watchers and playback is not self._shared:
                self._watchers.pop(playback)
                self._frozen.pop(playback, None)

    def timestamp(self, player: Player) -> int:
        """The RTP time stamp of this moment."""
        return player.timestamp(self._pacer.now() + self._jumped)

    def _playback(self) -> Playback:
        playback = Playback(self.track, self._loop, self._send, self._ended, lambda p: bool(self._watchers.get(p)))
        self._watchers[playback] = []
        return playback

    def _send(self, playback: Playback, picture: Picture, ticks: int, now: int) -> None:
        if Fault.STALL in self.faults:
            return
        shown = self._shown(playback, picture)
        if shown is not picture:
            ticks += shown.pts - shown.dts - (picture.pts - picture.dts)
        for player in self._watchers[playback]:
            self._report(player, now)
            player.send(shown, ticks + self._jumped, self.faults)

    def _shown(self, playback: Playback, picture: Picture) -> Picture:
        """The picture, or the key frame on which the camera has frozen; it thaws with a key frame, for whole groups."""
        if Fault.FREEZE in self.faults:
            return self._frozen.setdefault(playback, playback.track.key_frame_before(playback.index))
        if picture.keyframe:
            self._frozen.pop(playback, None)
        return self._frozen.get(playback, picture)

    def _report(self, player: Player, now: int) -> None:
        player.report(now + self._jumped, now, time.time() + self.clock_offset_s)

    def _ended(self, playback: Playback) -> None:
        players = self._watchers.get(playback, [])
        for session in list(self.sessions):
            if session.player in players:
                session.close()

    # --- faults -------------------------------------------------------------------------------------------------------

    def begin(self, kind: Fault, value: float = 0.0, track: Track | None = None) -> None:
        """track: for the faults that serve another recording."""
        match kind:
            case Fault.CUT:
                self._each_playing(lambda session: session.abort())
                return
            case Fault.END:
                self._each_playing(lambda session: session.close())
                return
            case Fault.CLOCK_JUMP:
                self._jump(value)
                return
        self.faults[kind] = value
        if kind is Fault.DOWN:
            self.reachable(False)
            for session in list(self.sessions):
                session.abort()
        elif kind is Fault.SLOW:
            self._limit(value)
        elif track is not None:
            self._serve(track, kind)

    def end(self, kind: Fault) -> None:
        """Nothing happens where the fault is not there."""
        if self.faults.pop(kind, None) is None:
            return
        if kind is Fault.DOWN:
            self.reachable(True)
        elif kind is Fault.SLOW:
            self._limit(None)
        elif kind in (Fault.CODEC, Fault.RESOLUTION):
            self._serve(self._recording, kind)
        elif kind is Fault.STALL:
            self._wait_for_key_frames()

    def heal(self) -> None:
        for kind in list(self.faults):
            self.end(kind)

    def _each_playing(self, act: Callable[[Session], None]) -> None:
        for session in list(self.sessions):
            if session.player is not None:
                act(session)

    def _limit(self, rate: float | None) -> None:
        for players in self._watchers.values():
            for player in players:
                player.outlet.limit(rate)

    def _jump(self, seconds: float) -> None:
        self._jumped += round(seconds * CLOCK_HZ)
        self.clock_offset_s += seconds
        for players in self._watchers.values():
            for player in players:
                player.report_soon()

    def _serve(self, track: Track, kind: Fault) -> None:
        """Another recording from its beginning; of another codec in new sessions only."""
        if kind is Fault.CODEC:
            self._each_playing(lambda session: session.close())
        now = self._pacer.now()
        self.track, self._zero = track, now
        for playback in self._watchers:
            self._frozen.pop(playback, None)
            playback.track = track
            playback.begin(now, now)
            self._pacer.schedule(playback, now)

    def _wait_for_key_frames(self) -> None:
        now = self._pacer.now()
        for playback, players in self._watchers.items():
            for player in players:
                player.flowing = playback.key_frame_due() - now > _JOIN

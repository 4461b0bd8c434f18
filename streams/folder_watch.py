"""A folder into which recordings are delivered, read as a camera: by gateways, recorders and patrol cars.

Nothing is in a hurry here and nothing may be lost: a file is read when it is whole, each file once, and reading waits
until its pictures are taken.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from streams.decode_pool import Lane
from streams.discover import Starts
from streams.folder_clock import FolderClock
from streams.grouping import Grouper
from streams.link import Change, Link, LinkState, Trouble
from streams.new_files import Folder
from streams.opening import Unreadable, open_video
from streams.packets import CodecParameters
from streams.recorder import Recorder
from streams.sampler import Sampler
from streams.source import Segment, redact
from streams.timeline import Timeline
from streams.timestamps import Timestamps

POLL_S = 2.0
HELD_S = 0.05
LOOKING_SHARE = 0.05
"""At most this share of the time goes into looking through a folder that holds very many files."""
KEPT = 32
"""Files that were read and may not be judged to their ends."""


@dataclass(slots=True)
class _Piece:
    """A file that was begun: how things stood before it, and the last picture that was handed on, elapsed seconds."""

    name: str
    timeline: dict[str, Any]
    sampler: dict[str, float]
    newest_s: float = float("-inf")
    finished: bool = False


class FolderReader:
    """Reads what comes into ``source``, a folder or glob, until it is stopped.

    lane: its ``deliver`` is called in the reader's own thread, and waits until there is room for the picture.
    clock: its elapsed seconds begin anew here where ``resume`` holds where an earlier process was.
    hold: while it says so nothing further is read; for evidence that still needs the oldest of the ring.
    resume: what ``state`` gave to an earlier process.
    """

    left_behind = 0
    """Threads that hang: a ``LiveReader`` counts its own."""

    def __init__(
        self,
        camera_id: str,
        source: str,
        recorder: Recorder,
        clock: FolderClock,
        sampler: Sampler,
        lane: Lane,
        told: Callable[[Change], None] = lambda _: None,
        starts: Starts | None = None,
        resume: Mapping[str, Any] | None = None,
        hold: Callable[[], bool] = lambda: False,
        poll_s: float = POLL_S,
    ):
        self.camera_id = camera_id
        self.recorder = recorder
        self.clock = clock
        self.sampler = sampler
        self.lane = lane
        self.link = Link(clock.clock, told)
        self.parameters: CodecParameters | None = None
        self.folder = Folder(source, starts, clock.clock, resume["done"] if resume else ())
        self._hold = hold
        self._poll_s = poll_s
        self._pieces: deque[_Piece] = deque(maxlen=KEPT)
        self._thread: threading.Thread | None = None
        self._wake = threading.Condition()
        self._lock = threading.Lock()
        self._stopping = False
        if resume is not None:
            clock.timeline = Timeline.from_dict(resume["timeline"])
            sampler.restore(resume["sampler"])
            lane.newest_s = max(lane.newest_s, resume["judged_s"])

    # --- for whoever owns it ------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._stopping = False
        if self._pieces and not self._pieces[-1].finished:
            self._back()
        self._thread = threading.Thread(target=self._run, name=f"folder {self.camera_id}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Read no further. Does not wait; a picture that waits for room has to be let go by who makes the room."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Whether reading has ended by then."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._thread is None or not self._thread.is_alive()

    def watch(self) -> None:
        """Nothing to notice: a folder may be silent for days."""

    def state(self, judged_s: float | None = None) -> dict[str, Any]:
        """For ``resume``, as plain values. judged_s: the newest picture of which the result is kept as well, elapsed
        seconds; files with newer ones are read again from there on. The newest handed on where left out.
        """
        with self._lock:
            judged_s = self.lane.newest_s if judged_s is None else judged_s
            open_ = [i for i, p in enumerate(self._pieces) if not p.finished or p.newest_s > judged_s]
            again = list(self._pieces)[open_[0] :] if open_ else []
            names = {piece.name for piece in again}
            timeline = again[0].timeline if again else self.clock.timeline.to_dict()
            sampler = again[0].sampler if again else self.sampler.state()
            done = [name for name in self.folder.done if name not in names]
        return {"done": done, "timeline": timeline, "sampler": sampler, "judged_s": judged_s}

    # --- its thread ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self.link.go(LinkState.CONNECTING)
        look_at_s = float("-inf")
        while not self._stopping:
            begun_s = self.clock.clock()
            if begun_s >= look_at_s:
                with self._lock:
                    self.folder.look()
                now_s = self.clock.clock()
                look_at_s = now_s + max(self._poll_s, (now_s - begun_s) / LOOKING_SHARE)
            segment = self.folder.next()
            if segment is None:
                self._rest()
            if segment is None or not self._file(segment):
                self._wait(look_at_s - self.clock.clock())
        self.link.go(LinkState.DISABLED)

    def _wait(self, seconds: float) -> None:
        with self._wake:
            self._wake.wait_for(lambda: self._stopping, max(0.0, seconds))

    def _rest(self) -> None:
        if self.folder.there:
            self.link.go(LinkState.RESTING)
        elif self.link.state is not LinkState.BACKING_OFF:
            self.link.go(LinkState.BACKING_OFF, Trouble.NOT_FOUND, f"{self.folder.base}: no such folder")

    def _file(self, segment: Segment) -> bool:
        """Whether it is over with it: read, or no good."""
        try:
            container, stream = open_video(segment)
        except Unreadable as error:
            if self.folder.patient(segment):
                return False
            self._note(segment, str(error))
            with self._lock:
                self.folder.finish(segment)
            return True
        name = self.folder.name(segment.url)
        piece = _Piece(name, self.clock.timeline.to_dict(), self.sampler.state())
        with self._lock:
            self._pieces.append(piece)
        pictures, problem = self.lane.pictures, ""
        with container:
            try:
                self._read(segment, container, stream, piece)
            except (av.error.FFmpegError, OSError) as error:
                problem = getattr(error, "strerror", None) or str(error)
        if self._stopping:
            return False
        if problem and not Path(segment.url).exists():  # its drive went away, and may come back
            self._back()
            return False
        self.lane.drain()
        with self._lock:
            piece.newest_s, piece.finished = self.lane.newest_s, True
            grew = self.folder.grew(segment)
            self.folder.finish(segment)
        if problem:
            self._note(segment, f"stops being readable at {self.clock.now_s():.1f} s: {problem}")
        elif self.lane.pictures == pictures and self.lane.unmet:
            self._note(segment, "no picture could be decoded from it")
        elif grew:
            self._note(segment, "grew after it had seemed whole: what was added last was not looked at")
        return True

    def _back(self) -> None:
        """To before the file that was begun: what was handed on of it is known by its time and passed over."""
        with self._lock:
            piece = self._pieces.pop()
            self.clock.timeline = Timeline.from_dict(piece.timeline)
            self.sampler.restore(piece.sampler)
        self.recorder.clear()

    def _read(self, segment: Segment, container: InputContainer, stream: VideoStream, piece: _Piece) -> None:
        parameters = CodecParameters(stream)
        stamps = Timestamps(stream, parameters.rate)
        grouper = Grouper(parameters, stamps, self.recorder)
        seconds, seen_s = grouper.seconds, self.lane.newest_s
        self.parameters = parameters
        begun = False
        for stamped in stamps.of(container.demux(stream)):
            while self._hold() and not self._stopping:
                self._wait(HELD_S)
            if self._stopping:
                return
            if not begun:
                self.clock.begin(segment, container, seconds(stamps.origin))
                begun = True
            times = (seconds(t) for t in (stamped.pts, stamped.dts, stamped.duration))
            elapsed_s, decode_s = self.clock.place_packet(*times)
            group, packet = grouper.add(stamped, elapsed_s, decode_s)
            self.link.packet(len(packet.data))
            unseen = elapsed_s > seen_s
            wanted = self.sampler.wants(packet, group) and unseen
            self.lane.take(group, len(group.packets) - 1, wanted, self.sampler.dense and unseen)
            piece.newest_s = self.lane.newest_s

    def _note(self, segment: Segment, problem: str) -> None:
        self.link.go(LinkState.RESTING, Trouble.GARBAGE, f"{redact(segment.name)}: {problem}")

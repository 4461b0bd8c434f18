"""One live camera being read: connects, demuxes into the ring, asks for pictures, and begins again when it ends.

Reading runs in a thread of its own. A thread that hangs in FFmpeg cannot be interrupted, only left behind: the watchdog
then starts another, and the old one closes its connection when it comes back.
"""

import random
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from streams.decode_pool import Lane
from streams.grouping import Grouper
from streams.link import SETTLED_S, Backoff, Change, Link, LinkState, Trouble, classify
from streams.live_clock import LiveClock
from streams.opening import first_video, only
from streams.pace import Pace
from streams.packets import CodecParameters
from streams.parameter_sets import FormatWatch
from streams.protocols import CONNECT_S, learnt, protocol_of
from streams.recorder import Recorder
from streams.sampler import Sampler
from streams.source import redact
from streams.timestamps import live_timestamps

MOST_LEFT_BEHIND = 3
"""Threads of one camera that may hang at a time; with so many the camera waits until one comes back."""
UNMET, UNMET_S = 3, 10.0
"""So many pictures wanted in vain over so many seconds mean that what comes is no video that decodes."""


class Ended(Exception):
    """The connection is over. trouble: why."""

    def __init__(self, trouble: Trouble, message: str):
        super().__init__(message)
        self.trouble = trouble


class LiveReader:
    """Reads ``url`` until it is stopped.

    lane: takes the packets whose pictures are wanted; None keeps packets only (a main stream, for evidence).
    """

    def __init__(
        self,
        camera_id: str,
        url: str,
        recorder: Recorder,
        clock: LiveClock,
        sampler: Sampler | None = None,
        lane: Lane | None = None,
        told: Callable[[Change], None] = lambda _: None,
        chance: random.Random | None = None,
    ):
        self.camera_id = camera_id
        self.url = url
        self.recorder = recorder
        self.clock = clock
        self.sampler = sampler
        self.lane = lane
        self.link = Link(clock.clock, told)
        self.parameters: CodecParameters | None = None
        self.protocol = protocol_of(url)
        self._backoff = Backoff(chance=chance or random.Random())
        self._thread: threading.Thread | None = None
        self._left_behind: list[threading.Thread] = []
        self._wake = threading.Condition()
        self._stopping = False

    # --- for whoever owns it ------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._stopping = False
        self._spawn(0.0)

    def stop(self) -> None:
        """Read no further. Does not wait: a thread may hang in FFmpeg for some seconds."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Whether reading has ended by then."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def watch(self) -> None:
        """Notice a stall, and leave a thread behind that hangs. To be called about twice a second."""
        if self._stopping:
            return
        state, now_s = self.link.state, self.clock.clock()
        silent_s = now_s - max(self.link.packet_at_s, self.link.since_s)
        if state is LinkState.LIVE and silent_s > self.protocol.stall_s:
            self.link.go(LinkState.STALLED)
        elif state is LinkState.STALLED and now_s - self.link.packet_at_s > self.protocol.give_up_s:
            self._leave(Trouble.STALL, f"no packet for {now_s - self.link.packet_at_s:.0f} s")
        elif state is LinkState.CONNECTING and silent_s > CONNECT_S:
            self._leave(Trouble.TIMEOUT, f"no packet {silent_s:.0f} s after connecting began")

    @property
    def left_behind(self) -> int:
        """Threads that hang."""
        self._left_behind = [t for t in self._left_behind if t.is_alive()]
        return len(self._left_behind)

    # --- threads ------------------------------------------------------------------------------------------------------

    def _leave(self, trouble: Trouble, message: str) -> None:
        if self.left_behind >= MOST_LEFT_BEHIND:
            return
        assert self._thread is not None
        self._left_behind.append(self._thread)
        wait_s = self._back_off(trouble, message)
        self._spawn(wait_s)

    def _spawn(self, wait_s: float) -> None:
        self._thread = threading.Thread(target=self._run, args=(wait_s,), name=f"reader {self.camera_id}", daemon=True)
        self._thread.start()

    def _over(self) -> bool:
        return self._stopping or threading.current_thread() is not self._thread

    def _run(self, wait_s: float) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(self._over, wait_s)
            if self._over():
                break
            self.link.go(LinkState.CONNECTING)
            try:
                self._connection()
            except Ended as end:
                trouble, message = end.trouble, str(end)
            if self._over():
                break
            wait_s = self._back_off(trouble, message)
        if threading.current_thread() is self._thread:
            self.link.go(LinkState.DISABLED)

    def _back_off(self, trouble: Trouble, message: str) -> float:
        wait_s = self._backoff.next(trouble)
        self.link.retry_at_s = self.clock.clock() + wait_s
        self.link.go(LinkState.BACKING_OFF, trouble, redact(message))
        return wait_s

    # --- one connection -----------------------------------------------------------------------------------------------

    def _connection(self) -> None:
        """Until it ends, which it says by ``Ended``; returns only when it is nobody's business any more."""
        try:
            patience = CONNECT_S, self.protocol.interrupt_s
            container = av.open(self.url, options=dict(self.protocol.options), timeout=patience)
        except (OSError, ValueError, av.error.FFmpegError) as error:
            raise Ended(classify(error, self.protocol.opening), _message(error)) from None
        with container:
            stream = first_video(container)
            if stream is None:
                raise Ended(Trouble.GARBAGE, "no video in it")
            if self.protocol.segmented:
                only(container, stream)
            self.protocol = learnt(self.protocol, container.format.name)
            try:
                self._read(container, stream)
            except (OSError, av.error.FFmpegError) as error:
                raise Ended(classify(error, self.protocol.reading), _message(error)) from None
        raise Ended(Trouble.ENDED, "the camera ended the stream")

    def _packets(self, container: InputContainer, stream: VideoStream) -> Iterator[av.Packet]:  # type: ignore[type-arg]
        """The video's. Those of the sound are looked at too: where only they still come, a thread could not leave."""
        for packet in container.demux():
            if self._over():
                return
            if packet.stream_index == stream.index:
                yield packet

    def _read(self, container: InputContainer, stream: VideoStream) -> None:
        parameters = CodecParameters(stream)
        stamps = live_timestamps(stream, parameters.rate, self.clock.clock)
        grouper = Grouper(parameters, stamps, self.recorder)
        seconds, clock, link = grouper.seconds, self.clock, self.link
        format = FormatWatch(parameters.codec, parameters.extradata)
        pace = Pace(clock.clock) if self.protocol.segmented else None
        begun_s = clock.clock()
        if self._over():
            return
        clock.connect()
        if self.lane is not None:
            self.lane.forget()
        self.parameters = parameters
        for stamped in stamps.of(self._packets(container, stream)):
            if pace is not None:
                with self._wake:
                    self._wake.wait_for(self._over, pace.wait_s(seconds(stamped.dts)))
            if self._over():
                return
            if format.changed(stamped.packet):
                raise Ended(Trouble.CHANGED, "the camera sends another picture format")
            elapsed_s, decode_s = clock.place(seconds(stamped.pts), seconds(stamped.dts))
            taken_at = _camera_time(stamped.packet)
            if taken_at is not None:
                clock.told(taken_at, elapsed_s)
            group, packet = grouper.add(stamped, elapsed_s, decode_s)
            link.packet(len(packet.data))
            if self._backoff.failures and packet.keyframe and clock.clock() - begun_s > SETTLED_S:
                self._backoff.settle()
            if clock.lag_s > self.protocol.late_s:
                raise Ended(Trouble.LATE, f"pictures arrive {clock.lag_s:.0f} s late")
            if self.lane is not None and self.sampler is not None:
                wanted = self.sampler.wants(packet, group)
                self.lane.push(group, len(group.packets) - 1, wanted, self.sampler.dense)
                if self.lane.unmet >= UNMET and clock.now_s() - self.lane.unmet_since_s > UNMET_S:
                    raise Ended(Trouble.GARBAGE, f"{self.lane.unmet} pictures in a row do not decode")


def _camera_time(packet: av.Packet) -> datetime | None:  # type: ignore[type-arg]
    """UTC by the camera's clock, which FFmpeg derives from RTCP sender reports; None before the first.

    AVProducerReferenceTime: microseconds since 1970 as a 64-bit integer, then flags.
    """
    if not packet.has_sidedata("prft"):
        return None
    (microseconds,) = struct.unpack_from("=q", bytes(packet.get_sidedata("prft")))
    try:
        return datetime.fromtimestamp(microseconds / 1e6, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _message(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)

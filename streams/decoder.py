"""Wanted packets in, decoded pictures out.

Two ways to the same picture. A wanted key frame alone is decoded by itself: sent, drained, done. Everything else needs
the packets before it: the running decoder is fed from the start of the group on.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import av
from av.video.frame import VideoFrame

from streams.packets import CodecParameters, Decoder, EncodedPacket, Group

MAX_PENDING = 64
"""More pictures than any codec reorders: older ones were lost."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture, its time and the packet that it comes from.

    lead: the group before, where the picture does not decode from its own group alone.
    """

    frame: VideoFrame
    elapsed_s: float
    group: Group
    index: int
    lead: Group | None


class PictureDecoder:
    """Decodes what is wanted of one camera's packets. Not thread-safe.

    undecodable counts packets that gave an error, damaged counts pictures that the decoder marked as damaged; neither
    is handed on.
    """

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads
        self.undecodable = 0
        self.damaged = 0
        self._parameters: CodecParameters | None = None
        self._single: Decoder | None = None
        self._running: Decoder | None = None  # fed with every packet from some group's start up to now
        self._group: Group | None = None
        self._before: Group | None = None
        self._pending: dict[int, tuple[Group, int, Group | None]] = {}
        self._times: list[float] = []

    @property
    def pending(self) -> int:
        """Wanted pictures that are still inside the running decoder."""
        return len(self._pending)

    @property
    def idle(self) -> bool:
        """No decoder is in the middle of a group."""
        return self._running is None

    def push(self, group: Group, wanted: bool, dense: bool, index: int | None = None) -> Iterator[Decoded]:
        """Take a packet of ``group``, the newest if not said otherwise; yield the pictures that are ready.

        dense: decode on and on, because more pictures will be wanted soon. Packets that are neither wanted nor followed
        may be left out while ``idle``.
        """
        index = len(group.packets) - 1 if index is None else index
        if group.parameters is not self._parameters:
            yield from self.drain()
            self._start(group.parameters)
        if index == 0:
            self._before, self._group = self._group, group
            if group.keyed and not dense:
                yield from self.drain()
                if wanted:
                    yield from self._decode_single(group)
                return
        lead = None if group.stands_alone(index) else self._before
        if wanted:
            self._await(group, index, lead)
        if self._running is not None and not (dense or self._pending):
            self._running = None
        elif self._running is not None:
            yield from self._feed(group.packets[index])
        elif wanted or dense:
            yield from self._attach(group, index, self._before if dense else lead)

    def drain(self) -> Iterator[Decoded]:
        """Everything still inside the running decoder; it starts anew afterwards."""
        if self._running is not None and self._pending:
            yield from self._feed(None)
        self._pending.clear()
        self._times.clear()
        self._running = None

    def _start(self, parameters: CodecParameters) -> None:
        self._parameters = parameters
        self._single = parameters.decoder()
        self._group = self._before = None

    def _await(self, group: Group, index: int, lead: Group | None) -> None:
        packet = group.packets[index]
        self._pending[packet.pts] = (group, index, lead)
        self._times.append(packet.elapsed_s)
        if len(self._pending) > MAX_PENDING:
            del self._pending[next(iter(self._pending))]
            self._times.remove(min(self._times))

    def _attach(self, group: Group, index: int, lead: Group | None) -> Iterator[Decoded]:
        """Start a decoder and feed it what the picture needs."""
        assert self._parameters is not None
        self._running = self._parameters.decoder(self.threads)
        for packet in (*(lead.packets if lead else ()), *group.packets[: index + 1]):
            yield from self._feed(packet)

    def _feed(self, packet: EncodedPacket | None) -> Iterator[Decoded]:
        assert self._running is not None
        for frame in self._decode(self._running, packet):
            found = self._take(frame)
            if found is not None:
                yield found

    def _decode_single(self, group: Group) -> Iterator[Decoded]:
        assert self._single is not None
        frames = self._decode(self._single, group.packets[0])
        frames += self._decode(self._single, None)
        self._single.context.flush_buffers()
        if frames:
            yield Decoded(frames[0], group.start_s, group, 0, None)

    def _decode(self, decoder: Decoder, packet: EncodedPacket | None) -> list[VideoFrame]:
        try:
            frames = decoder.context.decode(packet.to_av() if packet is not None else None)
        except av.error.EOFError:
            return []
        except av.error.FFmpegError:
            self.undecodable += 1
            return []
        good = [frame for frame in frames if not frame.is_corrupt]
        self.damaged += len(frames) - len(good)
        return good

    def _take(self, frame: VideoFrame) -> Decoded | None:
        """The wanted packet that this picture belongs to, if it was wanted."""
        found = self._pending.pop(frame.pts, None) if frame.pts is not None else None
        if found is None:
            return None
        group, index, lead = found
        elapsed_s = group.packets[index].elapsed_s
        if group.parameters.shuffled and not (group.keyed and index == 0):
            # Pictures leave the decoder in the order of their times, so this one has the earliest of those awaited.
            elapsed_s = min(self._times)
            self._times.remove(elapsed_s)
            return Decoded(frame, elapsed_s, group, index, lead)
        # For the same reason, what was sent before this one and is older was lost on the way.
        self._times = [time_s for time_s in self._times if time_s > elapsed_s]
        for pts, (before, i, _) in list(self._pending.items()):
            if before.packets[i].elapsed_s < elapsed_s and not group.parameters.shuffled:
                del self._pending[pts]
        return Decoded(frame, elapsed_s, group, index, lead)

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
    """A picture and the packet that it comes from."""

    frame: VideoFrame
    group: Group
    index: int


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
        self._running: Decoder | None = None
        self._attached: Group | None = None  # the group whose packets the running decoder has been fed up to now
        self._pending: dict[int, tuple[Group, int]] = {}

    def push(self, group: Group, wanted: bool, dense: bool) -> Iterator[Decoded]:
        """Take the newest packet of ``group``; yield the pictures that are ready."""
        index = len(group.packets) - 1
        if group.parameters is not self._parameters:
            yield from self.drain()
            self._start(group.parameters)
        starts_group = index == 0
        if starts_group and not dense:
            yield from self.drain()
        if wanted and starts_group and group.keyed and not dense:
            yield from self._decode_single(group)
            return
        if wanted:
            self._pending[group.packets[index].pts] = (group, index)
        if dense and starts_group and (group.keyed or self._attached is not None):
            self._attached = self._attached or group
        if self._attached is None and wanted:
            self._attached = group
            for earlier in group.packets[:index]:
                yield from self._feed(earlier)
        if self._attached is not None and (dense or self._pending):
            self._attached = group
            yield from self._feed(group.packets[index])
        elif not self._pending:
            self._detach()

    def drain(self) -> Iterator[Decoded]:
        """Everything still inside the running decoder; it starts anew afterwards."""
        if self._running is not None and self._attached is not None and self._pending:
            yield from self._feed(None)
        self._pending.clear()
        self._detach()

    def _start(self, parameters: CodecParameters) -> None:
        self._parameters = parameters
        self._single = parameters.decoder()
        self._running = None

    def _detach(self) -> None:
        if self._attached is not None:
            self._attached = None
            self._running = None

    def _feed(self, packet: EncodedPacket | None) -> Iterator[Decoded]:
        assert self._parameters is not None
        if self._running is None:
            self._running = self._parameters.decoder(self.threads)
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
            yield Decoded(frames[0], group, 0)

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
        if not self._pending:
            return None
        if frame.pts is None:
            pts = next(iter(self._pending))
        elif frame.pts in self._pending:
            pts = frame.pts
        else:
            return None
        # Pictures leave in the order of their times: what was sent before this one and is older was lost on the way.
        for earlier in list(self._pending):
            if earlier == pts:
                break
            if earlier < pts or len(self._pending) > MAX_PENDING:
                del self._pending[earlier]
        group, index = self._pending.pop(pts)
        return Decoded(frame, group, index)

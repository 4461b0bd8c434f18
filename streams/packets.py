"""Compressed packets as they are kept: independent of the container that they came from.

A camera's packets are kept in *groups*: a key frame and what depends on it. A group decodes on its own, so a group is
the unit that the recorder keeps, that a still picture needs and that a clip starts with.
"""

import io
from dataclasses import dataclass, field
from fractions import Fraction

import av
import av.container
from av.codec.context import ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from streams.upright import pixel_aspect

MAX_GROUP_S = 60.0
"""A stream without key frames is cut into groups of this length, so that memory stays bounded."""
MAX_GROUP_BYTES = 64 << 20
NUMBERED_IN_DECODING_ORDER = frozenset({"avi", "h264", "hevc", "m4v"})
"""Containers without presentation times: FFmpeg counts their packets instead."""


class CodecParameters:
    """What a decoder or a muxer must know of a stream, copied out of its container so that it can be closed.

    The copy lives in an output container in memory that is never written: FFmpeg's own parameter copy carries
    extradata, aspect ratio and display matrix, which a hand-made codec context would lose.

    shuffled: with B-frames the packets' times are in decoding order, because the container has no others.
    """

    def __init__(self, stream: VideoStream):
        context = stream.codec_context
        self._memory = av.open(io.BytesIO(), "w", format="nut")
        self.template: VideoStream = self._memory.add_stream_from_template(stream, opaque=True)
        self.codec = context.name
        self.extradata = context.extradata or b""
        self.coded_size = (context.width, context.height)
        self.pix_fmt = context.pix_fmt or ""
        self.rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
        self.shuffled = context.has_b_frames and stream.container.format.name in NUMBERED_IN_DECODING_ORDER
        self.pixel_aspect = pixel_aspect(stream)

    def same_as(self, other: "CodecParameters") -> bool:
        """Whether packets of both can stand in one clip."""
        return (self.codec, self.extradata, self.coded_size, self.pixel_aspect) == (
            other.codec,
            other.extradata,
            other.coded_size,
            other.pixel_aspect,
        )

    def decoder(self, threads: int = 1) -> "Decoder":
        """A fresh decoder for these packets."""
        return Decoder(self, threads)


class Decoder:
    """A codec context together with the container that owns it."""

    def __init__(self, parameters: CodecParameters, threads: int):
        self._memory = av.open(io.BytesIO(), "w", format="nut")
        stream: VideoStream = self._memory.add_stream_from_template(parameters.template, opaque=True)
        self.context: VideoCodecContext = stream.codec_context
        self.context.thread_count = threads
        self.context.thread_type = ThreadType.SLICE if threads == 1 else ThreadType.AUTO


@dataclass(frozen=True, slots=True)
class EncodedPacket:
    """One compressed picture.

    pts, dts: in units of ``time_base``, never None (made up from the frame rate where the recording has none).
    elapsed_s, decode_s: the same two times on the camera's timeline.
    """

    data: bytes
    pts: int
    dts: int
    time_base: Fraction
    duration_s: float
    keyframe: bool
    elapsed_s: float
    decode_s: float

    def to_av(self) -> av.Packet:  # type: ignore[type-arg]
        # Decoders read a little past the end: a packet made around our bytes would lack the zeros they expect there.
        packet = av.Packet(len(self.data))
        packet.update(self.data)
        packet.pts, packet.dts, packet.time_base = self.pts, self.dts, self.time_base
        packet.is_keyframe = self.keyframe
        return packet


@dataclass(slots=True, eq=False)
class Group:
    """A key frame's packet and those that follow it, in decoding order. Grows at the end, never changes otherwise.

    keyed: False where the recording begins inside a group, has no key frames, or the group was cut for its length:
    decoding may then begin with damaged pictures.
    end_s: the latest end of any of its pictures, on the camera's timeline.
    """

    parameters: CodecParameters
    keyed: bool
    packets: list[EncodedPacket] = field(default_factory=list)
    size_bytes: int = 0
    end_s: float = float("-inf")

    @property
    def start_s(self) -> float:
        return self.packets[0].elapsed_s

    @property
    def full(self) -> bool:
        return self.end_s - self.start_s >= MAX_GROUP_S or self.size_bytes >= MAX_GROUP_BYTES

    def append(self, packet: EncodedPacket) -> None:
        self.packets.append(packet)
        self.size_bytes += len(packet.data)
        self.end_s = max(self.end_s, packet.elapsed_s + packet.duration_s)

    def key_frame(self) -> "Group":
        """Only the key frame: a still picture of it is kept for as long as a thing stands, its group need not be."""
        alone = Group(self.parameters, self.keyed)
        alone.append(self.packets[0])
        return alone

    def stands_alone(self, index: int) -> bool:
        """Whether a picture needs nothing from before the group: pictures that lead an open group do."""
        return self.keyed and (index == 0 or self.packets[index].elapsed_s >= self.start_s)

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

MAX_GROUP_S = 60.0
"""A stream without key frames is cut into groups of this length, so that memory stays bounded."""
MAX_GROUP_BYTES = 64 << 20


class CodecParameters:
    """What a decoder or a muxer must know of a stream, copied out of its container so that it can be closed.

    The copy lives in an output container in memory that is never written: FFmpeg's own parameter copy carries
    extradata, aspect ratio and display matrix, which a hand-made codec context would lose.
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
        self.pixel_aspect = Fraction(stream.sample_aspect_ratio or context.sample_aspect_ratio or 1) or Fraction(1)

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
        packet = av.Packet(self.data)
        packet.pts, packet.dts, packet.time_base = self.pts, self.dts, self.time_base
        packet.is_keyframe = self.keyframe
        return packet


@dataclass(slots=True, eq=False)
class Group:
    """A key frame's packet and those that follow it, in decoding order. Grows at the end, never changes otherwise.

    keyed: False where the recording begins inside a group, has no key frames, or the group was cut for its length:
    decoding may then begin with damaged pictures.
    """

    parameters: CodecParameters
    keyed: bool
    packets: list[EncodedPacket] = field(default_factory=list)
    size_bytes: int = 0

    @property
    def start_s(self) -> float:
        return self.packets[0].elapsed_s

    @property
    def end_s(self) -> float:
        last = self.packets[-1]
        return last.elapsed_s + last.duration_s

    @property
    def span_s(self) -> float:
        return self.packets[-1].elapsed_s - self.packets[0].elapsed_s

    def append(self, packet: EncodedPacket) -> None:
        self.packets.append(packet)
        self.size_bytes += len(packet.data)

    @property
    def full(self) -> bool:
        return self.span_s >= MAX_GROUP_S or self.size_bytes >= MAX_GROUP_BYTES

"""A recording, packetised once and kept in memory, for all cameras that serve it."""

import base64
import bisect
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import av

from streams.intra import decodes_alone
from streams.opening import Unreadable, open_video
from streams.simulator.nal_units import CODECS, Codec, Framing
from streams.simulator.rtp import CLOCK_HZ, PAYLOAD_TYPE, Picture, make_picture
from streams.source import Segment
from streams.timestamps import Timestamps

MOST_BYTES = 1 << 29
"""A longer recording is served up to here only: 512 MiB, or 18 minutes of 4 Mb/s."""


@dataclass(frozen=True)
class Track:
    """The pictures in decoding order, from the first key frame on.

    duration: of one round of the loop, ticks. delay: the most by which a picture is shown after it is decoded, ticks.
    sets: the first parameter sets. whole: False where the recording goes on beyond ``MOST_BYTES``.
    """

    path: Path
    codec: Codec
    size: tuple[int, int]
    pictures: tuple[Picture, ...]
    duration: int
    sets: tuple[bytes, ...]
    whole: bool

    @cached_property
    def delay(self) -> int:
        return max(p.pts - p.dts for p in self.pictures)

    @cached_property
    def _due(self) -> list[int]:
        return [p.dts for p in self.pictures]

    @cached_property
    def _key_frames(self) -> list[int]:
        return [i for i, p in enumerate(self.pictures) if p.keyframe]

    def index_at(self, ticks: int) -> int:
        """The first picture due at or after ``ticks`` of a round; as many as there are if the round is over."""
        return bisect.bisect_left(self._due, ticks)

    def next_key_frame(self, index: int) -> int:
        """Of this round, or the first of the next one, which counts on: ``len(pictures)``."""
        at = bisect.bisect_left(self._key_frames, index)
        return self._key_frames[at] if at < len(self._key_frames) else len(self.pictures)

    def key_frame_before(self, index: int) -> Picture:
        """The picture itself if it is one."""
        return self.pictures[self._key_frames[bisect.bisect_right(self._key_frames, index) - 1]]

    def description(self) -> list[str]:
        """The media lines of its session description (RFC 4566)."""
        sets = [base64.b64encode(unit).decode() for unit in self.sets]
        kinds = [self.codec.kind(unit) for unit in self.sets]
        if self.codec.name == "h264":
            profile = next(u[1:4].hex() for u, kind in zip(self.sets, kinds, strict=True) if kind == 7)
            form = f"packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={','.join(sets)}"
        else:
            named = ((32, "vps"), (33, "sps"), (34, "pps"))
            by_kind = {k: ",".join(s for s, kind in zip(sets, kinds, strict=True) if kind == k) for k, _ in named}
            form = ";".join(f"sprop-{name}={by_kind[k]}" for k, name in named)
        return [
            f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
            f"a=rtpmap:{PAYLOAD_TYPE} {self.codec.encoding}/{CLOCK_HZ}",
            f"a=fmtp:{PAYLOAD_TYPE} {form}",
            f"a=framerate:{len(self.pictures) * CLOCK_HZ / self.duration:.3f}",
            "a=control:trackID=0",
        ]


def load_track(path: Path) -> Track:
    """Read and packetise a recording. Raises ``Unreadable`` naming the file."""
    try:
        container, stream = open_video(Segment(str(path)))
    except Unreadable as problem:
        raise Unreadable(f"{path}: {problem}") from None
    with container:
        context = stream.codec_context
        codec = CODECS.get(context.name)
        if codec is None:
            raise Unreadable(f"{path}: its codec is {context.name}; the simulator serves H.264 and H.265")
        extradata = context.extradata or b""
        stamps = Timestamps(stream, Fraction(stream.average_rate or stream.guessed_rate or 25))
        maker = _Maker(codec, extradata, stamps)
        whole = True
        try:
            for stamped in stamps.of(container.demux(stream)):
                data = bytes(stamped.packet)
                keyframe = stamped.packet.is_keyframe and decodes_alone(codec.name, extradata, data)
                maker.add(data, stamped.pts, stamped.dts, stamped.duration, keyframe)
                if maker.bytes > MOST_BYTES:
                    whole = False
                    break
        except (av.error.FFmpegError, OSError) as error:
            if not maker.pictures:
                raise Unreadable(f"{path}: cannot be read: {error}") from None
        size = (context.width, context.height)
    if not maker.pictures:
        raise Unreadable(f"{path}: no key frame in it, and a stream begins with one")
    if not {codec.parameter_sets[-2], codec.parameter_sets[-1]} <= {codec.kind(u) for u in maker.first_sets}:
        raise Unreadable(f"{path}: it lacks the {codec.encoding} parameter sets that a decoder needs")
    return Track(path, codec, size, tuple(maker.pictures), maker.duration, tuple(maker.first_sets), whole)


class _Maker:
    """Makes pictures of packets; puts parameter sets before key frames that lack them, as cameras do."""

    def __init__(self, codec: Codec, extradata: bytes, stamps: Timestamps):
        self.codec = codec
        self.pictures: list[Picture] = []
        self.first_sets: list[bytes] = []
        self.duration = 0
        self.bytes = 0
        self._framing = Framing(codec, extradata)
        self._sets = [u for u in self._framing.units if codec.kind(u) in codec.parameter_sets]
        self._to_ticks = stamps.time_base * CLOCK_HZ
        self._zero = self._first_pts = 0

    def add(self, data: bytes, pts: int, dts: int, duration: int, keyframe: bool) -> None:
        codec = self.codec
        units = [u for u in self._framing.split(data) if codec.kind(u) not in codec.dropped]
        own = [u for u in units if codec.kind(u) in codec.parameter_sets]
        if codec.parameter_sets[-2] in map(codec.kind, own):
            self._sets = own
        if not self.pictures:
            if not keyframe:
                return
            self._zero, self._first_pts, self.first_sets = dts, pts, self._sets
        # Pictures that lead the first group need pictures from before it.
        if not units or pts < self._first_pts:
            return
        if keyframe and codec.parameter_sets[-2] not in map(codec.kind, own):
            units = [*self._sets, *units]
        ticks = round((dts - self._zero) * self._to_ticks)
        if self.pictures and ticks <= self.pictures[-1].dts:
            ticks = self.pictures[-1].dts + 1  # damaged time stamps; a loop needs rising ones
        delay = max(0, round((pts - dts) * self._to_ticks))
        picture = make_picture(codec, units, ticks + delay, ticks, keyframe)
        self.pictures.append(picture)
        self.bytes += len(picture.data)
        self.duration = ticks + max(1, round(duration * self._to_ticks))

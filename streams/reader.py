"""Reads one camera's recording: demuxes into the recorder, decodes what the sampler wants, hands on frames."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from streams.crops import Cropper
from streams.decoder import Decoded, PictureDecoder
from streams.frame import Clock, Frame, ViewKey
from streams.opening import Unreadable, container_start, open_video
from streams.packets import CodecParameters, EncodedPacket, Group
from streams.recorder import PacketStill, Recorder
from streams.sampler import Sampler
from streams.source import Recording, Segment, SegmentFailure, redact
from streams.timeline import Timeline
from streams.upright import upright_size

av.logging.set_level(None)  # FFmpeg's own complaints would go to stderr; what matters comes back as errors
logging.getLogger("libav").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where reading stood at the beginning of a segment: enough to read it again with the same times and choices."""

    segment: int
    timeline: dict[str, Any]
    sampler: dict[str, float]


@dataclass(slots=True)
class ReadStatistics:
    """What happened while reading, for the report. Durations in seconds of the recording."""

    packets: int = 0
    frames: int = 0
    undecodable: int = 0
    damaged: int = 0
    segments: list[tuple[str, float, float, datetime | None]] = field(default_factory=list)
    failures: list[SegmentFailure] = field(default_factory=list)


class RecordingReader:
    """One pass over a recording.

    after_s: frames up to this time were already observed; they are demuxed (the recorder needs them) but not decoded.
    """

    def __init__(
        self,
        recording: Recording,
        sampler: Sampler,
        cropper: Cropper,
        recorder: Recorder,
        *,
        decode_threads: int = 1,
        resume: Checkpoint | None = None,
        after_s: float = float("-inf"),
    ):
        self.view = ViewKey(recording.camera_id, recording.view_id)
        self.recording = recording
        self.sampler = sampler
        self.cropper = cropper
        self.recorder = recorder
        self.after_s = after_s
        self.statistics = ReadStatistics()
        self.checkpoints: list[Checkpoint] = []
        self.segment_number = 0
        self.segment_bytes = 0
        self._decoder = PictureDecoder(decode_threads)
        self._timeline = Timeline()
        self._first = 0
        self._last_s = after_s
        if resume is not None:
            self._first = resume.segment
            self._timeline = Timeline.from_dict(resume.timeline)
            self.sampler.restore(resume.sampler)

    def frames(self, stopping: Callable[[], bool] = lambda: False) -> Iterator[Frame]:
        """The wanted pictures in the order of their times. A bad file is noted in ``statistics`` and passed over."""
        for number in range(self._first, len(self.recording.segments)):
            segment = self.recording.segments[number]
            self.checkpoints.append(Checkpoint(number, self._timeline.to_dict(), self.sampler.state()))
            before = self.statistics.frames
            self.segment_number, self.segment_bytes = number, 0
            try:
                container, stream = open_video(segment)
            except Unreadable as error:
                self._fail(segment, str(error), fatal=True)
                continue
            with container:
                start_s = None
                try:
                    for frame in self._segment(segment, container, stream, stopping):
                        start_s = frame.elapsed_s if start_s is None else start_s
                        yield frame
                except (av.error.FFmpegError, OSError, ValueError) as error:
                    reason = getattr(error, "strerror", None) or str(error)
                    self._fail(segment, f"stops being readable at {self._timeline.end_s:.1f} s: {reason}", fatal=False)
            if stopping():
                return
            if self.statistics.frames == before and self._timeline.end_s > self.after_s:
                self._fail(segment, "no picture could be decoded from it", fatal=True)
        yield from self._emit(self._decoder.drain())
        end = len(self.recording.segments)
        self.checkpoints.append(Checkpoint(end, self._timeline.to_dict(), self.sampler.state()))
        self.segment_number, self.segment_bytes = end, 0

    def _segment(
        self, segment: Segment, container: InputContainer, stream: VideoStream, stopping: Callable[[], bool]
    ) -> Iterator[Frame]:
        parameters = CodecParameters(stream)
        numbers = _Numbering(stream, parameters.rate)
        begun = False
        group: Group | None = None
        for packet in container.demux(stream):
            if stopping():
                return
            if packet.size == 0:
                continue
            pts, dts, duration = numbers.of(packet)
            if not begun:
                begun = True
                group = None
                self._begin(segment, container, stream, min(pts, dts) * numbers.time_base)
            base = numbers.time_base
            duration_s = float(duration * base)
            elapsed_s, decode_s = self._timeline.place(float(pts * base), float(dts * base), duration_s)
            encoded = EncodedPacket(bytes(packet), pts, dts, base, duration_s, packet.is_keyframe, elapsed_s, decode_s)
            fresh = None
            if group is None or packet.is_keyframe or group.full:
                fresh = Group(parameters, keyed=packet.is_keyframe)
            group = self.recorder.add(encoded, fresh)
            self.statistics.packets += 1
            self.segment_bytes += packet.size
            wanted = self.sampler.wants(encoded, group) and elapsed_s > self.after_s
            yield from self._emit(self._decoder.push(group, wanted, self.sampler.dense and elapsed_s > self.after_s))
        if begun:
            name, start_s, _, start = self.statistics.segments[-1]
            self.statistics.segments[-1] = (name, start_s, self._timeline.end_s, start)

    def _begin(self, segment: Segment, container: InputContainer, stream: VideoStream, first: Fraction) -> None:
        origin_s = float(first)
        if stream.start_time is not None and stream.time_base is not None:
            origin_s = min(origin_s, float(stream.start_time * stream.time_base)) if not segment.live else origin_s
        start, clock = segment.start, segment.clock
        if start is None and segment.live:
            start, clock = datetime.now().astimezone(), Clock.ARRIVAL
        elif start is None:
            start = container_start(container)
            clock = Clock.CONTAINER if start is not None else None
        self._timeline.begin_segment(origin_s, start, clock)
        at = self._timeline
        self.statistics.segments.append((segment.name, at.base_s, at.base_s, at.segment_start))

    def _emit(self, pictures: Iterator[Decoded]) -> Iterator[Frame]:
        for decoded in pictures:
            frame, group, index = decoded.frame, decoded.group, decoded.index
            elapsed_s = group.packets[index].elapsed_s
            if elapsed_s <= self._last_s and self.statistics.frames:
                continue  # a picture that a broken clock puts into the past
            self._last_s = elapsed_s
            crops, regions = self.cropper.crops(frame, group.parameters.pixel_aspect)
            self.statistics.frames += 1
            yield Frame(
                view=self.view,
                elapsed_s=elapsed_s,
                captured_at=self._timeline.at(elapsed_s),
                clock=self._timeline.clock if self._timeline.segment_start else None,
                clock_offset_s=0.0,
                size=upright_size(frame, group.parameters.pixel_aspect),
                crops=crops,
                regions=regions,
                still=PacketStill(group, index),
            )
        self.statistics.undecodable, self.statistics.damaged = self._decoder.undecodable, self._decoder.damaged

    def _fail(self, segment: Segment, message: str, fatal: bool) -> None:
        self.statistics.failures.append(SegmentFailure(replace(segment, start=None), redact(message), fatal))


class _Numbering:
    """Gives every packet a pts, a dts and a duration, where the recording has none too."""

    def __init__(self, stream: VideoStream, rate: Fraction):
        self.time_base = Fraction(stream.time_base or Fraction(1, 90000))
        self._step = max(1, round(1 / rate / self.time_base))
        self._next = 0

    def of(self, packet: av.Packet) -> tuple[int, int, int]:  # type: ignore[type-arg]
        duration = packet.duration or self._step
        dts = packet.dts if packet.dts is not None else packet.pts if packet.pts is not None else self._next
        pts = packet.pts if packet.pts is not None else dts
        self._next = dts + duration
        return pts, dts, duration

"""Reads one camera's recording: demuxes into the recorder, decodes what the sampler wants, hands on frames."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from streams.crops import Cropper
from streams.decoder import Decoded, PictureDecoder
from streams.frame import Clock, Frame, ViewKey
from streams.grouping import Grouper
from streams.opening import Unreadable, container_start, open_video
from streams.packets import CodecParameters
from streams.recorder import PacketStill, Recorder
from streams.sampler import Sampler
from streams.source import Recording, Segment, SegmentFailure, redact
from streams.timeline import Timeline
from streams.timestamps import Timestamps
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
        self._wanted = 0
        if resume is not None:
            self._first = resume.segment
            self._timeline = Timeline.from_dict(resume.timeline)
            self.sampler.restore(resume.sampler)

    def frames(self, stopping: Callable[[], bool] = lambda: False) -> Iterator[Frame]:
        """The wanted pictures in the order of their times. A bad file is noted in ``statistics`` and passed over."""
        for number in range(self._first, len(self.recording.segments)):
            segment = self.recording.segments[number]
            self._checkpoint(number)
            try:
                container, stream = open_video(segment)
            except Unreadable as error:
                self._fail(segment, str(error), fatal=True)
                continue
            frames_before, packets_before, self._wanted = self.statistics.frames, self.statistics.packets, 0
            problem = None
            with container:
                try:
                    yield from self._segment(segment, container, stream, stopping)
                except (av.error.FFmpegError, OSError) as error:
                    reason = getattr(error, "strerror", None) or str(error)
                    problem = f"stops being readable at {self._timeline.end_s:.1f} s: {reason}"
            if stopping():
                return
            yield from self._emit(self._decoder.drain())
            self._note_end(packets_before)
            expected = self._wanted > 0 or self.statistics.packets == packets_before
            if expected and self.statistics.frames == frames_before:
                self._fail(segment, problem or "no picture could be decoded from it", fatal=True)
            elif problem is not None:
                self._fail(segment, problem, fatal=False)
        self._checkpoint(len(self.recording.segments))

    def _checkpoint(self, number: int) -> None:
        self.checkpoints.append(Checkpoint(number, self._timeline.to_dict(), self.sampler.state()))
        self.segment_number, self.segment_bytes = number, 0

    def _segment(
        self, segment: Segment, container: InputContainer, stream: VideoStream, stopping: Callable[[], bool]
    ) -> Iterator[Frame]:
        parameters = CodecParameters(stream)
        stamps = Timestamps(stream, parameters.rate)
        grouper = Grouper(parameters, stamps, self.recorder)
        begun = False
        for stamped in stamps.of(container.demux(stream)):
            if stopping():
                return
            if not begun:
                self._begin(segment, container, grouper.seconds(stamps.origin))
                begun = True
            seconds = grouper.seconds
            elapsed_s, decode_s = self._timeline.place(
                seconds(stamped.pts), seconds(stamped.dts), seconds(stamped.duration)
            )
            group, encoded = grouper.add(stamped, elapsed_s, decode_s)
            self.statistics.packets += 1
            self.segment_bytes += len(encoded.data)
            unseen = elapsed_s > self.after_s
            wanted = self.sampler.wants(encoded, group) and unseen
            self._wanted += wanted
            yield from self._emit(self._decoder.push(group, wanted, self.sampler.dense and unseen))

    def _begin(self, segment: Segment, container: InputContainer, origin_s: float) -> None:
        start, clock = segment.start, segment.clock
        if start is None and segment.live:
            start, clock = datetime.now().astimezone(), Clock.ARRIVAL
        elif start is None:
            start = container_start(container)
            clock = Clock.CONTAINER if start is not None else None
        self._timeline.begin_segment(origin_s, start, clock)
        at = self._timeline
        self.statistics.segments.append((segment.name, at.base_s, at.base_s, at.segment_start))

    def _note_end(self, packets_before: int) -> None:
        if self.statistics.packets > packets_before:
            name, start_s, _, start = self.statistics.segments[-1]
            self.statistics.segments[-1] = (name, start_s, self._timeline.end_s, start)

    def _emit(self, pictures: Iterator[Decoded]) -> Iterator[Frame]:
        for decoded in pictures:
            frame, group, elapsed_s = decoded.frame, decoded.group, decoded.elapsed_s
            if elapsed_s <= self._last_s:
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
                still=PacketStill(group, decoded.index, decoded.lead),
            )
        self.statistics.undecodable, self.statistics.damaged = self._decoder.undecodable, self._decoder.damaged

    def _fail(self, segment: Segment, message: str, fatal: bool) -> None:
        self.statistics.failures.append(SegmentFailure(replace(segment, start=None), redact(message), fatal))

"""A recording on the air: muxed by FFmpeg into whatever takes it, over and over, at its true speed."""

import threading
import time
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer

FLV_HEADER = 13
"""Bytes before the first tag: left out where a recording follows another within a connection."""


class Playing:
    """Each client gets the recording from its beginning, muxed in the client's own thread.

    ``recording`` may be changed meanwhile. mute: nothing but the sound goes on. FLV states its codec parameters again
    with every round, as many servers do.
    """

    def __init__(self, recording: Path, format: str, **options: str):
        self.recording, self.format, self.options = recording, format, options
        self.mute = False
        self._flowing = threading.Event()
        self._flowing.set()
        self._generation = 0

    def stall(self) -> None:
        """Connections stay open and nothing comes."""
        self._flowing.clear()

    def heal(self) -> None:
        self.mute = False
        self._flowing.set()

    def end(self) -> None:
        """Once, for the clients of this moment."""
        self._generation += 1
        self._flowing.set()

    def to(self, sink: Any) -> None:
        """Mux into a URL, a path or a file until ``end``; a file raises ``OSError`` when its client is gone."""
        mine, at_s, begun_s = self._generation, 0.0, time.monotonic()
        while mine == self._generation:
            into = _Headless(sink) if at_s and self.format == "flv" else sink
            # Sound alone would wait for ten seconds for a picture to go with it.
            options = {"max_interleave_delta": "200000", **self.options}
            with av.open(into, "w", format=self.format, options=options) as output:
                at_s = self._mux(output, mine, at_s, begun_s)

    def _mux(self, output: OutputContainer, mine: int, at_s: float, begun_s: float) -> float:
        """One recording, one round of it in FLV. Returns where the next begins."""
        recording = self.recording
        with av.open(str(recording)) as source:
            copies = {s.index: output.add_stream_from_template(s, opaque=True) for s in source.streams}
            while True:
                source.seek(0)
                end_s = at_s
                for packet in (p for p in source.demux() if p.size):
                    time.sleep(max(0.0, begun_s + at_s + float(packet.dts * packet.time_base) - time.monotonic()))
                    self._flowing.wait()
                    if mine != self._generation or recording != self.recording:
                        return end_s
                    video = packet.stream.type == "video"
                    if video:
                        end_s = at_s + float((packet.dts + packet.duration) * packet.time_base)
                    if self.mute and video:
                        continue
                    later = round(at_s / packet.time_base)
                    packet.pts, packet.dts = packet.pts + later, packet.dts + later
                    packet.stream = copies[packet.stream_index]
                    output.mux(packet)
                at_s = end_s
                if self.format == "flv":
                    return at_s


class _Headless:
    """A file but for its first bytes."""

    def __init__(self, file: Any):
        self._file, self._left = file, FLV_HEADER

    def write(self, data: bytes) -> int:
        whole = bytes(data)
        rest = whole[self._left :]
        self._left -= len(whole) - len(rest)
        if rest:
            self._file.write(rest)
        return len(whole)

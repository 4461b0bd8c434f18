"""A street with a clock in the picture: each picture shows its own time, so that none can pass for another."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from streams.crops import Cropper, InputShape
from streams.frame import Frame, Picture
from streams.reader import RecordingReader
from streams.recorder import Recorder
from streams.sampler import make_sampler
from streams.source import Recording, Segment
from tests.scenery import Thing

SIZE = (160, 96)
SWEEP_S = 2.0
"""The red hand crosses the picture in this time; the yellow one once in the whole recording."""
_WIDTH = 0.1


def hands(seconds: float) -> list[Thing]:
    """Two rectangles whose places tell the time."""
    speed = (1 - _WIDTH) / SWEEP_S
    red = [
        Thing("red", (0, 0.1, _WIDTH, 0.4), from_s=n * SWEEP_S, to_s=(n + 1) * SWEEP_S, moving=(speed, 0))
        for n in range(round(seconds / SWEEP_S + 0.5))
    ]
    return [*red, Thing("yellow", (0, 0.6, _WIDTH, 0.9), moving=((1 - _WIDTH) / seconds, 0))]


def time_shown(picture: Picture, seconds: float) -> float:
    """What the clock says, to about 20 ms: the fine hand, in the sweep that the slow hand is nearest to."""
    height = len(picture)
    upper, lower = picture[height // 6 : height // 3 : 4], picture[height * 2 // 3 : height * 5 // 6 : 4]
    fine = _left((upper[..., 0] > 150) & (upper[..., 1] < 105) & (upper[..., 2] < 105)) * SWEEP_S
    coarse = _left((lower[..., 0] > 150) & (lower[..., 1] > 150) & (lower[..., 2] < 105)) * seconds
    return float(fine + SWEEP_S * round((coarse - fine) / SWEEP_S))


def _left(mask: "np.ndarray[Any, np.dtype[np.bool_]]") -> float:
    """Where a hand's left edge is on its way, 0 to 1."""
    assert mask.sum() > 10, "a hand of the clock is not to be seen"
    columns = np.nonzero(mask)[1]
    return float((float(columns.mean() + 0.5) / mask.shape[1] - _WIDTH / 2) / (1 - _WIDTH))


def recording(paths: Sequence[Path], camera_id: str = "cam") -> Recording:
    return Recording(camera_id, "home", tuple(Segment(str(p)) for p in paths))


def reader(paths: Path | Sequence[Path] | Recording, every: str = "all", **more: Any) -> RecordingReader:
    if isinstance(paths, Path):
        paths = [paths]
    whole = paths if isinstance(paths, Recording) else recording(paths)
    recorder = more.pop("recorder", None) or Recorder()
    return RecordingReader(whole, make_sampler(every), Cropper(InputShape((SIZE,))), recorder, **more)


def watch(paths: Path | Sequence[Path] | Recording, every: str = "all", **more: Any) -> list[Frame]:
    """The frames of a recording."""
    return list(reader(paths, every, **more).frames())


def times(frames: Sequence[Frame]) -> list[float]:
    return [round(f.elapsed_s, 3) for f in frames]


def cut(path: Path, pieces: int, suffix: str, *, reset: bool) -> list[Path]:
    """Remux into files that begin with key frames, each with time stamps from zero if ``reset``. Done once."""
    with av.open(str(path)) as source:
        packets = [p for p in source.demux(video=0) if p.size]
        keys = [i for i, p in enumerate(packets) if p.is_keyframe]
        starts = [keys[len(keys) * n // pieces] for n in range(pieces)]
        made = []
        for n, (begin, end) in enumerate(zip(starts, [*starts[1:], len(packets)], strict=True)):
            made.append(path.with_name(f"{path.stem}-{suffix}-{reset}-{n}of{pieces}.{suffix}"))
            if made[-1].exists():
                continue
            with av.open(str(made[-1]), "w") as target:
                stream = target.add_stream_from_template(source.streams.video[0])
                shift = min(p.pts or 0 for p in packets[begin:end]) if reset else 0
                for packet in packets[begin:end]:
                    copy = av.Packet(bytes(packet))
                    copy.pts, copy.dts = (packet.pts or 0) - shift, (packet.dts or 0) - shift
                    copy.duration, copy.time_base = packet.duration, packet.time_base
                    copy.is_keyframe, copy.stream = packet.is_keyframe, stream
                    target.mux(copy)
    return made

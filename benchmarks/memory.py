"""Does memory stay flat? Scores hours of video in a process of its own and watches its size."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.clips import duration_s


class NotWatched(Exception):
    """The run could not be watched to its end; the message says why."""


@dataclass(frozen=True, slots=True)
class Growth:
    """hours: of video scored. slope_mb_h: growth in MB for an hour of video over the second half, least squares.

    samples: (seconds since the start, MB). wall_s: how long the run took.
    """

    hours: float
    slope_mb_h: float
    peak_mb: float
    median_mb: float
    wall_s: float
    samples: list[tuple[float, float]]


def watch(clip: Path, hours: float, every: str = "keyframe", period_s: float = 0.5) -> Growth:
    """Score ``clip`` again and again as segments of one recording until ``hours`` of video have passed.

    Raises ``Unreadable``, ``NotWatched``.
    """
    length_s = duration_s(clip)
    parts = max(1, round(hours * 3600 / length_s))
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "recording"
        recording.mkdir()
        for part in range(parts):
            (recording / f"part{part:05d}{clip.suffix}").symlink_to(clip.resolve())
        program = Path(sys.executable).with_name("streetorder")
        words = ["score", recording, "--camera", "cam", "--every", every, "--out", Path(folder) / "results", "--quiet"]
        environment = os.environ | {"STREETORDER_KEY": str(Path(folder) / "signing.key")}
        began = time.monotonic()
        process = subprocess.Popen([program, *map(str, words)], env=environment)
        samples = []
        while process.poll() is None:
            size_mb = _resident_mb(process.pid)
            if size_mb is not None:
                samples.append((time.monotonic() - began, size_mb))
            time.sleep(period_s)
        if process.wait() != 0:
            raise NotWatched(f"{clip}: scoring it ended with exit code {process.returncode}")
        wall_s = time.monotonic() - began
    if not samples:
        raise NotWatched("the size of a process is read from /proc, which this system does not have")
    sizes = np.array([size for _, size in samples])
    video_h = np.array([at for at, _ in samples]) / wall_s * (parts * length_s / 3600)
    half = len(samples) // 2
    slope = float(np.polyfit(video_h[half:], sizes[half:], 1)[0]) if len(samples) - half > 2 else 0.0
    return Growth(
        hours=parts * length_s / 3600,
        slope_mb_h=slope,
        peak_mb=float(sizes.max()),
        median_mb=float(np.median(sizes[half:])),
        wall_s=wall_s,
        samples=[(round(at, 1), round(size, 1)) for at, size in samples],
    )


def _resident_mb(pid: int) -> float | None:
    """Resident size of a running process, None when it cannot be told (Linux only; see proc(5), ``statm``)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

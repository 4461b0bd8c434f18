"""Does memory stay flat? Scores hours of video in a process of its own and watches its size."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import psutil


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
    """Score ``clip`` again and again as segments of one recording until ``hours`` of video have passed."""
    with av.open(str(clip)) as container:
        length_s = float(container.duration or 0) / 1e6
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
            try:
                size_mb = psutil.Process(process.pid).memory_info().rss / 2**20
            except psutil.NoSuchProcess:
                break
            samples.append((time.monotonic() - began, size_mb))
            time.sleep(period_s)
        if process.wait() != 0:
            raise RuntimeError(f"scoring ended with exit code {process.returncode}")
        wall_s = time.monotonic() - began
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

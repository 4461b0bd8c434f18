"""The demo's recording: a photographed bus at the kerb, seen for some minutes by a simulated fixed camera.

    python -m benchmarks.demo_scene OUT.mp4 --photo bus.jpg [--minutes 6]

The bus, the street and the people are photographed; that they move, the sensor's noise and the light are simulated, and
every picture says so. The file carries its start time (``creation_time``), as a camera's recording should.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.demo_passers import passers
from benchmarks.demo_photo import (
    CROP,
    DARK_COAT,
    PALE_COAT,
    SIZE,
    PhotoProblem,
    Picture,
    cut_out,
    empty_street,
    read_photo,
)

FPS = 5
KEY_FRAME_EVERY_S = 2
START = datetime(2026, 5, 1, 0, 0, 0, tzinfo=UTC)
NOISE = 3.0  # standard deviation of the sensor's noise, in levels of 255


class Sensor:
    """Turns a clean picture into what a small camera makes of it: slow drift of light, flicker, noise, a time stamp."""

    def __init__(self, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)
        height, width = SIZE[1] + 64, SIZE[0] + 64
        grain = self._random.normal(128, NOISE, (4, height, width, 1)) + self._random.normal(
            0, 1, (4, height, width, 3)
        )
        self._grain: list[NDArray[np.uint8]] = list(np.clip(grain, 0, 255).astype(np.uint8))

    def expose(self, clean: Picture, time_s: float) -> Picture:
        """``clean`` as it is recorded at ``time_s``."""
        gain = 0.95 + 0.05 * math.sin(2 * math.pi * time_s / 240) + self._random.normal(0, 0.006)
        x, y = self._random.integers(0, 64, 2)
        grain = self._grain[self._random.integers(4)][y : y + SIZE[1], x : x + SIZE[0]]
        shown = np.asarray(cv2.addWeighted(clean, gain, grain, 1, -128), np.uint8)
        stamp = f"{START + timedelta(seconds=time_s):%Y-%m-%d %H:%M:%S} UTC  SIMULATED CAMERA"
        cv2.rectangle(shown, (0, SIZE[1] - 28), (410, SIZE[1]), (24, 24, 24), cv2.FILLED)
        cv2.putText(shown, stamp, (10, SIZE[1] - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (235, 235, 235), 1, cv2.LINE_AA)
        return shown


def write_scene(out: Path, photo_path: Path, minutes: float = 6.0) -> int:
    """Write the recording (H.264, mp4) and return its number of pictures. Raises ``PhotoProblem`` and ``OSError``."""
    photo = read_photo(photo_path)
    x, y, width, height = CROP
    shown = empty_street(photo)[y : y + height, x : x + width]
    street = np.asarray(cv2.resize(shown, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)
    people = passers(cut_out(photo, PALE_COAT, leftward=False), cut_out(photo, DARK_COAT, leftward=True), minutes)
    sensor = Sensor()
    count = round(minutes * 60 * FPS)
    gop = KEY_FRAME_EVERY_S * FPS
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(out.name + ".part")
    with av.open(str(unfinished), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        container.metadata["creation_time"] = START.isoformat().replace("+00:00", "Z")
        regular = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0"  # as cameras encode
        stream = container.add_stream(
            "libx264", rate=FPS, options={"preset": "veryfast", "crf": "28", "x264-params": regular}
        )
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = gop
        for index in range(count):
            canvas = street.copy()
            for passer in people:
                passer.paint(canvas, index / FPS)
            frame = av.VideoFrame.from_ndarray(sensor.expose(canvas, index / FPS), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    unfinished.replace(out)
    return count


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demo_scene", description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path, metavar="OUT.mp4", help="the recording to write")
    parser.add_argument("--photo", type=Path, required=True, help="bus.jpg of ultralytics-opencv-headless")
    parser.add_argument("--minutes", type=float, default=6.0, help="length of the recording (default: 6)")
    given = parser.parse_args(arguments)
    if not 0 < given.minutes <= 24 * 60:
        parser.error(f"--minutes {given.minutes:g}: more than 0, at most 1440")
    try:
        count = write_scene(given.out, given.photo, given.minutes)
    except (PhotoProblem, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{given.out}: {count} pictures, {given.minutes:g} min from {START:%Y-%m-%d %H:%M:%S} UTC, simulated camera")
    return 0


if __name__ == "__main__":
    sys.exit(main())

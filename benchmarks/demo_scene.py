"""The demo's recording: a photographed bus at the kerb, seen for some minutes by a simulated fixed camera.

    python -m benchmarks.demo_scene OUT.mp4 --photo bus.jpg [--minutes 6]

The bus, the street and the people are photographed; that they move, the sensor's noise and the light are simulated, and
every picture says so. The file carries its start time (``creation_time``), as a camera's recording should.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.demo_photo import (
    DARK_COAT,
    PALE_COAT,
    CutOut,
    PhotoProblem,
    Picture,
    cut_out,
    empty_street,
    read_photo,
)

FPS = 5
KEY_FRAME_EVERY_S = 2
SIZE = (900, 720)
CROP = (0, 236, 795, 636)  # x, y, width, height in the photograph: the whole bus in the 5:4 of the picture
START = datetime(2026, 5, 1, 0, 0, 0, tzinfo=UTC)
PACE = 95.0  # pixels a second at scale 1, a stroll
STEP = 46.0  # pixels from footfall to footfall
NOISE = 3.0  # standard deviation of the sensor's noise, in levels of 255
KEPT_IN_SHADOW = 0.5
HEAD = 0.15  # of a person's height


@dataclass(frozen=True)
class Passer:
    """Someone who crosses the picture, and perhaps stops on the way.

    scale: 1 is the size in the photograph. soles: row of the picture in which the feet stand.
    leftward: which way they go. stop: x of the picture where they stand for ``stop_s`` seconds.
    tint: factor of the clothes' red, green and blue, so that one cut-out serves as several people.
    """

    person: CutOut
    enters_s: float
    scale: float
    soles: int
    leftward: bool
    stop: float = 0.0
    stop_s: float = 0.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @cached_property
    def layers(self) -> tuple[Picture, Picture, int]:
        """How much of the street stays (shadow and matte), the light that is added, and the column of the feet."""
        factor = self.scale * SIZE[0] / CROP[2]
        rgb, matte = (cv2.resize(a, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) for a in self._facing())
        height, width = matte.shape
        reach = round(0.75 * height)  # the sun stands behind the right shoulder: posts throw their shadow so, too
        low = round(0.17 * height)
        matte = cv2.copyMakeBorder(matte, 0, low, reach, 0, cv2.BORDER_CONSTANT)
        rgb = cv2.copyMakeBorder(rgb, 0, low, reach, 0, cv2.BORDER_CONSTANT)
        flat = np.array([[1, 0.75, -0.75 * height], [0, -0.15, 1.13 * height]], np.float32)
        shadow = cv2.GaussianBlur(cv2.warpAffine(matte, flat, matte.shape[::-1]), (0, 0), 2.5)
        cover, shade = matte[:, :, None] / 255, shadow[:, :, None] / 255
        stays = (1 - cover) * (1 - (1 - KEPT_IN_SHADOW) * shade)
        clothes = np.arange(matte.shape[0])[:, None, None] > HEAD * height
        added = np.clip(rgb * np.where(clothes, self.tint, 1.0), 0, 255) * cover
        return np.repeat(stays * 255, 3, 2).astype(np.uint8), added.astype(np.uint8), reach + width // 2

    def place(self, time_s: float) -> tuple[float, float] | None:
        """Column of the body and bob in pixels, or None while not in the picture."""
        walked = max(0.0, time_s - self.enters_s) * PACE * self.scale
        margin = 220.0 * self.scale
        way_to_stop = margin + (SIZE[0] - self.stop if self.leftward else self.stop)
        if self.stop_s and walked > way_to_stop:
            walked = max(way_to_stop, walked - self.stop_s * PACE * self.scale)
            if walked == way_to_stop:  # stands: only the weight shifts now and then
                return self._column(walked, margin) + 1.5 * math.sin(time_s * 0.9), 0.0
        if time_s < self.enters_s or walked > SIZE[0] + 4 * margin:
            return None
        return self._column(walked, margin), 5.0 * self.scale * abs(math.sin(math.pi * walked / (STEP * self.scale)))

    def _column(self, walked: float, margin: float) -> float:
        return SIZE[0] + margin - walked if self.leftward else walked - margin

    def _facing(self) -> tuple[Picture, Picture]:
        rgb, matte = self.person.rgb, self.person.matte
        same = self.leftward == self.person.leftward
        return (rgb, matte) if same else (rgb[:, ::-1].copy(), matte[:, ::-1].copy())

    def paint(self, canvas: Picture, time_s: float) -> None:
        """Put the passer and the shadow into ``canvas`` where they are at ``time_s``."""
        if (place := self.place(time_s)) is None:
            return
        stays, added, feet = self.layers
        low = round(0.17 * self.person.matte.shape[0] * self.scale * SIZE[0] / CROP[2])
        x = round(place[0]) - feet
        y = self.soles + low - stays.shape[0] - round(place[1])
        left, top = max(0, x), max(0, y)
        right, bottom = min(SIZE[0], x + stays.shape[1]), min(SIZE[1], y + stays.shape[0])
        if left < right and top < bottom:
            part = np.s_[top - y : bottom - y, left - x : right - x]
            street = canvas[top:bottom, left:right]
            canvas[top:bottom, left:right] = cv2.add(cv2.multiply(street, stays[part], scale=1 / 255), added[part])


def passers(pale: CutOut, dark: CutOut, minutes: float) -> list[Passer]:
    """Who comes by, the farthest first. Every two minutes the same, each time in other clothes."""
    coats = [(1.0, 1.0, 1.0), (0.62, 0.72, 0.95), (0.9, 0.62, 0.55), (0.6, 0.8, 0.62)]
    people = []
    for turn in range(math.ceil(minutes / 2)):
        start, coat = turn * 120.0, coats[turn % len(coats)]
        people += [
            Passer(dark, start + 12, 0.84, 640, leftward=True, stop=500, stop_s=25, tint=coat),
            Passer(pale, start + 34, 0.92, 685, leftward=False, tint=coat),
            Passer(dark, start + 62, 0.94, 690, leftward=False, stop=260, stop_s=18),
            Passer(pale, start + 88, 0.86, 650, leftward=True, tint=coats[(turn + 1) % len(coats)]),
        ]
    return sorted(people, key=lambda person: person.soles)


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
        regular = f"keyint={gop}:min-keyint={gop}:scenecut=0"
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

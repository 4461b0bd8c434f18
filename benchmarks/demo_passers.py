"""The demo's passers-by: cut-outs of the photograph that walk past the bus, and now and then stop before it."""

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from benchmarks.demo_photo import CROP, SIZE, CutOut, Picture

PACE = 95.0  # pixels a second at scale 1, a stroll
STEP = 46.0  # pixels from footfall to footfall
KEPT_IN_SHADOW = 0.5
HEAD = 0.15  # of a person's height


@dataclass(frozen=True, slots=True)
class Layers:
    """What a passer does to the street around ``feet`` (x, y): how much of it stays, and the light that is added."""

    stays: Picture
    added: Picture
    feet: tuple[int, int]


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
    def layers(self) -> Layers:
        """The person with the shadow, in the size in which the camera sees them."""
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
        return Layers(
            np.repeat(stays * 255, 3, 2).astype(np.uint8), added.astype(np.uint8), (reach + width // 2, height)
        )

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
        stays, added, feet = self.layers.stays, self.layers.added, self.layers.feet
        x, y = round(place[0]) - feet[0], self.soles - round(place[1]) - feet[1]
        left, top = max(0, x), max(0, y)
        right, bottom = min(SIZE[0], x + stays.shape[1]), min(SIZE[1], y + stays.shape[0])
        if left < right and top < bottom:
            part = np.s_[top - y : bottom - y, left - x : right - x]
            street = canvas[top:bottom, left:right]
            canvas[top:bottom, left:right] = cv2.add(cv2.multiply(street, stays[part], scale=1 / 255), added[part])


def passers(pale: CutOut, dark: CutOut, minutes: float) -> list[Passer]:
    """Who comes by, the farthest first. Every two minutes the same, each time in another pale coat."""
    coats = [(1.0, 1.0, 1.0), (0.62, 0.72, 0.95), (0.9, 0.62, 0.55), (0.6, 0.8, 0.62)]
    people = []
    for turn in range(math.ceil(minutes / 2)):
        start, coat = turn * 120.0, coats[turn % len(coats)]
        people += [
            Passer(dark, start + 12, 0.84, 640, leftward=True, stop=500, stop_s=25),
            Passer(pale, start + 34, 0.92, 685, leftward=False, tint=coat),
            Passer(dark, start + 62, 0.94, 690, leftward=False, stop=260, stop_s=18),
            Passer(pale, start + 88, 0.86, 650, leftward=True, tint=coats[(turn + 1) % len(coats)]),
        ]
    return sorted(people, key=lambda person: person.soles)

"""Things put on real frames, and the light and weather over them: what a view would have shown.

Pictures are ``(h, w, 3)`` uint8 RGB as small as a model sees them. The frames are those of the recorded clips, the
things are cut from photographs by their labels, or drawn.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from streams.frame import Picture
from vision.records import Box

SIZE = (448, 256)
"""Pictures fit into this."""
EVERY_S = 0.4
"""Between two frames that are kept of a clip."""
JPEG_QUALITY = 70
"""Pictures pass through a coder, as those of a camera do."""

Light = Callable[[Picture, float], Picture]
"""What a picture looks like at a time, in seconds."""


class ClipView:
    """A camera that looks at a street for hours: a clip to and fro. Raises ``OSError``, ``av.FFmpegError``."""

    def __init__(self, path: Path):
        frames: list[Picture] = []
        times: list[float] = []
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            rate = float(stream.average_rate or 25)
            for number, frame in enumerate(container.decode(stream)):
                if not times or number / rate - times[-1] >= EVERY_S:
                    scale = min(SIZE[0] / frame.width, SIZE[1] / frame.height)
                    small = frame.to_ndarray(
                        format="rgb24", width=round(frame.width * scale), height=round(frame.height * scale)
                    )
                    frames.append(np.asarray(small, np.uint8))
                    times.append(number / rate)
        self._frames, self._times = frames, np.array(times)

    def picture(self, at_s: float) -> Picture:
        length = float(self._times[-1])
        back = length - abs(at_s % (2 * length) - length)
        return np.array(self._frames[int(np.searchsorted(self._times, back, side="right")) - 1], np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A thing: its picture and where in it the thing is, ``(h, w)`` 0 to 255."""

    picture: Picture
    mask: NDArray[np.uint8]

    def box(self, centre_x: float, bottom: float, height: float, picture: Picture) -> Box:
        """Where it stands if it is so high, relative to ``picture``."""
        (h, w), (ph, pw) = self.mask.shape, picture.shape[:2]
        half = height * ph * w / h / pw / 2
        return centre_x - half, bottom - height, centre_x + half, bottom

    def put(self, picture: Picture, box: Box) -> Picture:
        """On the picture, with the shadow it throws where it touches the ground."""
        h, w = picture.shape[:2]
        x1, y1, x2, y2 = (round(v * s) for v, s in zip(box, (w, h, w, h), strict=True))
        size = x2 - x1, y2 - y1
        thing = cv2.resize(self.picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        opaque = cv2.GaussianBlur(cv2.resize(self.mask, size, interpolation=cv2.INTER_AREA), (3, 3), 0)
        share = opaque[..., None].astype(np.float32) / 255
        shadow = np.zeros((h, w), np.float32)
        half_axes = size[0] // 2, max(1, size[1] // 10)
        cv2.ellipse(shadow, ((x1 + x2) // 2, y2 - 1), half_axes, 0, 0, 360, [0.35], -1)
        shadow = np.asarray(cv2.GaussianBlur(shadow, (0, 0), max(1.0, size[1] * 0.04)), np.float32)
        out = picture * (1 - shadow[..., None])
        out[y1:y2, x1:x2] = out[y1:y2, x1:x2] * (1 - share) + thing * share
        return np.asarray(out, np.uint8)


def bag(folder: Path, number: int) -> Cutout:
    """The largest bag of picture ``number`` of ``trashbag_masks_kr/train``."""
    path = sorted((folder / "images").iterdir())[number]
    picture = _read(path)
    h, w = picture.shape[:2]
    lines = (folder / "labels" / f"{path.stem}.txt").read_text(encoding="utf-8").splitlines()
    outlines = [(np.array(line.split()[1:], float).reshape(-1, 2) * [w, h]).astype(np.int32) for line in lines]
    outline = max(outlines, key=cv2.contourArea)
    mask = np.zeros((h, w), np.uint8)
    cv2.fillPoly(mask, [outline], [255])
    x, y, width, height = cv2.boundingRect(outline)
    return Cutout(picture[y : y + height, x : x + width], mask[y : y + height, x : x + width])


def heap(path: Path, label: Path) -> Cutout:
    """The largest box of a picture of garbage, cut out as a heap: flat at the ground, uneven at the top."""
    picture = _read(path)
    h, w = picture.shape[:2]
    rows = np.loadtxt(label, ndmin=2)
    _, cx, cy, bw, bh = rows[(rows[:, 3] * rows[:, 4]).argmax()]
    cut = picture[int((cy - bh / 2) * h) : int((cy + bh / 2) * h), int((cx - bw / 2) * w) : int((cx + bw / 2) * w)]
    high, wide = cut.shape[:2]
    along = np.linspace(0, 1, 25)
    uneven = 0.85 + 0.15 * np.random.default_rng(0).random(25)
    top = 1 - np.sin(np.pi * along).clip(0.05) ** 0.7 * uneven
    outline = np.concatenate([np.column_stack([along, top]), [(0.97, 0.98), (0.5, 1.0), (0.03, 0.98)]]) * [wide, high]
    mask = np.zeros((high, wide), np.uint8)
    cv2.fillPoly(mask, [outline.astype(np.int32)], [255])
    return Cutout(cut, mask)


def cartons(seed: int) -> Cutout:
    """A stack of cartons, drawn from the front and a little from above."""
    random, side, depth = np.random.default_rng(seed), 60, 18
    heights = (3, 3, 2)
    height, width = 3 * side + depth, len(heights) * side + depth
    picture, mask = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.uint8)
    colours = np.array([(176, 140, 98), (150, 118, 80), (190, 190, 180), (120, 60, 50), (60, 90, 70)], float)
    for column, count in enumerate(heights):
        for row in range(count):
            front = random.choice(colours) * random.uniform(0.8, 1.15)
            x, y = column * side, height - (row + 1) * side
            top = [(x, y), (x + depth, y - depth), (x + side + depth, y - depth), (x + side, y)]
            right = [(x + side, y), (x + side + depth, y - depth), (x + side + depth, y + side - depth)]
            for shape, light in ((top, 1.3), ([*right, (x + side, y + side)], 0.6)):
                cv2.fillPoly(picture, [np.array(shape)], (front * light).tolist())
                cv2.fillPoly(mask, [np.array(shape)], [255])
            picture[y : y + side - 2, x : x + side - 2] = front
            picture[y + side // 2 - 3 : y + side // 2 + 3, x : x + side - 2] = front * 1.25
            mask[y : y + side, x : x + side] = 255
    return Cutout(np.clip(picture + random.normal(0, 5, picture.shape), 0, 255).astype(np.uint8), mask)


def coded(picture: Picture) -> Picture:
    bgr = np.ascontiguousarray(picture[:, :, ::-1])
    data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[:, :, ::-1])


def exposed(picture: Picture, gain: float, gamma: float = 1.0, cast: tuple[float, float, float] = (1, 1, 1)) -> Picture:
    curve = 255 * (np.arange(256) / 255) ** gamma * gain
    table = np.clip(curve[:, None] * np.array(cast), 0, 255).astype(np.uint8)
    return np.stack([table[:, n][picture[..., n]] for n in range(3)], axis=2)


def noisy(picture: Picture, deviation: float, at_s: float) -> Picture:
    random = np.random.default_rng(round(at_s * 10))
    noise = random.standard_normal(picture.shape, np.float32) * np.float32(deviation)
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


def rain(picture: Picture, at_s: float) -> Picture:
    """Streaks, haze and a softened picture."""
    random = np.random.default_rng(round(at_s * 1000) + 5)
    h, w = picture.shape[:2]
    streaks = np.zeros((h, w), np.float32)
    for x, y, length, light in random.uniform((0, 0, 8, 25), (w, h, 26, 70), (260, 4)).tolist():
        cv2.line(streaks, (int(x), int(y)), (int(x - length * 0.15), int(y + length)), [light], 1)
    soft = cv2.GaussianBlur(picture, (3, 3), 0).astype(np.float32) * 0.82 + streaks[..., None] + 14
    return noisy(np.clip(soft, 0, 255).astype(np.uint8), 5, at_s)


def building_shadow(picture: Picture, at_s: float, speed: float = 0.0008, edge_px: float = 6.0) -> Picture:
    """A shadow from the left; its edge creeps by ``speed`` of the picture's width a second."""
    h, w = picture.shape[:2]
    x = (0.1 + speed * at_s) * w
    outline = [(-5, -5), (x + 0.175 * w, -5), (x, h * 0.55), (x + 0.0875 * w, h + 5), (-5, h + 5)]
    shade = np.zeros((h, w), np.float32)
    cv2.fillPoly(shade, [np.array(outline).astype(np.int32)], [1.0])
    shade = np.asarray(cv2.GaussianBlur(shade, (0, 0), edge_px), np.float32)
    takes = np.array([0.55, 0.54, 0.51], np.float32)  # of red, green and blue: what is left is the sky's light
    return np.asarray(picture * (1 - shade[..., None] * takes), np.uint8)


def night(picture: Picture, at_s: float) -> Picture:
    """A fifth of the light, a street lamp, and a sensor's noise."""
    dark = exposed(picture, 0.22, 1.15, (1.0, 0.9, 0.72)).astype(np.float32)
    down, right = np.mgrid[: picture.shape[0], : picture.shape[1]]
    h, w = picture.shape[:2]
    lamp = 1 + 1.8 * np.exp(-(((right / w - 0.6) / 0.35) ** 2 + ((down / h - 0.5) / 0.4) ** 2))
    return noisy(np.clip(dark * lamp[..., None] + 6, 0, 255).astype(np.uint8), 5, at_s)


def headlights(picture: Picture, at_s: float) -> Picture:
    """A cone of light that sweeps over the ground for 5 of 17 seconds."""
    way = at_s % 17 / 5
    if way > 1:
        return picture
    h, w = picture.shape[:2]
    down, right = np.mgrid[:h, :w]
    cone = np.exp(-(((right / w - 0.05 - 0.9 * way) / 0.12) ** 2 + ((down / h - 0.75 + 0.2 * way) / 0.08) ** 2))
    return np.asarray(np.clip(picture * (1 + 4 * cone[..., None]) + 70 * cone[..., None], 0, 255), np.uint8)


def dusk(picture: Picture, at_s: float) -> Picture:
    """From full light to a quarter of it within ten minutes."""
    late = min(1.0, max(0.0, (at_s - 100) / 600))
    return noisy(exposed(picture, 1 - 0.75 * late, 1 + 0.2 * late), 1 + 4 * late, at_s)


def clouds(picture: Picture, at_s: float) -> Picture:
    """The light changes all at once, every minute and a half."""
    return exposed(picture, (1.0, 0.6, 1.4, 0.8, 1.6, 0.5)[math.floor(at_s / 90) % 6])


def white_balance(picture: Picture, at_s: float) -> Picture:
    """The camera finds another white every two minutes."""
    return exposed(picture, 1.0, 1.0, ((1, 1, 1), (1.15, 1, 0.8), (0.85, 1, 1.2))[math.floor(at_s / 120) % 3])


def _read(path: Path) -> Picture:
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise OSError(f"{path}: no picture that can be read")
    return np.ascontiguousarray(np.asarray(bgr, np.uint8)[:, :, ::-1])

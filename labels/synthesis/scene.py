"""A street picture into which things are pasted, and the boxes of what can be seen of them.

Pasting follows the light, the sharpness and the noise of the place, so that a model cannot learn the seams instead of
the things. Colours are matched in CIELAB, as OpenCV scales it for 8 bits (L 0 to 255, a and b around 128).
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.datasets.records import Box, Xyxy
from labels.synthesis.cutout import Cutout

NEUTRAL_LIGHT = 120.0
"""The mean lightness of the picture a cut-out is thought to come from; see ``under_neutral_light``."""

SEEN = 0.5
"""Opacity from which a pixel belongs to the thing."""

MOST_HIDDEN = 0.6
"""A thing of which more than this would be covered by a new one keeps its place: the new one is not pasted."""

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Placed:
    """A thing that was pasted. seen_px: how many pixels of it could be seen when it was."""

    key: str
    origin: str
    seen_px: int


@dataclass(slots=True)
class Scene:
    """A picture under construction.

    picture: ``(H, W, 3)`` uint8 RGB, changed by ``paste``. fixed: boxes that the background already had, relative.
    ignore: regions of which nothing is known, relative. softness: sigma in pixels of the blur that makes a sharp
    thing as soft as the picture. sun: where shadows fall, -1 (left) to 1 (right), and how dark they are, 0 to 1.
    """

    picture: Rgb
    fixed: list[Box] = field(default_factory=list)
    ignore: list[Xyxy] = field(default_factory=list)
    softness: float = 0.0
    sun: tuple[float, float] = (0.0, 0.4)
    owner: NDArray[np.int16] = field(init=False)
    placed: list[Placed] = field(init=False, default_factory=list)
    _light: tuple[float, float, float] = field(init=False)

    def __post_init__(self) -> None:
        self.owner = np.zeros(self.picture.shape[:2], np.int16)
        small = cv2.resize(self.picture, (64, 36), interpolation=cv2.INTER_AREA)
        lightness, a, b = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).reshape(-1, 3).mean(axis=0)
        self._light = (float(lightness), float(a), float(b))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.picture.shape[1], self.picture.shape[0]

    @property
    def light(self) -> tuple[float, float, float]:
        """Mean L, a and b of the picture before anything was pasted."""
        return self._light

    @property
    def boxes(self) -> list[Box]:
        """What the background had, then what was pasted, each by what can be seen of it now."""
        return [*self.fixed, *(Box(thing.key, self._seen(number)) for number, thing in enumerate(self.placed, 1))]

    def _seen(self, number: int) -> Xyxy:
        width, height = self.size
        mask = self.owner == number
        xs, ys = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        return float(xs[0] / width), float(ys[0] / height), float((xs[-1] + 1) / width), float((ys[-1] + 1) / height)


def paste(scene: Scene, cutout: Cutout, x: float, y: float, height_px: float, rng: np.random.Generator) -> bool:
    """Put a cut-out into the scene, ``height_px`` high, the middle of its lower edge at pixel ``(x, y)``.

    Returns False, and changes nothing, where it would lie mostly outside, be smaller than 4 pixels, or hide most of a
    thing that was there before.
    """
    colour, alpha, rim = _scaled(cutout.rgba, height_px, scene.softness)
    high, wide = alpha.shape
    left, top = round(x - wide / 2), round(y - high + rim)
    width, height = scene.size
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + wide, width), min(top + high, height)
    if x2 - x1 < 4 or y2 - y1 < 4:
        return False
    whole = float(alpha.sum())
    inner = np.s_[y1 - top : y2 - top, x1 - left : x2 - left]
    colour, alpha = colour[inner], alpha[inner]
    seen = alpha >= SEEN
    if seen.sum() < 12 or alpha.sum() < 0.6 * whole or _hides_too_much(scene, seen, (x1, y1, x2, y2)):
        return False
    if cutout.where == "ground":
        _contact_shadow(scene, x1, y1, seen)
    place = scene.picture[y1:y2, x1:x2]
    around = _around(scene.picture, (x1, y1, x2, y2))
    colour = _relit(colour, seen, around, scene.light)
    colour += rng.normal(0, _noise(around), colour.shape[:2])[..., None].astype(np.float32)
    mixed = place * (1 - alpha[..., None]) + colour * alpha[..., None]
    scene.picture[y1:y2, x1:x2] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
    scene.placed.append(Placed(cutout.key, cutout.origin, int(seen.sum())))
    scene.owner[y1:y2, x1:x2][seen] = len(scene.placed)
    return True


def under_neutral_light(picture: Rgb) -> Rgb:
    """The picture with mean lightness ``NEUTRAL_LIGHT`` and half of its colour cast removed, both within limits.

    Cut-outs are taken from such a picture, so that pasting only has to add the light of the new place.
    """
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    lightness, a, b = lab.reshape(-1, 3).mean(axis=0)
    lab[..., 0] *= np.clip(NEUTRAL_LIGHT / max(float(lightness), 1.0), 0.7, 1.7)
    lab[..., 1] -= np.clip(0.5 * (a - 128), -8, 8)
    lab[..., 2] -= np.clip(0.5 * (b - 128), -8, 8)
    return np.asarray(cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB))


def _scaled(rgba: Rgb, height_px: float, softness: float) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
    """Colour ``(h, w, 3)`` 0 to 255 and opacity ``(h, w)`` 0 to 1 at the new size, with a rim into which they fade.

    Scaled and blurred with opacity multiplied in, or the colour behind the thing would bleed in from its edge.
    """
    scale = height_px / rgba.shape[0]
    size = max(round(rgba.shape[1] * scale), 1), max(round(height_px), 1)
    alpha = rgba[..., 3:].astype(np.float32) / 255
    sharp = np.concatenate([rgba[..., :3] * alpha, alpha], axis=2).astype(np.float32)
    small = cv2.resize(sharp, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    sigma = max(softness, 0.5)  # half a pixel of blur is what a lens and a sensor leave of any edge
    rim = int(2.5 * sigma) + 1
    framed = cv2.copyMakeBorder(small, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    both = cv2.GaussianBlur(framed, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT).astype(np.float32)
    opacity = np.clip(both[..., 3], 0, 1)
    return (both[..., :3] / np.maximum(opacity, 1e-3)[..., None]).astype(np.float32), opacity, rim


def _hides_too_much(scene: Scene, seen: NDArray[np.bool_], place: tuple[int, int, int, int]) -> bool:
    x1, y1, x2, y2 = place
    owners, hidden = np.unique(scene.owner[y1:y2, x1:x2][seen], return_counts=True)
    for number, count in zip(owners, hidden, strict=True):
        if number and (scene.owner == number).sum() - count < (1 - MOST_HIDDEN) * scene.placed[number - 1].seen_px:
            return True
    width, height = scene.size
    for fixed in scene.fixed:
        fx1, fy1, fx2, fy2 = (v * s for v, s in zip(fixed.xyxy, (width, height, width, height), strict=True))
        common = max(min(x2, fx2) - max(x1, fx1), 0) * max(min(y2, fy2) - max(y1, fy1), 0)
        if common > 0.25 * min((fx2 - fx1) * (fy2 - fy1), (x2 - x1) * (y2 - y1)):
            return True
    return False


def _around(picture: Rgb, place: tuple[int, int, int, int]) -> Rgb:
    """The place and half its size on every side."""
    x1, y1, x2, y2 = place
    dx, dy = (x2 - x1) // 2 + 4, (y2 - y1) // 2 + 4
    return picture[max(y1 - dy, 0) : y2 + dy, max(x1 - dx, 0) : x2 + dx]


def _relit(
    colour: NDArray[np.float32], seen: NDArray[np.bool_], around: Rgb, light: tuple[float, float, float]
) -> NDArray[np.float32]:
    """The thing in the light of its new place: its lightness, contrast and colour cast."""
    lab = cv2.cvtColor(np.clip(colour, 0, 255).astype(np.uint8), cv2.COLOR_RGB2LAB).astype(np.float32)
    near = cv2.cvtColor(around, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
    # Half the picture, half the surroundings: a bin stands in a shadow, but is not as dark as the wall behind it.
    level = 0.5 * light[0] + 0.5 * float(near[:, 0].mean())
    gain = float(np.clip((level / NEUTRAL_LIGHT) ** 0.8, 0.3, 1.35))
    mean = float(lab[..., 0][seen].mean())
    spread = float(lab[..., 0][seen].std()) + 1
    contrast = float(np.clip((float(near[:, 0].std()) + 15) / spread, 0.75, 1.1))
    lab[..., 0] = ((lab[..., 0] - mean) * contrast + mean) * gain
    # Haze and darkness take saturation away as well as light.
    for channel, cast in ((1, light[1]), (2, light[2])):
        lab[..., channel] = (
            128 + (lab[..., channel] - 128) * min(gain + 0.1, 1.0) + np.clip(0.6 * (cast - 128), -10, 10)
        )
    return cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB).astype(np.float32)


def _noise(around: Rgb) -> float:
    """Sigma of the grain of the surroundings: the median of a second difference, which edges hardly move."""
    grey = cv2.cvtColor(around, cv2.COLOR_RGB2GRAY).astype(np.float32)
    if grey.shape[1] < 3:
        return 0.0
    second = np.abs(grey[:, 2:] - 2 * grey[:, 1:-1] + grey[:, :-2])
    return float(min(np.median(second) / 0.6745 / np.sqrt(6), 6.0))


def _contact_shadow(scene: Scene, x1: int, y1: int, seen: NDArray[np.bool_]) -> None:
    """Darkens the ground under and beside the foot; only ground, never a thing pasted before.

    seen: the thing's pixels, their upper left one at ``(x1, y1)``.
    """
    width, height = scene.size
    rows = np.flatnonzero(seen.any(axis=1))
    foot = np.flatnonzero(seen[rows[-max(len(rows) // 8, 2) :]].any(axis=0))
    half = max((foot[-1] - foot[0] + 1) / 2, 2.0)
    deep = max(0.10 * min(len(rows), 2 * half), 1.2)
    cx, cy = x1 + foot[0] + half + scene.sun[0] * half * 0.5, y1 + rows[-1] + 1 - 0.3 * deep
    left, right = max(int(cx - 2.5 * half), 0), min(int(cx + 2.5 * half) + 1, width)
    top, bottom = max(int(cy - 3 * deep), 0), min(int(cy + 3 * deep) + 1, height)
    if right <= left or bottom <= top:
        return
    ys, xs = np.mgrid[top:bottom, left:right].astype(np.float32)
    distance = ((xs - cx) / (1.05 * half * (1 + 0.3 * abs(scene.sun[0])))) ** 2 + ((ys - cy) / deep) ** 2
    shade = 1 - scene.sun[1] * np.exp(-(distance**1.5))
    shade[scene.owner[top:bottom, left:right] > 0] = 1
    region = scene.picture[top:bottom, left:right]
    scene.picture[top:bottom, left:right] = (region * shade[..., None]).astype(np.uint8)

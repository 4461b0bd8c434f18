"""Of the heads and plate regions that another model finds in pictures and clips of streets, how many are hidden in the
copies that leave?

Nobody has labelled heads and plates in these pictures, so the other model's boxes stand for the truth, wrong ones too:
what is not hidden is listed, for a person to look at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detector import Detector
from service.deriving import LOOKED_CLOSELY
from service.picture_detector import PictureDetector
from streams.crops import Tiles
from vision.privacy import Hide, Picture, to_hide
from vision.private_clips import look_through, pictures

SETS = ("vendor_carts_in/test", "garbage_overflow_cn/test", "visual_pollution_sa/test", "tollroad_camera_id/train")
CLIPS = ("opencv_vtest.avi", "ckuhn_traffic.mp4")
OTHER = "weights/deimv2_hgnetv2_femto_coco.onnx"
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
FROM_SCORE = 0.6
"""The other model is believed from here on: what it is less sure of is as often none."""
CLOSELY = Tiles(3, 3, 0.2)
EVERY_S = 2.0
"""Of a clip one picture in so many seconds is compared."""
HIDDEN_FROM = 0.9
"""So much of a head or of a plate region has to be covered."""
HEIGHTS = (48, 96, 192)
"""Bounds, in pixels of the picture, between the heights by which persons and vehicles are counted."""


@dataclass(frozen=True, slots=True)
class Part:
    """A head, or where a vehicle's plate may be. what: ``head`` or ``plate``. covered: how much of it, in [0, 1]. box:
    of the whole person or vehicle, pixels. where: the picture, or the clip and its second.
    """

    what: str
    covered: float
    box: tuple[float, float, float, float]
    where: str

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]


class Comparison:
    """shipped: the model that finds what is hidden. other: the one that is believed."""

    def __init__(self, shipped: Detector, other: Detector):
        self._hide, self._other_hide = Hide.of(shipped.card.keys), Hide.of(other.card.keys)
        self._closely, self._whole = PictureDetector(shipped, LOOKED_CLOSELY), PictureDetector(shipped)
        self._other = PictureDetector(other, CLOSELY)

    def of_picture(self, path: Path) -> list[Part]:
        """As ``share_picture`` hides it. Raises ``OSError``."""
        picture = _read(path)
        return self._parts(picture, to_hide(picture, self._closely, self._hide), path.name)

    def of_clip(self, clip: Path) -> Iterator[Part]:
        """As ``share_clip`` hides them. Raises ``OSError``, ``av.error.FFmpegError``."""
        looked = look_through(clip, self._whole, self._hide)
        for at, picture in pictures(clip, EVERY_S):
            yield from self._parts(picture, looked.around(at), f"{clip.name} at {at:.2f} s")

    def _parts(self, picture: Picture, hidden: NDArray[np.float64], where: str) -> list[Part]:
        there = np.zeros(picture.shape[:2], bool)
        for x1, y1, x2, y2 in hidden.tolist():
            _within(there, x1, y1, x2, y2)[:] = True
        parts = []
        for x1, y1, x2, y2, score, cls in self._other(picture).tolist():
            width, height = x2 - x1, y2 - y1
            if score < FROM_SCORE:
                continue
            if int(cls) in self._other_hide.persons:
                what, part = "head", _within(there, x1 + 0.25 * width, y1, x2 - 0.25 * width, y1 + 0.2 * height)
            elif int(cls) in self._other_hide.vehicles:
                low = (x1 + 0.1 * width, y1 + 0.5 * height, x2 - 0.1 * width, y2 - 0.05 * height)
                what, part = "plate", _within(there, *low)
            else:
                continue
            if part.size:
                parts.append(Part(what, float(part.mean()), (x1, y1, x2, y2), where))
        return parts


def images(folder: Path) -> list[Path]:
    """Raises ``FileNotFoundError``."""
    found = sorted(path for path in (folder / "images").iterdir() if path.suffix.lower() in ENDINGS)
    if not found:
        raise FileNotFoundError(f"{folder / 'images'}: no pictures")
    return found


def counted(parts: list[Part]) -> list[dict[str, Any]]:
    """By what it is and how high the whole is: how many there are, how many of them are hidden, and the others."""
    rows = []
    for what in ("head", "plate"):
        for low, high in zip((0, *HEIGHTS), (*HEIGHTS, None), strict=True):
            sizes = [p for p in parts if p.what == what and low <= p.height and (high is None or p.height < high)]
            missed = [p for p in sizes if p.covered < HIDDEN_FROM]
            if sizes:
                row = {"what": what, "from_px": low, "to_px": high, "there": len(sizes)}
                rows.append(row | {"hidden": len(sizes) - len(missed), "missed": [_listed(p) for p in missed]})
    return rows


def _listed(part: Part) -> dict[str, Any]:
    return {"where": part.where, "box": [round(x) for x in part.box], "covered": round(part.covered, 2)}


def _within(there: NDArray[np.bool_], x1: float, y1: float, x2: float, y2: float) -> NDArray[np.bool_]:
    left, top, right, bottom = (max(0, round(value)) for value in (x1, y1, x2, y2))
    return there[top : max(top + 1, bottom), left : max(left + 1, right)]


def _read(path: Path) -> Picture:
    pixels = cv2.imread(str(path))
    if pixels is None:
        raise OSError(f"{path}: no picture")
    return np.ascontiguousarray(pixels[:, :, ::-1]).astype(np.uint8)

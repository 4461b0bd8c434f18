"""Bins, overflowing bins and heaps as small as a street camera shows them.

In photographs of bins a bin fills a third of the picture; in a camera's it is 3 to 10 % wide. Only single things are
cut out and set on the ground of a street: a whole photograph shrunk into a street would teach the frame around it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from labels.synthesis.backgrounds import Background, Ground, pick, test_backgrounds, training_backgrounds, view
from labels.synthesis.cutout import Cutout
from labels.synthesis.cutouts import cut_out, usable
from labels.synthesis.heaps import heap
from labels.synthesis.labelled import labelled_pictures
from labels.synthesis.scene import Scene, paste

KEYS = ("bin", "overflowing_bin", "exposed_garbage")
FULL_HD = 1920
BANDS = ((20, 32), (32, 64), (64, 128), (128, 300))
"""Longer side of a thing in pixels of a picture 1920 wide; the test set has as many scenes of each."""

TRAINING_SIZES = (20, 300)
"""Log-uniform. Below, a picture scaled to 640 for the model shows nothing of them that could be learnt."""

ENLARGED = 1.25
"""How far a cut-out may be enlarged before one sees it."""


MOST_THINGS = 6


@dataclass(frozen=True, slots=True)
class _Standing:
    """A cut-out, the middle of its lower edge in pixels, and its height in pixels."""

    cutout: Cutout
    x: float
    y: float
    height_px: float


@dataclass(frozen=True, slots=True)
class CameraScale:
    """Composes scenes; the same index, size and generator state give the same scene.

    cutouts: by key. sizes: ranges of the longer side at full HD, taken in turn. aspect: shape of the scenes, None for
    that of the background.
    """

    backgrounds: Sequence[Background]
    cutouts: Mapping[str, Sequence[Cutout]]
    sizes: Sequence[tuple[int, int]]
    aspect: float | None = None

    def compose(self, index: int, width: int, rng: np.random.Generator) -> tuple[Scene, str]:
        """A scene ``width`` pixels wide, and the name of its background. Raises ``OSError``."""
        background = pick(self.backgrounds, rng)
        scene, ground = view(background, width, rng, self.aspect)
        smallest, largest = self.sizes[index % len(self.sizes)]
        strangeness = _strangeness(scene, ground)
        for _ in range(5):
            planned: list[_Standing] = []
            wanted = int(rng.integers(1, MOST_THINGS + 1))
            for _ in range(2 * wanted):
                if len(planned) < wanted:
                    longer = float(np.exp(rng.uniform(np.log(smallest), np.log(largest)))) * width / FULL_HD
                    planned += self._spot(scene, ground, strangeness, longer, wanted - len(planned), rng)
            for thing in sorted(planned, key=lambda thing: thing.y):  # the nearer one stands in front
                paste(scene, thing.cutout, thing.x, thing.y, thing.height_px, rng)
            if scene.placed:
                break
        return scene, background.name

    def _spot(
        self,
        scene: Scene,
        ground: Ground,
        strangeness: NDArray[np.float32],
        longer: float,
        room: int,
        rng: np.random.Generator,
    ) -> list[_Standing]:
        """One place on the ground: a single thing, or some in a row, at most ``room``; none where nothing fits."""
        first = self._pick(longer, rng)
        high, wide = _extent(first, longer)
        foot = _place(scene, ground, strangeness, (wide, high), first.size_m, rng)
        if foot is None:
            return []
        x, y = foot
        things = [_Standing(first, x, y, high)]
        row = 1 if room < 2 or rng.random() < 0.6 else int(rng.integers(2, min(room, 4) + 1))
        for _ in range(row - 1):
            # Neighbours are often of one make: the same bin again, else anything at the same scale.
            thing = first if rng.random() < 0.3 and first.key == "bin" else self._pick(longer, rng)
            next_high = thing.size_m * high / first.size_m
            next_wide = next_high * thing.rgba.shape[1] / thing.rgba.shape[0]
            if max(next_high, next_wide) > 1.3 * longer:
                next_high, next_wide = _extent(thing, longer)
            x += (wide + next_wide) / 2 * rng.uniform(0.85, 1.3)
            wide = next_wide
            if _clear(scene, x, y, next_wide, next_high):
                things.append(_Standing(thing, x, y + rng.uniform(-0.04, 0.08) * high, next_high))
        return things

    def _pick(self, longer: float, rng: np.random.Generator) -> Cutout:
        """A cut-out with enough pixels for this size, seen as it is or mirrored by chance."""
        key = KEYS[int(rng.integers(len(KEYS)))]
        choice = self.cutouts[key][int(rng.integers(len(self.cutouts[key])))]
        for _ in range(12):
            if max(choice.rgba.shape[:2]) * ENLARGED >= longer:
                break
            choice = self.cutouts[key][int(rng.integers(len(self.cutouts[key])))]
        return choice


def camera_scale(data: Path, part: str, most: int, rng: np.random.Generator) -> CameraScale:
    """What the ``part`` ("train" or "test") of the sets under ``data`` gives; at most ``most`` cut-outs of a key.

    Raises ``LabelsError`` or ``OSError`` where a set is missing.
    """
    cutouts = _cutouts(data, "garbage_overflow_cn", part, KEYS, most, rng)
    if part == "test":
        return CameraScale(test_backgrounds(data), cutouts, BANDS, aspect=16 / 9)
    bags = _cutouts(data, "trashbag_masks_kr", part, ("exposed_garbage",), most, rng)["exposed_garbage"]
    piled = [heap(bags, rng) for _ in range(len(cutouts["exposed_garbage"]) // 2)]
    cutouts["exposed_garbage"] = [*cutouts["exposed_garbage"], *piled]
    return CameraScale(training_backgrounds(data), cutouts, (TRAINING_SIZES,))


def _cutouts(
    data: Path, name: str, part: str, keys: Sequence[str], most: int, rng: np.random.Generator
) -> dict[str, list[Cutout]]:
    found: dict[str, list[Cutout]] = {key: [] for key in keys}
    pictures = labelled_pictures(data, name, part)
    for number in rng.permutation(len(pictures)):
        picture = pictures[number]
        wanted = [box for box in usable(picture, keys) if len(found[box.cls]) < most]
        for cutout in cut_out(picture, wanted, rng):
            found[cutout.key].append(cutout)
        if all(len(cutouts) >= most for cutouts in found.values()):
            break
    return found


def _extent(cutout: Cutout, longer: float) -> tuple[float, float]:
    """Height and width in pixels."""
    high, wide = cutout.rgba.shape[:2]
    return longer * high / max(high, wide), longer * wide / max(high, wide)


def _strangeness(scene: Scene, ground: Ground) -> NDArray[np.float32]:
    """How little a place looks like ground to stand on, at a quarter of the size: edges, and another colour than most
    of the ground has."""
    small = cv2.resize(scene.picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    below = lab[min(int(ground.first_px / 4), len(lab) - 4) :].reshape(-1, 3)
    apart = np.abs(lab - np.median(below, axis=0)) @ np.array([0.3, 1.0, 1.0], np.float32)
    grey = lab[..., 0]
    edges = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return np.asarray(0.5 * edges + 2 * apart, np.float32)


def _place(
    scene: Scene,
    ground: Ground,
    strangeness: NDArray[np.float32],
    extent: tuple[float, float],
    size_m: float,
    rng: np.random.Generator,
) -> tuple[float, float] | None:
    """Of some places where a thing of this height belongs, the one that looks most like ground underfoot.

    Width and height in pixels in; the middle of the lower edge out, or None where there is no room.
    """
    width, height = scene.size
    wide, high = extent
    best: tuple[float, float] | None = None
    least = np.inf
    for _ in range(8):
        y = ground.row(high, size_m) * rng.uniform(0.95, 1.05)
        if y > height:  # the camera would have to stand closer than it does; a larger thing of its kind stands there
            y = rng.uniform(max(0.5 * (ground.first_px + height), min(high, height - 1)), height)
        if y < ground.first_px:  # far things stand near the first ground, and not all on one row
            y = ground.first_px + rng.random() ** 2 * 0.4 * (height - ground.first_px)
        y = max(y, high + 2)
        x = rng.uniform(0.5 * wide, width - 0.5 * wide)
        if y > height or not _clear(scene, x, y, wide, high):
            continue
        top, bottom = int((y - 0.15 * high) / 4), int((y + 0.1 * high) / 4) + 2
        foot = strangeness[top:bottom, int((x - wide / 2) / 4) : int((x + wide / 2) / 4) + 2]
        strange = float(foot.mean()) if foot.size else np.inf
        if strange < least:
            least, best = strange, (x, y)
    return best


def _clear(scene: Scene, x: float, y: float, wide: float, high: float) -> bool:
    """Whether nothing labelled, and nothing unknown, lies there."""
    width, height = scene.size
    for x1, y1, x2, y2 in (*(box.xyxy for box in scene.fixed), *scene.ignore):
        if x1 * width < x + wide / 2 and x2 * width > x - wide / 2 and y1 * height < y and y2 * height > y - high:
            return False
    return True

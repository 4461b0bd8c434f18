"""Where a camera looks, against where it looked when the places of its view were learned.

Compared are the directions of edges, not light and dark: the sun, lamps, exposure and rain change levels and contrast,
the kerb stays where it is. This is orientation correlation (Fitch, Kadyrov, Christmas and Kittler, BMVC 2002), with
doubled angles (Granlund 1978) so that an edge counts the same whichever of its sides is the lighter one.

Of one motorway camera pictures by day, in rain and by night reach 0.2 (night against day) to 0.9, and at least twice
the best correlation of any other shift; pictures of different streets stay below 0.12.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
"""The whole picture, ``(108, 192)``, whatever its shape was: places in it are relative."""
Cells = NDArray[np.float32]
"""``(9, 12)``: one value for each cell of a picture."""
Field = NDArray[np.float32]
"""``(2, 108, 192)``: direction of the edge at each pixel as a vector, 0 where there is none."""

WIDTH, HEIGHT = 192, 108
COLUMNS, ROWS = 12, 9
LIMIT, BEYOND = 0.08, 0.1
"""Shifts up to the first part of the picture are measured; what is further than the second looks elsewhere."""
FAINT, FINE, AROUND = 1.0, 13, 25
"""Grey levels from pixel to pixel that are hardly an edge; the side in pixels of what is fine; that of the surroundings
from which an edge has to stand out."""
HERE, THERE, CLEARER = 0.12, 0.15, 1.3
"""Least correlation where the camera looks as before, and where it has been turned to something that could be seen in
part; by how much that exceeds any other one."""
ALIKE = 0.35
"""Correlation of a cell that shows what it showed; by chance it is 0 with a deviation of 0.2."""
MANY, FEW = 0.45, 0.3
"""Parts of the comparable cells that are alike where the camera surely looks as before, and surely does not."""
LEARNED, DRAWN, ENOUGH = 0.15, 0.25, 10
"""Strength of edges in the reference and in a picture that can be compared, and how many cells of them are needed."""
YOUNG_S, ARRIVING_PX = 5.0, 1.5
"""A camera that moves so far while its view is learned has not arrived yet: the view begins anew."""
FIRST_S, LATER_S, LONGEST_S, OFTEN_S = 60.0, 900.0, 60.0, 1.0
"""The reference is the mean of its first minute, then follows with this time constant. No look counts for more than the
third, however long nobody looked before it; more often than the last one nothing is learned."""


@dataclass(frozen=True, slots=True)
class Pose:
    """What one look says.

    shift: by how much (x, y) of the picture things lie further right and down than in the reference; the last known one
    where it cannot be told. here: whether the camera looks as before, None where that cannot be told. alike: for each
    cell its correlation with the reference, [-1, 1].
    """

    shift: tuple[float, float]
    here: bool | None
    alike: Cells


class CameraPose:
    """The reference of one view, and where the camera is against it."""

    def __init__(self) -> None:
        self.relearn()

    def relearn(self) -> None:
        """Take what is seen from now on for the view; all places learned before are void."""
        self.shift = (0.0, 0.0)
        self._field = np.zeros((2, HEIGHT, WIDTH), np.float32)
        self._refer(self._field)
        self._learned_s, self._last_s, self._teaches = 0.0, -np.inf, False

    def look(self, elapsed_s: float, grey: Grey, hidden: NDArray[np.bool_]) -> Pose:
        """Take one picture; ``hidden`` ``(9, 12)`` marks cells that something known stands in front of."""
        before, self._field = self._field, edges(grey)
        if not self._learned_s:
            self._begin(elapsed_s)
        inside, shift, outside = _peaks(_correlation(self._spectrum, _spectrum(self._field)))
        alike, part = _agreement(self._reference, _steadied(self._field, shift), hidden)
        here = _verdict(inside, outside, part)
        if here is False and outside < max(THERE, CLEARER * inside) and not self._stays(before):
            here = None  # rain and the light of passing cars show something else every time
        arriving = here is False or max(abs(shift[0]) * WIDTH, abs(shift[1]) * HEIGHT) > ARRIVING_PX
        if self._learned_s < YOUNG_S and arriving:
            self._begin(elapsed_s)
            return Pose(self.shift, None, alike)
        if here:
            self.shift = shift
        self._teaches = here is True or (here is None and part is None)
        return Pose(self.shift, here, alike)

    @property
    def known(self) -> bool:
        """Whether anything of the view is learned."""
        return self._learned_s > 0

    def expect(self, grey: Grey) -> None:
        """Take this picture for the view, as if it had been looked at for a few seconds."""
        self.relearn()
        self._refer(edges(grey))
        self._learned_s = YOUNG_S

    def shows(self, grey: Grey) -> float | None:
        """How alike a picture of this view is, 0 for one of something else. Changes nothing.

        None where it cannot be told, or nothing is learned.
        """
        if not self.known:
            return None
        field = edges(grey)
        inside, shift, outside = _peaks(_correlation(self._spectrum, _spectrum(field)))
        here = _verdict(inside, outside, _agreement(self._reference, _steadied(field, shift))[1])
        return None if here is None else inside * here

    def learn(self, elapsed_s: float) -> None:
        """Follow the light: let the reference become a little more like the picture last looked at."""
        since_s = min(elapsed_s - self._last_s, LONGEST_S)
        if not self._teaches or since_s < min(OFTEN_S, self._learned_s):
            return
        self._last_s = elapsed_s
        self._learned_s += since_s
        weight = since_s / (self._learned_s if self._learned_s < FIRST_S else LATER_S)
        self._refer(self._reference + np.float32(weight) * (_steadied(self._field, self.shift) - self._reference))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The state for a snapshot, 42 kB."""
        known = np.array([*self.shift, self._learned_s, self._last_s])
        return {"reference": np.round(self._reference * 127).astype(np.int8), "known": known}

    def from_arrays(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from ``to_arrays``."""
        self.relearn()
        x, y, self._learned_s, self._last_s = state["known"].tolist()
        self.shift = (x, y)
        self._refer(state["reference"].astype(np.float32) / np.float32(127))

    def _stays(self, before: Field) -> bool:
        """Whether the picture before showed the same."""
        part = _agreement(before, self._field)[1]
        return part is not None and part >= MANY

    def _begin(self, elapsed_s: float) -> None:
        field = self._field
        self.relearn()
        self._refer(field)
        self._field, self._learned_s, self._last_s = field, 1e-3, elapsed_s

    def _refer(self, reference: Field) -> None:
        self._reference, self._spectrum = reference, _spectrum(reference)


def edges(grey: Grey) -> Field:
    """The gradient's direction with doubled angle; its length goes to 1 where it stands out from its surroundings.

    What changes over more than a few pixels is light: the cone of a lamp, the halo of a headlight.
    """
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (5, 5), 1.0)
    fine = cv2.subtract(smooth, cv2.blur(smooth, (FINE, FINE)))
    x, y = cv2.Sobel(fine, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(fine, cv2.CV_32F, 0, 1, scale=1 / 8)
    square = x * x + y * y
    weight = 1 / (square + cv2.blur(square, (AROUND, AROUND)) + np.float32(FAINT**2))
    return np.stack([(x * x - y * y) * weight, 2 * x * y * weight])


def steadied(plane: NDArray[Any], shift: tuple[float, float]) -> NDArray[Any]:
    """``(h, w)`` uint8 or float32, a picture or values of its pixels, as it would be without the shift, relative."""
    height, width = plane.shape
    middle = (width - 1) / 2 + shift[0] * width, (height - 1) / 2 + shift[1] * height
    return np.asarray(cv2.getRectSubPix(plane, (width, height), middle))


def _steadied(field: Field, shift: tuple[float, float]) -> Field:
    return np.stack([steadied(plane, shift) for plane in field])


def _verdict(inside: float, outside: float, part: float | None) -> bool | None:
    """Whether the camera looks as before, by the best correlations and the part of the cells that are alike."""
    if inside >= max(HERE, CLEARER * outside):
        return None if part is not None and part < FEW else True
    if outside >= max(THERE, CLEARER * inside) or (part is not None and part < FEW):
        return False
    return True if part is not None and part >= MANY and inside > outside else None


def _agreement(before: Field, now: Field, hidden: NDArray[np.bool_] | None = None) -> tuple[Cells, float | None]:
    """How alike each cell is, and what part of the cells that can be compared is alike, None if they are too few."""
    ours, theirs = _means(before, before), _means(now, now)
    alike = _means(before, now) / np.sqrt(ours * theirs + np.float32(1e-9))
    comparable = (ours > LEARNED**2) & (theirs > DRAWN**2)
    comparable[[0, -1]] = False  # names and clocks that cameras write into the picture stay when they turn
    if hidden is not None:
        comparable &= ~hidden
    number = np.count_nonzero(comparable)
    return alike, float((alike[comparable] > ALIKE).mean()) if number >= ENOUGH else None


def _window() -> NDArray[np.float32]:
    """Fades out to the sides, and before the writing that cameras put above and below."""
    x = np.clip((np.minimum(np.arange(WIDTH), np.arange(WIDTH)[::-1]) + 0.5) / 12, 0, 1)
    y = np.clip((np.minimum(np.arange(HEIGHT), np.arange(HEIGHT)[::-1]) - 7.5) / 8, 0, 1)
    return np.asarray(y[:, None] * x[None], np.float32)


WINDOW = _window()
Spectrum = NDArray[np.complex64]


def _spectrum(field: Field) -> Spectrum:
    """The windowed field without its mean and with unit length, transformed."""
    shown = cv2.merge([field[0] * WINDOW, field[1] * WINDOW])
    shown = cv2.subtract(shown, np.array(cv2.mean(shown)))
    return np.asarray(cv2.dft(shown * np.float32(1 / (cv2.norm(shown) + 1e-9))), np.float32).view(np.complex64)[..., 0]


def _correlation(before: Spectrum, now: Spectrum) -> NDArray[np.float32]:
    """``(108, 192)`` for every shift; none is in the middle."""
    product = (now * before.conj()).view(np.float32).reshape(HEIGHT, WIDTH, 2)
    found = cv2.dft(product, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE)
    return np.fft.fftshift(cv2.extractChannel(found, 0))


def _peaks(correlation: NDArray[np.float32]) -> tuple[float, tuple[float, float], float]:
    """Best correlation within the limit, its shift (x, y) relative to the picture, and the best one beyond."""
    sides = np.array([WIDTH, HEIGHT])
    middle, reach, out = sides // 2, (LIMIT * sides).astype(int), np.ceil(BEYOND * sides).astype(int)
    (left, top), (right, bottom) = middle - reach, middle + reach + 1
    _, inside, _, found = cv2.minMaxLoc(correlation[top:bottom, left:right])
    x, y = int(left) + found[0], int(top) + found[1]
    finer = _vertex(correlation[y, x - 1 : x + 2]), _vertex(correlation[y - 1 : y + 2, x])
    far = correlation.copy()
    far[middle[1] - out[1] : middle[1] + out[1] + 1, middle[0] - out[0] : middle[0] + out[0] + 1] = -1
    shift = (x + finer[0]) / WIDTH - 0.5, (y + finer[1]) / HEIGHT - 0.5
    return float(inside), shift, float(far.max())


def _vertex(three: NDArray[np.float32]) -> float:
    """Where the parabola through three neighbours has its top, in pixels from the middle one."""
    before, here, after = three.tolist()
    bend = before - 2 * here + after
    return min(max(0.5 * (before - after) / bend, -0.5), 0.5) if bend < 0 else 0.0


def _means(a: Field, b: Field) -> Cells:
    """Mean product of two fields in each cell."""
    product = a[0] * b[0] + a[1] * b[1]
    return np.asarray(cv2.resize(product, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA), np.float32)

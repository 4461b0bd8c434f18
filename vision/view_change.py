"""How much each spot of a view differs from another time's picture in ways that light alone does not explain.

Light multiplies: in logarithms it adds, so a brighter day, a shadow or a lamp moves the level of a spot and hardly its
gradients, and it moves all three colours alike. Two things are compared, therefore: the gradients of a window, up to
one factor (haze, contrast), and the differences between the colours, up to what the whole view shows of a cast.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.frame import Picture

Map = NDArray[np.float32]
Mask = NDArray[np.bool_]

SOFT = 24.0
"""Grey levels added before the logarithm, so that the noise of dark pixels does not count as much as a bright edge."""
WINDOW = (5, 5)
LEAST = 0.02
"""Gradient, in logarithms a pixel, that sensor noise and coding always leave."""
UNLIKE, TELLING = 0.5, 3.0
"""What differs counts in full as half of all structure, and at three times the noise."""
COLOUR = 0.25
"""Difference of colours, in logarithms, that counts in full."""
STEP = 3
"""What holds of the whole view is taken from every third pixel."""
LOCAL = 1.5
"""By which factor a spot's own contrast and saturation may differ from those of the view."""
_FEW = (slice(None, None, STEP),) * 2
_LOGARITHM = np.log(np.arange(256, dtype=np.float32) + np.float32(SOFT))
_OPPONENT = np.array([[1, -1, 0], [0, -1, 1]], np.float32)


def logarithm(picture: Picture) -> Map:
    """``(h, w, 3)`` of a picture of 8 bits."""
    return np.asarray(cv2.LUT(picture, _LOGARITHM), np.float32)


class Structure(NamedTuple):
    """Gradients of a picture in logarithms; energy is the mean of their squares over a window."""

    log: Map
    grey: Map
    x: Map
    y: Map
    energy: Map

    @classmethod
    def of(cls, log: Map) -> "Structure":
        grey = cv2.cvtColor(log, cv2.COLOR_RGB2GRAY)
        x, y = (cv2.Scharr(grey, cv2.CV_32F, dx, 1 - dx, scale=1 / 32) for dx in (1, 0))
        return cls(log, *(np.asarray(part, np.float32) for part in (grey, x, y, _mean(x * x + y * y))))


class Change(NamedTuple):
    """``(h, w)`` each. strength: the larger of structure and colour; from 1 on something else is there.

    light: by how much the level rose, in logarithms. residual: squared difference of the gradients. contrast: by which
    factor all gradients have grown.
    """

    strength: Map
    structure: Map
    colour: Map
    light: Map
    residual: Map
    contrast: float


def difference(now: Structure, before: Structure, contrast: float = 1.0) -> Map:
    """``(h, w)`` squared difference of the gradients, with those of ``before`` times ``contrast``."""
    return np.asarray((now.x - contrast * before.x) ** 2 + (now.y - contrast * before.y) ** 2, np.float32)


def change(now: Structure, before: Structure, expected: Map, free: Mask) -> Change:
    """Compare two pictures of a view.

    expected: ``(h, w)`` squared difference of the gradients that is usual between them. free: spots that show the
    ground, as far as is known; the view's contrast, noise and colours are taken from them.
    """
    shared = _mean(now.x * before.x + now.y * before.y)
    noise = _mean(expected) + np.float32(LEAST**2)
    few, any_free = free[_FEW], bool(free[_FEW].any())
    textured = few & (before.energy[_FEW] > 4 * noise[_FEW])
    ratio = shared[_FEW][textured] / before.energy[_FEW][textured]
    contrast = min(max(_median(ratio, 1.0), 0.25), 2.5)
    own = np.clip(shared / (before.energy + 1e-6), contrast / LOCAL, contrast * LOCAL)
    rest = np.maximum(now.energy - 2 * own * shared + own * own * before.energy, 0)
    if any_free:  # rain, or a night's noise: what is everywhere is no change
        noise = noise * np.float32(max(1.0, 2 * _median(rest[_FEW][few] / noise[_FEW][few], 0.5)))
    structure = np.minimum(rest / (now.energy + contrast**2 * before.energy + noise) / UNLIKE, rest / noise / TELLING)
    colour = _cast(now.log, before.log, few) / (COLOUR + 3 * np.sqrt(noise))
    strength = np.asarray(np.maximum(structure, colour), np.float32)
    residual = difference(now, before, contrast)
    return Change(strength, _single(structure), _single(colour), now.grey - before.grey, residual, contrast)


def _cast(now: Map, before: Map, few: Mask) -> Map:
    """``(h, w)`` by how much the colours differ beyond a cast of the whole view and its saturation."""
    is_, was = cv2.transform(now, _OPPONENT), cv2.transform(before, _OPPONENT)
    if not few.any():
        cast = is_ - was
    else:
        seen, known = is_[_FEW][few], was[_FEW][few]
        middle, usual = np.median(seen, axis=0), np.median(known, axis=0)
        vividness = ((known - usual) ** 2).sum(axis=1)
        vivid = vividness > 0.01
        ratio = ((seen - middle) * (known - usual)).sum(axis=1)[vivid] / vividness[vivid]
        saturation = min(max(_median(ratio, 1.0), 0.3), 1.6)
        is_ = is_ - (middle - np.float32(saturation) * usual)
        own = np.clip(
            (is_ * was).sum(axis=2) / ((was * was).sum(axis=2) + 1e-4), saturation / LOCAL, saturation * LOCAL
        )
        cast = is_ - own[..., None] * was
    cast = np.asarray(cv2.blur(cast, WINDOW), np.float32)
    return np.asarray(cv2.magnitude(cast[..., 0], cast[..., 1]), np.float32)


def _mean(values: Map) -> Map:
    return np.asarray(cv2.blur(values, WINDOW), np.float32)


def _single(values: NDArray[np.floating]) -> Map:
    return np.asarray(values, np.float32)


def _median(values: Map, otherwise: float) -> float:
    """Of few values nothing is said."""
    return float(np.median(values)) if values.size > 20 else otherwise

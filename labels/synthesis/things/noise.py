"""Fractal noise: what makes a drawn surface look worn, folded or heaped."""

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""``(H, W)`` float32."""


def fractal(
    rng: np.random.Generator, height: int, width: int, coarsest: float, octaves: int = 4, gain: float = 0.5
) -> Field:
    """Value noise of zero mean, roughly in [-1, 1]: each octave has half the wavelength and ``gain`` times the height.

    coarsest: the longest wavelength in pixels.
    """
    total = np.zeros((height, width), np.float32)
    strength = 1.0
    reach = 0.0
    for octave in range(octaves):
        cell = max(coarsest / 2**octave, 1.0)
        rows, columns = int(height / cell) + 3, int(width / cell) + 3
        grid = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
        # The grid is a little larger than the picture, so that no octave has its crests along the border.
        tall, wide = round(rows * cell), round(columns * cell)
        smooth = cv2.resize(grid, (max(wide, width), max(tall, height)), interpolation=cv2.INTER_CUBIC)
        total += strength * smooth[:height, :width]
        reach += strength
        strength *= gain
    return total / np.float32(reach)


def streaks(rng: np.random.Generator, height: int, width: int, across: float, along: float) -> Field:
    """Noise drawn out along the vertical: ``across`` and ``along`` are its wavelengths in pixels."""
    squeezed = max(int(height * across / along), 4)
    return np.asarray(cv2.resize(fractal(rng, squeezed, width, across, 3), (width, height)), np.float32)


def slope_light(relief: Field, strength: float, angle: float = 0.8) -> Field:
    """How light falls on a relief: a factor around 1, brighter where it leans to the light at ``angle`` (radians).

    strength: the factor's usual deviation from 1, however steep the relief is.
    """
    down, right = np.gradient(relief)
    lean = -(np.cos(angle) * right + np.sin(angle) * down)
    light = 1 + strength * lean / max(float(lean.std()), 1e-6)
    return np.asarray(np.clip(light, 0.45, 1.5), np.float32)

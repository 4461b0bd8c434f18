"""What stands in streets by right. It carries bills and banners, and being drawn as they are, it teaches that not all
that is drawn is a violation."""

import numpy as np

from labels.synthesis.things.mesh import Group, Look, drawn, some_look
from labels.synthesis.things.painting import Colour, Layer
from labels.synthesis.things.solids import box, tube
from labels.synthesis.things.surfaces import worn

GREYS: tuple[Colour, ...] = (
    (0.62, 0.63, 0.62),
    (0.5, 0.52, 0.5),
    (0.75, 0.75, 0.72),
    (0.4, 0.45, 0.42),
    (0.32, 0.34, 0.36),
)


def cabinet(rng: np.random.Generator) -> tuple[Layer, float]:
    """A switch cabinet, seen nearly from the front; the picture and its height in metres."""
    w, h = float(rng.uniform(0.7, 1.4)), float(rng.uniform(1.1, 1.7))
    colours: tuple[Colour, ...] = (*GREYS, (0.3, 0.45, 0.36), (0.72, 0.7, 0.6))
    paint = worn(rng, colours[rng.integers(len(colours))], 80, 0.2)
    front = paint.copy()
    front[:, 40] *= 0.5
    front[6:74, 4] *= 0.7
    front[30:38, 44:47] *= 0.4
    body = box((0, 0, 0.1), (w, 0.4, h - 0.1), paint, front=front) + box(
        (0, 0, 0), (w * 1.03, 0.43, 0.1), (0.45, 0.44, 0.42)
    )
    layer, px_per_m = drawn([body], some_look(rng, 0.25, 0.03, 0.25), rng, 260)
    return layer, layer.shape[0] / px_per_m


def pole(rng: np.random.Generator) -> tuple[Layer, float]:
    """A lamp or cable pole, only its lower 3 to 5 metres."""
    height, radius = float(rng.uniform(3, 5)), float(rng.uniform(0.09, 0.2))
    body = tube((0, 0, 0), (0, 0, height), radius, GREYS[rng.integers(len(GREYS))], 14)
    layer, px_per_m = drawn([body], Look(0, 0.06, 15), rng, 360)
    return layer, layer.shape[0] / px_per_m


def blocking(rng: np.random.Generator) -> tuple[Layer, float]:
    """Cones, bollards, concrete blocks or a water-filled barrier."""
    kind = rng.integers(4)
    groups: list[Group] = []
    for i in range(int(rng.integers(1, 5))):
        x = i * float(rng.uniform(0.9, 1.3))
        if kind == 0:
            for k, colour in enumerate(((0.9, 0.3, 0.1), (0.9, 0.9, 0.88), (0.9, 0.3, 0.1), (0.9, 0.9, 0.88))):
                groups.append(tube((x, 0, 0.05 + k * 0.16), (x, 0, 0.22 + k * 0.16), 0.15 - k * 0.032, colour, 10))
            groups.append(box((x, 0, 0), (0.36, 0.36, 0.05), (0.15, 0.15, 0.15)))
        elif kind == 1:
            metal: Colour = (0.75, 0.75, 0.77) if rng.random() < 0.5 else (0.85, 0.7, 0.1)
            groups.append(tube((x, 0, 0), (x, 0, 0.8), 0.06, metal, 10, cap=metal))
        elif kind == 2:
            groups.append(box((x * 1.2, 0, 0), (1.0, 0.4, 0.7), worn(rng, (0.65, 0.64, 0.61), 48)))
        else:
            groups.append(
                box(
                    (x * 1.3, 0, 0),
                    (1.25, 0.4, 0.8),
                    worn(rng, (0.85, 0.15, 0.1) if i % 2 else (0.92, 0.9, 0.88), 48, 0.1),
                )
            )
    layer, px_per_m = drawn(groups, some_look(rng, 0.6), rng, 260)
    return layer, layer.shape[0] / px_per_m


def fence(rng: np.random.Generator) -> tuple[Layer, float]:
    """A stretch of railing along a pavement."""
    length, height = float(rng.uniform(3, 6)), float(rng.uniform(0.8, 1.2))
    colours: tuple[Colour, ...] = ((0.9, 0.9, 0.9), (0.2, 0.35, 0.6), (0.25, 0.25, 0.27), (0.2, 0.4, 0.3))
    metal = colours[rng.integers(len(colours))]
    group: Group = []
    for z in (0.15, height - 0.05):
        group += tube((-length / 2, 0, z), (length / 2, 0, z), 0.03, metal, 5)
    for x in np.arange(-length / 2, length / 2, 0.16):
        group += tube((float(x), 0, 0.1), (float(x), 0, height), 0.014, metal, 4)
    layer, px_per_m = drawn([group], some_look(rng, 0.7, 0.03, 0.35), rng, 340)
    return layer, layer.shape[0] / px_per_m


FURNITURE = (cabinet, pole, blocking, fence)

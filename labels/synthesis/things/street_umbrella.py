"""Big umbrellas and tents over the pavement, often with trade under them."""

from itertools import pairwise

import numpy as np

from labels.synthesis.cutout import Cutout
from labels.synthesis.things import goods
from labels.synthesis.things.mesh import Face, Group, Points, drawn, some_look
from labels.synthesis.things.noise import fractal
from labels.synthesis.things.painting import Colour, Layer, finished, ink, sheet
from labels.synthesis.things.solids import box, moved, quad, tube
from labels.synthesis.things.text import lettering

CANOPIES: tuple[Colour, ...] = (
    (0.75, 0.1, 0.1), (0.1, 0.25, 0.6), (0.1, 0.42, 0.25), (0.9, 0.4, 0.08), (0.9, 0.8, 0.2), (0.88, 0.86, 0.8),
    (0.3, 0.12, 0.4),    (0.75, 0.1, 0.1), (0.1, 0.3, 0.7), (0.82, 0.74, 0.58), (0.35, 0.6, 0.85),
)  # fmt: skip
PRINTS = "可口 啤酒 冰红茶 中国移动 中国电信 雪糕 酸梅汤 早餐 小吃 水果 烧烤 奶茶 凉皮 煎饼".split()


def street_umbrella(rng: np.random.Generator) -> Cutout:
    """One or two canopies of 1.8 to 4 m."""
    groups: list[Group] = []
    tent = rng.random() < 0.25
    count = int(rng.choice([1, 2, 3] if tent else [1, 1, 1, 1, 1, 2]))
    for i in range(count):
        own = _tent(rng) if tent else _umbrella(rng)
        place = (i * float(rng.uniform(2.4, 3.2)), float(rng.normal(0, 0.2)), 0.0)
        groups += [moved(group, place) for group in own]
    if rng.random() < 0.6:
        under = (goods.dining, goods.fruit_stand, goods.cartons, goods.stools)[rng.integers(4)](rng)
        place = (float(rng.normal(0, 0.3)) - 0.4, float(rng.uniform(-0.5, 0.6)), 0.0)
        groups += [moved(group, place) for group in under]
    layer, px_per_m = drawn(groups, some_look(rng, 0.8, 0.02, 0.6), rng)
    return finished(layer, rng, "street_umbrella", "tent" if tent else "umbrella", px_per_m, "ground")


def _umbrella(rng: np.random.Generator) -> list[Group]:
    """Panels between ribs on a pole; round (eight to ten ribs) or square, tilted a little, with a hanging border."""
    ribs = int(rng.choice([4, 8, 8, 10]))
    radius, rim = float(rng.uniform(1.0, 1.8)), float(rng.uniform(1.7, 2.2))
    rise = radius * float(rng.uniform(0.25, 0.55))
    first, second = _two_colours(rng)
    stripes = rng.random() < 0.45
    print_word = PRINTS[rng.integers(len(PRINTS))] if rng.random() < 0.4 else ""
    tilt = rng.normal(0, 0.06, 2).astype(np.float32)
    turn = np.arange(ribs + 1) * 2 * np.pi / ribs + (np.pi / 4 if ribs == 4 else rng.uniform(0, 1))
    canopy: Group = []
    border = float(rng.choice([0.0, 0.12, 0.2]))
    rings = (0.0, 0.35, 0.7, 1.0)
    for i in range(ribs):
        colour = second if stripes and i % 2 else first
        for inner, outer in pairwise(rings):
            corners = [
                _rib(turn[i + k], r, radius, rim, rise, tilt)
                for k, r in ((0, inner), (1, inner), (1, outer), (0, outer))
            ]
            canopy.append(Face(np.array(corners[1:] if inner == 0 else corners, np.float32), colour, 2, open=True))
        if border:
            a, b = (_rib(turn[i + k], 1.0, radius, rim, rise, tilt) for k in (0, 1))
            down = np.array([0, 0, border], np.float32)
            valance = _valance(rng, second if rng.random() < 0.5 else colour, print_word)
            canopy += quad([a, b, b - down, a - down], valance, order=2)
    metal = (0.75, 0.75, 0.75) if rng.random() < 0.6 else (0.3, 0.28, 0.26)
    pole = tube((0, 0, 0), (0, 0, rim + rise * 0.9), 0.025, metal, order=1)
    foot = box((0, 0, 0), (0.45, 0.45, 0.1), (0.35, 0.35, 0.36)) if rng.random() < 0.7 else []
    return [foot + pole + canopy]


def _rib(turn: float, part: float, radius: float, rim: float, rise: float, tilt: Points) -> Points:
    """A point of a rib: it is bent, steep at the rim and flat at the top."""
    x, y = np.cos(turn) * radius * part, np.sin(turn) * radius * part
    return np.array([x, y, rim + rise * (1 - part**1.6) + tilt[0] * x + tilt[1] * y], np.float32)


def _tent(rng: np.random.Generator) -> list[Group]:
    """A pyramid roof on four legs, a border around it, now and then with side walls."""
    wide, deep, eaves = float(rng.uniform(2.0, 3.2)), float(rng.uniform(2.0, 3.0)), float(rng.uniform(1.9, 2.2))
    top = eaves + float(rng.uniform(0.5, 1.0))
    first, second = _two_colours(rng)
    x, y = wide / 2, deep / 2
    corners = [(-x, -y), (x, -y), (x, y), (-x, y)]
    roof: Group = []
    word = PRINTS[rng.integers(len(PRINTS))] if rng.random() < 0.6 else ""
    valance = _valance(rng, second if rng.random() < 0.4 else first, word)
    peak = np.array([0, 0, top], np.float32)
    for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
        left, right = np.array([*a, eaves], np.float32), np.array([*b, eaves], np.float32)
        low = (left + right + peak) / 3 - np.array([0, 0, 0.06], np.float32)  # the cloth sags in the middle
        for p, q in ((left, peak), (peak, right), (right, left)):
            roof.append(Face(np.array([p, q, low], np.float32), first, 2, open=True))
        roof += quad([left, right, right - [0, 0, 0.25], left - [0, 0, 0.25]], valance, order=2)
    legs: Group = []
    for a in corners:
        legs += tube((*a, 0), (*a, eaves), 0.025, (0.8, 0.8, 0.8), 5)
    if rng.random() < 0.3:
        legs += quad([(-x, y, eaves), (x, y, eaves), (x, y, 0.1), (-x, y, 0.1)], np.asarray(first))
    return [legs + roof]


def _two_colours(rng: np.random.Generator) -> tuple[Colour, Colour]:
    first = np.asarray(CANOPIES[rng.integers(len(CANOPIES))]) * rng.uniform(0.8, 1.1)
    second = (0.92, 0.9, 0.86) if rng.random() < 0.5 else CANOPIES[rng.integers(len(CANOPIES))]
    return np.clip(first, 0, 1), second


def _valance(rng: np.random.Generator, colour: Colour, word: str) -> Layer:
    """The cloth that hangs down at the edge, its lower side scalloped or straight."""
    cloth = sheet(24, 120, colour)
    if word:
        paint = (0.95, 0.95, 0.9) if np.mean(colour) < 0.6 else (0.7, 0.1, 0.1)
        mask = lettering(word, 16)
        ink(cloth, mask, paint, (120 - mask.shape[1]) // 2, 3)
    cloth[..., :3] *= 1 + 0.12 * fractal(rng, 24, 120, 12, 2)[..., None]
    if rng.random() < 0.6:
        wave = 20 + 4 * np.abs(np.sin(np.arange(120) * np.pi / 15))
        cloth[np.arange(24)[:, None] > wave, 3] = 0
    return cloth

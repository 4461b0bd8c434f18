"""Advertisements put up on the street: boards, light boxes, roll-ups, inflatable arches and columns."""

from itertools import pairwise

import cv2
import numpy as np

from labels.synthesis.cutout import Cutout
from labels.synthesis.things.mesh import Group, drawn, some_look
from labels.synthesis.things.noise import fractal
from labels.synthesis.things.painting import Colour, Layer, finished, ink, sheet
from labels.synthesis.things.poster import HEADLINES, poster
from labels.synthesis.things.solids import box, quad, tube
from labels.synthesis.things.text import lettering

METALS: tuple[Colour, ...] = ((0.75, 0.75, 0.76), (0.3, 0.3, 0.32), (0.12, 0.12, 0.12), (0.6, 0.45, 0.3))


def illegal_advertising(rng: np.random.Generator) -> Cutout:
    """One of the kinds below, 0.8 to 4.5 m high."""
    kind = KINDS[rng.choice(len(KINDS), p=SHARES)]
    layer, px_per_m = drawn(kind(rng), some_look(rng, 0.8, 0.02, 0.35), rng)
    return finished(layer, rng, "illegal_advertising", kind.__name__.strip("_").replace("_", " "), px_per_m, "ground")


def _a_board(rng: np.random.Generator) -> list[Group]:
    """Two boards that lean against each other."""
    w, h, foot = float(rng.uniform(0.5, 0.8)), float(rng.uniform(0.8, 1.3)), float(rng.uniform(0.22, 0.35))
    page = poster(rng, int(150 * h / w * 0.7), 105)
    _framed(page, METALS[rng.integers(len(METALS))], 4)
    x = w / 2
    group = quad([(-x, 0, h), (x, 0, h), (x, -foot, 0), (-x, -foot, 0)], page, order=1)
    group += quad([(-x, 0, h), (x, 0, h), (x, foot, 0), (-x, foot, 0)], (0.3, 0.3, 0.3))
    for side in (-x, x):
        group += tube((side, -foot, 0), (side, 0, h), 0.015, (0.4, 0.4, 0.4), 4, order=2)
    return [group]


def _standing_board(rng: np.random.Generator) -> list[Group]:
    """A poster in a frame on two legs or on a foot plate, and the easel."""
    w, h, low = float(rng.uniform(0.6, 2.4)), float(rng.uniform(0.9, 1.8)), float(rng.uniform(0.05, 0.7))
    metal = METALS[rng.integers(len(METALS))]
    page = poster(rng, int(130 * min(h / w, 2)), 130)
    _framed(page, metal, 3)
    group = box((0, 0, low), (w, 0.06, h), metal, front=page, order=1)
    for x in (-w * 0.42, w * 0.42):
        group += tube((x, 0, 0), (x, 0, low + 0.05), 0.025, metal, 5)
        group += tube((x, -0.28, 0.02), (x, 0.28, 0.02), 0.025, metal, 5)
    return [group]


def _roll_up(rng: np.random.Generator) -> list[Group]:
    """A narrow banner pulled out of its foot, or spanned on crossed rods."""
    w, h = float(rng.choice([0.6, 0.8, 0.85])), float(rng.uniform(1.6, 2.0))
    page = poster(rng, 240, int(240 * w / h), upright=True)
    page[..., :3] *= 1 + 0.08 * fractal(rng, page.shape[0], page.shape[1], 90, 3)[..., None]
    group = quad([(-w / 2, 0, h), (w / 2, 0, h), (w / 2, -0.02, 0.07), (-w / 2, -0.02, 0.07)], page, order=1)
    if rng.random() < 0.5:
        group += box((0, 0, 0), (w, 0.16, 0.08), (0.7, 0.7, 0.72))
    else:
        group += tube((0, 0.25, 0), (0, 0, h * 0.55), 0.012, (0.15, 0.15, 0.15), 4)
        group += tube((-w / 2, -0.15, 0), (0, 0, 0.45), 0.012, (0.15, 0.15, 0.15), 4)
        group += tube((w / 2, -0.15, 0), (0, 0, 0.45), 0.012, (0.15, 0.15, 0.15), 4)
    return [group]


def _light_box(rng: np.random.Generator) -> list[Group]:
    """A box that is lit from inside, on castors or on a pole."""
    w, d, h = float(rng.uniform(0.5, 0.9)), float(rng.uniform(0.12, 0.3)), float(rng.uniform(0.9, 1.7))
    page = poster(rng, int(120 * h / w * 0.8), 96, upright=True)
    page[..., :3] = np.clip(page[..., :3] * rng.uniform(1.0, 1.5) + rng.uniform(0, 0.12), 0, 1)
    metal = METALS[rng.integers(len(METALS))]
    _framed(page, metal, 3)
    low = float(rng.choice([0.08, 0.08, 0.9]))
    group = box((0, 0, low), (w, d, h), metal, front=page, order=1)
    if low > 0.5:
        group += tube((0, 0, 0), (0, 0, low), 0.05, metal, 6) + box((0, 0, 0), (0.5, 0.4, 0.06), metal)
    else:
        for x in (-w * 0.4, w * 0.4):
            group += box((x, 0, 0), (0.06, d, low), (0.1, 0.1, 0.1))
    return [group]


def _billboard(rng: np.random.Generator) -> list[Group]:
    """A wide board on posts."""
    w, h, low = float(rng.uniform(2.4, 5.0)), float(rng.uniform(1.2, 2.2)), float(rng.uniform(0.4, 2.2))
    page = poster(rng, int(220 * h / w), 220)
    metal = METALS[rng.integers(len(METALS))]
    _framed(page, metal, 2)
    group = box((0, 0, low), (w, 0.12, h), metal, front=page, order=1)
    for x in np.linspace(-w * 0.42, w * 0.42, int(rng.integers(2, 4))):
        group += tube((float(x), 0.05, 0), (float(x), 0.05, low + 0.1), 0.06, metal, 6)
    return [group]


def _inflatable_arch(rng: np.random.Generator) -> list[Group]:
    """A tube blown up to an arch, with a slogan across its top."""
    span, thick = float(rng.uniform(4, 7)), float(rng.uniform(0.5, 0.8))
    colours: tuple[Colour, ...] = (
        (0.8, 0.08, 0.1),
        (0.8, 0.08, 0.1),
        (0.9, 0.7, 0.1),
        (0.1, 0.3, 0.7),
        (0.85, 0.3, 0.5),
    )
    colour, second = colours[rng.integers(len(colours))], (0.95, 0.8, 0.15)
    leg = float(rng.uniform(0.8, 2.0))
    rise = span * float(rng.uniform(0.3, 0.5))
    turn = np.linspace(np.pi, 0, 13)
    path = [(-span / 2, 0, 0), *((span / 2 * np.cos(t), 0, leg + rise * np.sin(t)) for t in turn), (span / 2, 0, 0)]
    group: Group = []
    for i, (a, b) in enumerate(pairwise(path)):
        striped = i in (0, 1, len(path) - 2, len(path) - 3) and rng.random() < 0.5
        group += tube(a, b, thick / 2, second if striped else colour, 10)
    word = "热烈庆祝盛大开业" if rng.random() < 0.5 else "欢迎光临" + HEADLINES[rng.integers(len(HEADLINES))]
    letters = lettering(word, 30, 0.03)
    cloth = sheet(letters.shape[0] + 8, letters.shape[1] + 16, colour)
    ink(cloth, letters, (0.98, 0.9, 0.3), 8, 4)
    pieces = 8
    steps = np.linspace(2.35, 0.79, pieces + 1)
    columns = np.linspace(0, cloth.shape[1], pieces + 1).astype(int)
    for i in range(pieces):
        corners = [_on_arch(steps[i + k], up, span, rise, leg, thick) for k, up in ((0, 1), (1, 1), (1, -1), (0, -1))]
        group += quad(corners, np.ascontiguousarray(cloth[:, columns[i] : columns[i + 1]]), order=1)
    return [group]


def _on_arch(turn: float, up: int, span: float, rise: float, leg: float, thick: float) -> tuple[float, float, float]:
    wider = 1 + up * 0.35 * thick / max(rise, span / 2)
    return float(span / 2 * np.cos(turn) * wider), -thick / 2, float(leg + rise * np.sin(turn) * wider)


def _inflatable_column(rng: np.random.Generator) -> list[Group]:
    """A round column with a headline downwards, now and then a pair."""
    height, radius = float(rng.uniform(2.5, 5)), float(rng.uniform(0.3, 0.5))
    page = poster(rng, 240, 60, upright=True)
    group: Group = []
    sides = 10
    turns = np.arange(sides + 1) * 2 * np.pi / sides
    for i in range(sides):
        (x0, y0), (x1, y1) = ((radius * np.cos(turns[i + k]), radius * np.sin(turns[i + k])) for k in (0, 1))
        part = (i * 2 * page.shape[1] // sides) % page.shape[1]  # the print goes round twice
        strip: Layer = np.ascontiguousarray(page[:, part : part + 2 * page.shape[1] // sides])
        group += quad([(x0, y0, height), (x1, y1, height), (x1, y1, 0), (x0, y0, 0)], strip)
    ball = tuple(float(v) for v in page[3, 3, :3])
    group += tube((0, 0, height), (0, 0, height + radius * 0.6), radius * 0.7, ball, 8, order=1, cap=ball)
    return [group]


def _framed(page: Layer, metal: Colour, width: int) -> None:
    cv2.rectangle(page, (0, 0), (page.shape[1] - 1, page.shape[0] - 1), (*(float(v) for v in metal), 1.0), width)


KINDS = (_a_board, _standing_board, _roll_up, _light_box, _billboard, _inflatable_arch, _inflatable_column)
SHARES = (0.22, 0.2, 0.2, 0.14, 0.08, 0.1, 0.06)

"""What shops and vendors put on the street, each one a group of faces standing on the ground around the origin."""

import numpy as np

from labels.synthesis.things.garments import garment
from labels.synthesis.things.mesh import Group
from labels.synthesis.things.painting import Colour
from labels.synthesis.things.solids import box, cushion, moved, quad, tube
from labels.synthesis.things.surfaces import carton, fruit, greens, packets, worn

PLASTICS: tuple[Colour, ...] = (
    (0.75, 0.12, 0.1), (0.1, 0.3, 0.65), (0.1, 0.5, 0.3), (0.9, 0.75, 0.2), (0.85, 0.85, 0.85), (0.15, 0.15, 0.17),
    (0.85, 0.4, 0.1),
)  # fmt: skip


def plastic(rng: np.random.Generator) -> Colour:
    return PLASTICS[rng.integers(len(PLASTICS))]


def crate(rng: np.random.Generator, tilt: float = 0.0) -> Group:
    """A plastic or foam crate heaped with fruit or vegetables, 0.5 m wide; ``tilt`` lifts its back edge (metres)."""
    w, d, h = 0.5, 0.36, float(rng.uniform(0.16, 0.28))
    side = (0.92, 0.92, 0.9) if rng.random() < 0.35 else plastic(rng)
    filling = fruit(rng) if rng.random() < 0.7 else greens(rng)
    group = box((0, 0, 0), (w, d, h), worn(rng, side, 24))
    x, y = w / 2 - 0.02, d / 2 - 0.02
    z = h + 0.03
    return group + quad([(-x, y, z + tilt), (x, y, z + tilt), (x, -y, z), (-x, -y, z)], filling, order=1)


def fruit_stand(rng: np.random.Generator) -> list[Group]:
    """Crates in steps rising to the back."""
    columns, steps = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    groups: list[Group] = []
    for step in range(steps):
        height = float(step * rng.uniform(0.18, 0.3) + rng.choice([0.0, 0.3]))
        for column in range(columns):
            at = (column * 0.53 + float(rng.normal(0, 0.01)), step * 0.4, height)
            if height > 0.05:
                groups.append(box((at[0], at[1], 0), (0.5, 0.36, height), worn(rng, (0.35, 0.3, 0.26), 16)))
            groups.append(moved(crate(rng, 0.08), at))
    return groups


def clothes_rack(rng: np.random.Generator) -> list[Group]:
    """A rail on feet with clothes hanging from it."""
    width, height = float(rng.uniform(1.0, 1.8)), float(rng.uniform(1.4, 1.7))
    metal = (0.7, 0.7, 0.72) if rng.random() < 0.6 else (0.12, 0.12, 0.12)
    frame: Group = []
    for x in (-width / 2, width / 2):
        frame += tube((x, 0, 0), (x, 0, height), 0.018, metal) + tube((x, -0.25, 0.05), (x, 0.25, 0.05), 0.018, metal)
    frame += tube((-width / 2, 0, height), (width / 2, 0, height), 0.018, metal)
    x = -width / 2 + 0.1
    while x < width / 2 - 0.1:
        piece = garment(rng, 90)
        w, h = piece.shape[1] / 90 * 0.6, piece.shape[0] / 90
        top, turn = height - 0.08, float(rng.uniform(0.02, 0.14))
        bottom = max(top - h, 0.1)
        frame += quad([(x, turn, top), (x + w, -turn, top), (x + w, -turn, bottom), (x, turn, bottom)], piece, order=1)
        x += w * float(rng.uniform(0.3, 0.8)) + 0.03
    return [frame]


def shelf(rng: np.random.Generator) -> list[Group]:
    """Shelves with small goods."""
    width, height, depth = float(rng.uniform(0.7, 1.6)), float(rng.uniform(0.9, 1.7)), 0.4
    front = packets(rng, int(height / 0.16), int(width / 0.1))
    return [box((0, 0, 0), (width, depth, height), worn(rng, plastic(rng)), front=front)]


def cartons(rng: np.random.Generator) -> list[Group]:
    """Stacked cardboard boxes, mostly of one kind, not quite in line."""
    w, d, h = (float(v) for v in (rng.uniform(0.3, 0.6), rng.uniform(0.25, 0.45), rng.uniform(0.2, 0.45)))
    side, top = carton(rng), carton(rng)
    groups = []
    for column in range(int(rng.integers(1, 4))):
        for level in range(int(rng.integers(1, 5))):
            if rng.random() < 0.25:
                side = carton(rng)
            at = (column * (w + 0.03) + rng.normal(0, 0.02), rng.normal(0, 0.03), level * h)
            groups.append(box(at, (w, d, h), side, float(rng.normal(0, 0.08)), top=top))
    return groups


def water_packs(rng: np.random.Generator) -> list[Group]:
    """Shrink-wrapped bottles and drink cases."""
    front = packets(rng, 2, 6)
    groups = []
    for column in range(int(rng.integers(1, 4))):
        for level in range(int(rng.integers(1, 6))):
            groups.append(
                box((column * 0.44, 0, level * 0.24), (0.42, 0.28, 0.235), front[..., ::1], float(rng.normal(0, 0.03)))
            )
    return groups


def stools(rng: np.random.Generator) -> list[Group]:
    """Plastic stools, single or stacked."""
    colour = plastic(rng)
    groups = []
    for i in range(int(rng.integers(1, 5))):
        x, y, high = float(i * 0.45 + rng.normal(0, 0.05)), float(rng.normal(0, 0.15)), 0.45
        for level in range(int(rng.choice([1, 1, 1, 4]))):
            groups.append(moved(_stool(colour, high), (x, y, level * 0.07), float(rng.uniform(0, 1.5))))
    return groups


def _stool(colour: Colour, height: float) -> Group:
    group = box((0, 0, height - 0.04), (0.3, 0.3, 0.04), colour, order=1)
    for x, y in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        group += tube((x * 0.17, y * 0.17, 0), (x * 0.13, y * 0.13, height), 0.025, colour, 4)
    return group


def dining(rng: np.random.Generator) -> list[Group]:
    """A low table with stools or chairs around it and dishes on it, as snack bars put them on the pavement."""
    colour = plastic(rng)
    wide, high = float(rng.uniform(0.7, 1.1)), float(rng.uniform(0.5, 0.75))
    table = box(
        (0, 0, high - 0.04), (wide, wide, 0.04), worn(rng, (0.8, 0.78, 0.74) if rng.random() < 0.5 else colour), order=1
    )
    for x, y in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        table += tube(
            (x * wide * 0.42, y * wide * 0.42, 0), (x * wide * 0.42, y * wide * 0.42, high), 0.025, (0.3, 0.3, 0.3), 4
        )
    for _ in range(int(rng.integers(0, 6))):
        x, y = rng.uniform(-0.35, 0.35, 2) * wide
        tall = float(rng.uniform(0.04, 0.25))
        table += tube((x, y, high), (x, y, high + tall), 0.04, plastic(rng), 6, order=2, cap=(0.8, 0.8, 0.78))
    groups = [table]
    for turn in np.arange(rng.integers(2, 5)) * np.pi / 2 + rng.normal(0, 0.2):
        reach = wide / 2 + 0.3
        seat = _chair(colour) if rng.random() < 0.5 else _stool(colour, 0.45)
        groups.append(moved(seat, (np.cos(turn) * reach, np.sin(turn) * reach, 0), float(-turn - np.pi / 2)))
    return groups


def _chair(colour: Colour) -> Group:
    group = _stool(colour, 0.45)
    return group + box((0, 0.16, 0.45), (0.36, 0.03, 0.42), colour, order=1)


def plants(rng: np.random.Generator) -> list[Group]:
    """Potted plants in rows, or buckets of flowers."""
    groups = []
    for row in range(int(rng.integers(1, 3))):
        for column in range(int(rng.integers(2, 6))):
            x, y, high = column * 0.36, row * 0.35, float(rng.uniform(0.18, 0.3))
            pot = tube((x, y, 0), (x, y, high), 0.13, plastic(rng) if rng.random() < 0.5 else (0.5, 0.26, 0.18), 7)
            leaf = greens(rng, 24).mean((0, 1)) * rng.uniform(0.7, 1.3)
            wide, tall = rng.uniform(0.25, 0.45), rng.uniform(0.2, 0.7)
            pot += cushion((x, y, high), (wide, wide, tall), leaf, square=1.0, order=1)
            for _ in range(int(rng.integers(0, 9))):
                bloom = rng.uniform(0.4, 1, 3)
                dx, dz = rng.uniform(-0.12, 0.12), rng.uniform(0.4, 1) * tall
                pot += cushion((x + dx, y - 0.1, high + dz), (0.08, 0.08, 0.08), bloom, square=1.0, order=2)
            groups.append(pot)
    return groups

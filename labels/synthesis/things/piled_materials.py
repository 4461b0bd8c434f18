"""Building materials, boxes and old furniture left in the street."""

import numpy as np

from labels.synthesis.cutout import Cutout
from labels.synthesis.things import goods
from labels.synthesis.things.mesh import Group, drawn, some_look
from labels.synthesis.things.painting import Colour, finished
from labels.synthesis.things.solids import box, cushion, moved, tube
from labels.synthesis.things.surfaces import bricks, wood, worn

WOODS: tuple[Colour, ...] = (
    (0.72, 0.55, 0.36),
    (0.58, 0.42, 0.27),
    (0.8, 0.66, 0.47),
    (0.45, 0.36, 0.28),
    (0.6, 0.57, 0.52),
)
CLOTHS: tuple[Colour, ...] = (
    (0.45, 0.2, 0.15),
    (0.3, 0.32, 0.38),
    (0.65, 0.58, 0.45),
    (0.15, 0.3, 0.25),
    (0.5, 0.5, 0.5),
    (0.2, 0.18, 0.16),
)


def piled_materials(rng: np.random.Generator) -> Cutout:
    """One to three piles side by side, 1 to 5 m wide."""
    groups: list[Group] = []
    edge = 0.0
    for _ in range(int(rng.choice([1, 1, 2, 2, 3]))):
        turn = float(rng.normal(0, 0.35))
        pile = [moved(group, (0, 0, 0), turn) for group in PILES[rng.choice(len(PILES), p=SHARES)](rng)]
        xs = np.concatenate([face.points[:, 0] for group in pile for face in group])
        place = (edge - float(xs.min()), float(rng.normal(0, 0.3)), 0.0)
        groups += [moved(group, place) for group in pile]
        edge += float(xs.max() - xs.min()) + float(rng.uniform(-0.5, 0.1))
    groups = [moved(group, (-edge / 2, 0, 0)) for group in groups]
    layer, px_per_m = drawn(groups, some_look(rng, 0.9), rng)
    return finished(layer, rng, "piled_materials", "piled materials", px_per_m, "ground")


def _brick_stack(rng: np.random.Generator) -> list[Group]:
    """Whole courses, then a broken top course and some bricks that fell off."""
    w, d, courses = float(rng.uniform(0.7, 1.6)), float(rng.uniform(0.5, 1.0)), int(rng.integers(4, 16))
    h = courses * 0.065
    side = bricks(rng, courses, int(w / 0.2) + 1, loose=True)
    tone = side.mean((0, 1)) * 1.05
    groups = [
        box(
            (0, 0, 0),
            (w, d, h),
            bricks(rng, courses, int(d / 0.2) + 1, loose=True),
            front=side,
            top=bricks(rng, 8, 4, loose=True),
        )
    ]
    for _ in range(int(rng.integers(0, 14))):
        at = (rng.uniform(-w / 2, w / 2 - 0.2), rng.uniform(-d / 2, d / 2 - 0.1), h)
        groups[0] += box(at, (0.23, 0.11, 0.065), tone * rng.uniform(0.75, 1.2), float(rng.normal(0, 0.4)), order=1)
    for _ in range(int(rng.integers(0, 9))):
        at = (rng.normal(0, w * 0.6), -d / 2 - rng.uniform(0.1, 0.4), 0)
        groups.append(box(at, (0.23, 0.11, 0.065), tone * rng.uniform(0.75, 1.2), float(rng.uniform(0, 3))))
    return groups


def _planks(rng: np.random.Generator) -> list[Group]:
    """Planks, formwork or battens in rough layers."""
    long = float(rng.uniform(1.2, 3.5))
    wide, thick = float(rng.uniform(0.08, 0.3)), float(rng.uniform(0.02, 0.07))
    colour = WOODS[rng.integers(len(WOODS))]
    pictures = [wood(rng, np.asarray(colour) * rng.uniform(0.7, 1.2)) for _ in range(4)]
    across, layers = int(rng.integers(3, 8)), int(rng.integers(4, 13))
    group: Group = []
    for layer in range(layers):
        for i in range(across):
            at = (rng.normal(0, 0.06), i * (wide + 0.01), layer * thick * 1.1)
            size = (long * rng.uniform(0.85, 1.05), wide, thick)
            group += box(at, size, pictures[rng.integers(4)], float(rng.normal(0, 0.05)), order=layer)
    return [group]


def _pipes(rng: np.random.Generator) -> list[Group]:
    """Pipes or scaffolding tubes in a heap, all one way."""
    long, radius = float(rng.uniform(1.5, 3.5)), float(rng.uniform(0.025, 0.12))
    colours: tuple[Colour, ...] = (
        (0.5, 0.36, 0.27),
        (0.6, 0.6, 0.6),
        (0.9, 0.9, 0.88),
        (0.85, 0.45, 0.12),
        (0.12, 0.12, 0.13),
        (0.2, 0.35, 0.6),
    )
    colour = np.asarray(colours[rng.integers(len(colours))])
    base, rows = int(rng.integers(4, 9)), int(rng.integers(2, 6))
    group: Group = []
    for row in range(min(rows, base)):
        for i in range(base - row):
            y, z = (i + row / 2) * 2 * radius, radius + row * radius * 1.73
            slip = rng.normal(0, 0.08, 2)
            tone = np.clip(colour * rng.uniform(0.85, 1.15), 0, 1)
            ends = ((-long / 2 + slip[0], y, z), (long / 2 + slip[0], y + slip[1], z))
            group += tube(*ends, radius, tone, 8, order=row, cap=(0.06, 0.06, 0.06))
    return [group]


def _sacks(rng: np.random.Generator) -> list[Group]:
    """Sacks of cement, sand or plaster, crosswise on each other."""
    colours: tuple[Colour, ...] = (
        (0.75, 0.72, 0.66),
        (0.85, 0.84, 0.8),
        (0.6, 0.5, 0.36),
        (0.55, 0.58, 0.6),
        (0.3, 0.42, 0.3),
    )
    colour = np.asarray(colours[rng.integers(len(colours))])
    columns, levels = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    groups = []
    for level in range(levels):
        for column in range(columns if level < levels - 1 else int(rng.integers(1, columns + 1))):
            at = (column * 0.52 + rng.normal(0, 0.04), rng.normal(0, 0.05), level * 0.14)
            turn = float(rng.normal(0, 0.15))
            groups.append(cushion(at, (0.6, 0.42, 0.19), colour * rng.uniform(0.88, 1.08), turn, 0.7))
    return groups


def _sofa(rng: np.random.Generator) -> list[Group]:
    """A worn sofa or armchair."""
    colour = CLOTHS[rng.integers(len(CLOTHS))]
    wide = float(rng.choice([0.9, 1.5, 2.0]))
    cloth = worn(rng, colour, 48, 0.3)
    group = box((0, 0, 0.08), (wide, 0.8, 0.32), cloth)
    group += box((0, 0.32, 0.4), (wide, 0.2, 0.45), cloth, order=1)
    for x in (-wide / 2 + 0.09, wide / 2 - 0.09):
        group += box((x, 0, 0.08), (0.18, 0.82, 0.52), cloth, order=2)
    seats = max(round((wide - 0.3) / 0.6), 1)
    for i in range(seats):
        x = (i - (seats - 1) / 2) * (wide - 0.36) / seats
        group += cushion(
            (x, -0.06, 0.36), ((wide - 0.38) / seats, 0.62, 0.18), np.asarray(colour) * 1.08, square=0.4, order=1
        )
    return [moved(group, (0, 0, 0), float(rng.normal(0, 0.5)))]


def _furniture(rng: np.random.Generator) -> list[Group]:
    """A cabinet, a door, a mattress or a table top, standing or leaning."""
    colour = WOODS[rng.integers(len(WOODS))] if rng.random() < 0.7 else (0.85, 0.84, 0.8)
    panel = wood(rng, colour, 64, 48)
    w, h = float(rng.uniform(0.5, 1.2)), float(rng.uniform(0.6, 1.7))
    front = panel.copy()
    for split in range(1, int(rng.integers(2, 4))):
        front[64 * split // 3, :] *= 0.4
    front[:, 24] *= 0.45
    groups = [box((0, 0, 0), (w, 0.45, h), panel, float(rng.normal(0, 0.3)), front=front)]
    if rng.random() < 0.5:
        mattress = worn(rng, (0.8, 0.77, 0.72), 48, 0.15)
        groups.append(
            box(
                (w * 0.6, -0.35, 0),
                (float(rng.uniform(0.9, 1.5)), 0.18, float(rng.uniform(0.9, 1.9))),
                mattress,
                float(rng.normal(0, 0.4)),
            )
        )
    return groups


PILES = (_brick_stack, _planks, _pipes, _sacks, _sofa, _furniture, goods.cartons)
SHARES = (0.2, 0.2, 0.12, 0.15, 0.1, 0.1, 0.13)

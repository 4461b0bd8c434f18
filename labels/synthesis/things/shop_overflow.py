"""Goods, racks and tables that a shop puts out before its door."""

import numpy as np

from labels.synthesis.cutout import Cutout
from labels.synthesis.things import goods
from labels.synthesis.things.mesh import Group, drawn, some_look
from labels.synthesis.things.painting import finished
from labels.synthesis.things.solids import moved

STAPLES = (
    goods.fruit_stand,
    goods.clothes_rack,
    goods.shelf,
    goods.cartons,
    goods.water_packs,
    goods.stools,
    goods.dining,
    goods.plants,
)
SHARES = (0.25, 0.12, 0.12, 0.15, 0.08, 0.08, 0.12, 0.08)


def shop_overflow(rng: np.random.Generator) -> Cutout:
    """One to four kinds of goods side by side, 1 to 6 m wide."""
    groups: list[Group] = []
    edge = 0.0
    main = STAPLES[rng.choice(len(STAPLES), p=SHARES)]
    for i in range(int(rng.choice([1, 2, 2, 3, 3, 4]))):
        kind = main if i == 0 or rng.random() < 0.35 else STAPLES[rng.choice(len(STAPLES), p=SHARES)]
        placed = kind(rng)
        xs = np.concatenate([face.points[:, 0] for group in placed for face in group])
        place = (edge - float(xs.min()), float(rng.normal(0, 0.15)), 0.0)
        groups += [moved(group, place) for group in placed]
        edge += float(xs.max() - xs.min()) + float(rng.uniform(-0.02, 0.35))
    groups = [moved(group, (-edge / 2, 0, 0)) for group in groups]
    layer, px_per_m = drawn(groups, some_look(rng, 0.7), rng)
    return finished(layer, rng, "shop_overflow", "goods before a shop", px_per_m, "ground")

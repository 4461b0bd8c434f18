"""Which things are drawn for which type."""

from collections.abc import Callable

import numpy as np

from labels.synthesis.cutout import Cutout
from labels.synthesis.things.construction_waste import construction_waste
from labels.synthesis.things.hanging_banner import hanging_banner
from labels.synthesis.things.illegal_advertising import illegal_advertising
from labels.synthesis.things.piled_materials import piled_materials
from labels.synthesis.things.posted_bills import posted_bills
from labels.synthesis.things.shop_overflow import shop_overflow
from labels.synthesis.things.street_drying import street_drying
from labels.synthesis.things.street_umbrella import street_umbrella

Generator = Callable[[np.random.Generator], Cutout]
"""Draws one thing; the same state of the generator draws the same thing."""

THINGS: dict[str, tuple[Generator, ...]] = {
    "shop_overflow": (shop_overflow,),
    "street_umbrella": (street_umbrella,),
    "construction_waste": (construction_waste,),
    "piled_materials": (piled_materials,),
    "illegal_advertising": (illegal_advertising,),
    "hanging_banner": (hanging_banner,),
    "posted_bills": (posted_bills,),
    "street_drying": (street_drying,),
}
"""The types of which there are no, or nearly no, labelled pictures."""

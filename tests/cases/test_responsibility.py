"""Whose a place is, and what is said of a grid that cannot be used."""

from typing import Any

import pytest

from cases.responsibility import Assignment, Grid, GridProblem, responsible
from tests.cases.office import GRID


def grid(properties: object) -> dict[str, Any]:
    return GRID | {"features": [GRID["features"][0] | {"properties": properties}]}  # type: ignore[index, operator]


def test_the_first_rule_that_fits_a_place_says_whose_it_is() -> None:
    rules = (Assignment("Siming's", districts=frozenset({"Siming"})), Assignment("the city's"))
    here, elsewhere = Grid.of(GRID).at(24.48, 118.09), Grid.of(GRID).at(24.5, 118.2)
    assert [responsible(rules, "road_vending", None, cell) for cell in (here, elsewhere)] == ["Siming's", "the city's"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([1], r"features\[0\]: properties.cell, the name of the cell, is missing"),
        (None, "properties.cell, the name of the cell, is missing"),
        ({"cell": "c" * 151}, "properties.cell: at most 150 characters that are text, not 'ccc"),
        ({"cell": "c", "street": "s" * 151}, "properties.street: at most 150 characters"),
        ({"cell": "c", "district": "a\0b"}, r"properties.district: .* not 'a\\x00b'"),
        ({"cell": "\ud800"}, r"properties.cell: .* not '\\ud800'"),
    ],
)
def test_a_grid_whose_names_no_database_takes_is_refused_when_it_is_read(said: object, why: str) -> None:
    with pytest.raises(GridProblem, match=why):
        Grid.of(grid(said))


def test_what_is_no_grid_at_all_is_said() -> None:
    for document in ([], {"type": "FeatureCollection"}, {"type": "Feature", "features": []}):
        with pytest.raises(GridProblem, match="a GeoJSON FeatureCollection is needed"):
            Grid.of(document)  # type: ignore[arg-type]

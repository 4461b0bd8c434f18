"""``streetorder schema``: the JSON Schema of the city file, for editors, or of an event, for those who read events."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from service.schema import city_schema, event_schema


class Described(StrEnum):
    CITY = "city"
    EVENT = "event"


def schema(
    of: Annotated[Described, typer.Argument(help="What the schema describes.")] = Described.CITY,
) -> None:
    """Print the JSON Schema of the city file or of an event."""
    described = event_schema() if of is Described.EVENT else city_schema()
    typer.echo(json.dumps(described, indent=2, ensure_ascii=False))

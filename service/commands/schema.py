"""``streetorder schema``: the JSON Schema of the city file, for editors."""

import json

import typer

from service.schema import city_schema


def schema() -> None:
    """Print the JSON Schema of the city file."""
    typer.echo(json.dumps(city_schema(), indent=2, ensure_ascii=False))

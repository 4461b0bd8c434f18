"""The city file's JSON Schema, for editors that complete and check YAML while it is written."""

from typing import Any

from service.city import City


def city_schema() -> dict[str, Any]:
    """JSON Schema 2020-12; each field with its title, description and unit.

    It knows types and ranges; crossing outlines, repeated ids and contradictions are found by ``load_city`` only.
    """
    schema = City.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Streetorder city file"}

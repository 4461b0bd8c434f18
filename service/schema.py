"""JSON Schemas: of the city file, for editors that check YAML while it is written; of an event, for its readers."""

from typing import Any

from pydantic import TypeAdapter

from service.city import City
from vision.records import Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def city_schema() -> dict[str, Any]:
    """JSON Schema 2020-12; each field with its title, description and unit.

    It knows types and ranges; crossing outlines, repeated ids and contradictions are found by ``load_city`` only.
    """
    return {"$schema": DIALECT, **City.model_json_schema(), "title": "Streetorder city file"}


def event_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of one line of the journal, which is also what is pushed. See ``docs/event.schema.json``."""
    return {"$schema": DIALECT, **TypeAdapter(Event).json_schema(mode="serialization"), "title": "Streetorder event"}

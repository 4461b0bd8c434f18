"""The interface's description of Open311, by example; what it looks like is the specification's."""

from typing import Any

from labels.catalogue import load_catalogue
from service.api.examples import DISCOVERED, FILED, REQUEST, REQUEST_FILED
from service.open311.filed import LONGEST
from service.open311.forms import answer, definition, service_row

Responses = dict[int | str, dict[str, Any]]
_BIN = load_catalogue().types["overflowing_bin"]


def _forms(root: str, what: Any) -> dict[str, Any]:
    xml = bytes(answer("xml", root, what).body).decode()
    return {"application/json": {"example": what}, "text/xml": {"example": xml}}


def _answers(status: int, root: str, what: Any) -> Responses:
    return {status: {"description": "As the specification has it", "content": _forms(root, what)}}


def _errors(code: int, description: str) -> dict[str, Any]:
    return _forms("errors", [{"code": code, "description": description}])


REFUSALS: Responses = {
    "4XX": {"description": "What is wrong", "content": _errors(404, "service_code 'flying' was not found")},
    "503": {
        "description": "The database is away; nothing was changed",
        "content": _errors(503, "nothing was changed; try again"),
    },
}
SERVICES = _answers(200, "services", [service_row(_BIN)])
DEFINITION = _answers(200, "service_definition", definition(_BIN))
REQUESTS = _answers(200, "service_requests", [REQUEST])
TAKEN = _answers(201, "service_requests", [REQUEST_FILED])
DISCOVERY = _answers(200, "discovery", DISCOVERED)

_TEXT = {"type": "string"}
_FIELDS: dict[str, Any] = {
    "api_key": _TEXT,
    "service_code": {"type": "string", "enum": list(load_catalogue().types)},
    "lat": {"type": "number", "minimum": -90, "maximum": 90},
    "long": {"type": "number", "minimum": -180, "maximum": 180},
    **{name: {"type": "string", "maxLength": most} for name, most in LONGEST.items()},
    "account_id": _TEXT,
}
FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": _FIELDS,
                    "required": ["api_key", "service_code"],
                },
                "example": FILED,
            }
        },
    }
}
"""The fields of the specification that are read; the others it knows (``email``, ``phone`` ...) are not kept."""
